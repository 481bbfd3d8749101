// SPDX-License-Identifier: Apache-2.0
// Moves that fill and empty L1: GM to L1 as it is or as fractals, L1 to GM, to the bias table and
// to the Fixpipe buffer.
#pragma once

#include "isa/isa.h"
