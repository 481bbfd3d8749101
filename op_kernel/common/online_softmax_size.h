// SPDX-License-Identifier: Apache-2.0
// Scratch that an OnlineSoftmax needs, for the UB plans that host and kernel share.
#pragma once

#include <cstdint>

#include "vector_units.h"

namespace attn {

// Floats for up to `rowCapacity` rows at a time.
ATTN_HOST_DEVICE constexpr int32_t OnlineSoftmaxFloats(int32_t rowCapacity) {
    return RoundUp(rowCapacity, kFloatsPerBlock) * (1 + 2 * kFloatsPerBlock) + kFloatsPerRepeat;
}

}  // namespace attn
