// SPDX-License-Identifier: Apache-2.0
// Scratch that an AttentionAccumulator needs, for the UB plans that host and kernel share.
#pragma once

#include <cstdint>

#include "online_softmax_size.h"
#include "vector_units.h"

namespace attn {

// [tile, 64] for the products of rows with a vector, [tile / 2, pitch] for weighted rows.
ATTN_HOST_DEVICE constexpr int32_t ProductFloats(int32_t tile, int32_t pitch) {
    return Larger(tile * kFloatsPerRepeat, tile / 2 * pitch);
}

ATTN_HOST_DEVICE constexpr int32_t AttentionAccumulatorFloats(int32_t rowCapacity, int32_t tile,
                                                              int32_t pitch) {
    const int32_t state = 2 * RoundUp(rowCapacity, kFloatsPerBlock) + rowCapacity * tile;
    return rowCapacity * (pitch + tile) + ProductFloats(tile, pitch) + tile * kFloatsPerBlock +
           state + OnlineSoftmaxFloats(rowCapacity);
}

}  // namespace attn
