// SPDX-License-Identifier: Apache-2.0
// Moves of fractals from L1, or from GM, into L0A and L0B: plain, transposed and as an image.
#pragma once

#include "isa/isa.h"
