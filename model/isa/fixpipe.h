// SPDX-License-Identifier: Apache-2.0
// The way out of L0C: to GM or L1, with layout, quantisation and activation on the way.
#pragma once

#include "isa/isa.h"
