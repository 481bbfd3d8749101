// SPDX-License-Identifier: Apache-2.0
// Scratch that an OnlineSoftmax needs, for the UB plans that host and kernel share.
#pragma once

#include <cstdint>

#include "vector_units.h"

namespace attn {

// Floats: a sum for every lane of a tile, one value a row, and three values a row eight times each;
// rows in groups of eight.
ATTN_HOST_DEVICE constexpr int32_t OnlineSoftmaxFloats(int32_t rowCapacity, int32_t columns) {
    return rowCapacity * columns +
           RoundUp(rowCapacity, kFloatsPerBlock) * (1 + 3 * kFloatsPerBlock);
}

}  // namespace attn
