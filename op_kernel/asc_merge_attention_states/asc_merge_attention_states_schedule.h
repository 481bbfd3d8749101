// SPDX-License-Identifier: Apache-2.0
// What lies where in UB in AscMergeAttentionStates. Shared by host tiling and kernel. Cores take
// the tiles of common/row_tiles.h in turn.
#pragma once

#include <cstdint>

#include "../common/vector_units.h"

namespace attn {

constexpr int32_t kMergeTileFloats = 4096;  // of a state
constexpr int32_t kMaxMergeRows = 128;
constexpr int32_t kMaxMergeHeadDim = 1024;

// UB of one core. A state is its rows and, behind them, the lse of each row eight times.
struct MergeUb {
    static constexpr int32_t kStages = 2;

    int32_t stateBytes;  // [rows, pitch] Element, [rows, 8] float
    int32_t lse;         // offset of the latter

    // Scratch, as byte offsets.
    int32_t wide;    // two of [rows, pitch] float
    int32_t values;  // six of [rows, 8] float
    int32_t scratchBytes;

    ATTN_HOST_DEVICE constexpr int32_t TotalBytes() const {
        return (kStages + 1) * stateBytes + scratchBytes;
    }
};

ATTN_HOST_DEVICE constexpr MergeUb MergeUbPlan(int32_t rows, int32_t pitch, int32_t elementBytes) {
    MergeUb plan{};
    plan.lse = rows * pitch * elementBytes;
    plan.stateBytes = plan.lse + rows * kDataBlockBytes;
    plan.wide = 0;
    plan.values = plan.wide + 2 * rows * pitch * kFloatBytes;
    plan.scratchBytes = plan.values + 6 * rows * kDataBlockBytes;
    return plan;
}

}  // namespace attn
