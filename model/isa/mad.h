// SPDX-License-Identifier: Apache-2.0
// The matrix product of the cube: L0C = L0A x L0B, and what it starts from.
#pragma once

#include "isa/isa.h"
