// SPDX-License-Identifier: Apache-2.0
// Who does what in AscMergeAttentionStates, and what lies where in UB. Shared by host tiling and
// kernel.
//
// A tile is tokenTile tokens times headTile heads; its rows are the heads of its tokens. Cores take
// tiles in turn.
#pragma once

#include <cstdint>

#include "../common/vector_units.h"
#include "asc_merge_attention_states_tiling.h"

namespace attn {

constexpr int32_t kMergeTileFloats = 4096;  // of a state
constexpr int32_t kMaxMergeRows = 128;
constexpr int32_t kMaxMergeHeadDim = 1024;

struct MergeTile {
    int32_t token;
    int32_t tokens;
    int32_t head;
    int32_t heads;

    ATTN_HOST_DEVICE int32_t Rows() const { return tokens * heads; }
};

ATTN_HOST_DEVICE MergeTile MergeTileAt(const AscMergeAttentionStatesTiling& tiling, int32_t index) {
    const int32_t tilesOfToken = CeilDiv(tiling.heads, tiling.headTile);
    const int32_t token = index / tilesOfToken * tiling.tokenTile;
    const int32_t head = index % tilesOfToken * tiling.headTile;
    return {token, Smaller(tiling.tokenTile, tiling.tokens - token), head,
            Smaller(tiling.headTile, tiling.heads - head)};
}

// UB of one core. A state is its rows and, behind them, the lse of each row eight times.
struct MergeUb {
    static constexpr int32_t kStages = 2;

    int32_t stateBytes;  // [rows, pitch] Element, [rows, 8] float; two to a buffer of the input
    int32_t lse;         // offset of the latter

    // Scratch, as byte offsets.
    int32_t wide;    // two of [rows, pitch] float
    int32_t values;  // four of [rows, 8] float
    int32_t scratchBytes;

    ATTN_HOST_DEVICE constexpr int32_t TotalBytes() const {
        return (2 * kStages + 1) * stateBytes + scratchBytes;
    }
};

ATTN_HOST_DEVICE constexpr MergeUb MergeUbPlan(int32_t rows, int32_t pitch, int32_t elementBytes) {
    MergeUb plan{};
    plan.lse = rows * pitch * elementBytes;
    plan.stateBytes = plan.lse + rows * kDataBlockBytes;
    plan.wide = 0;
    plan.values = plan.wide + 2 * rows * pitch * kFloatBytes;
    plan.scratchBytes = plan.values + 4 * rows * kDataBlockBytes;
    return plan;
}

}  // namespace attn
