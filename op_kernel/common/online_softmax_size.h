// SPDX-License-Identifier: Apache-2.0
// Scratch that an OnlineSoftmax needs, for the UB plans that host and kernel share.
#pragma once

#include <cstdint>

#include "vector_units.h"

namespace attn {

// Floats: five values a row, and one of them eight times; rows in groups of eight.
ATTN_HOST_DEVICE constexpr int32_t OnlineSoftmaxFloats(int32_t rowCapacity) {
    return RoundUp(rowCapacity, kFloatsPerBlock) * (5 + kFloatsPerBlock);
}

}  // namespace attn
