// SPDX-License-Identifier: Apache-2.0
// Who does what in AscPagedAttention, and what lies where in UB. Shared by host tiling and kernel.
//
// A task is one sequence, one kv head, and up to groupTile of the query heads that share it. Cores
// take tasks in turn. A task walks its sequence in steps of up to kvTile tokens.
#pragma once

#include <cstdint>

#include "../common/online_softmax_size.h"
#include "../common/vector_units.h"
#include "asc_paged_attention_tiling.h"

namespace attn {

constexpr int32_t kMaxHeadDim = 256;
constexpr int32_t kMaxGroupTile = 16;
constexpr int32_t kKvTileElements = 8192;  // of K or V in a step: 16 KiB, and 32 KiB as floats
constexpr int32_t kPagedElementBytes = 2;  // half and bfloat16_t

// Tokens of a step: the power of two from 32 to 128 that fills kKvTileElements best.
ATTN_HOST_DEVICE constexpr int32_t KvTile(int32_t headDim) {
    return headDim <= 64 ? 128 : headDim <= 128 ? 64 : 32;
}

struct PagedAttentionTask {
    int32_t sequence;
    int32_t kvHead;
    int32_t firstHead;  // of `heads` query heads
    int32_t heads;
};

// Tasks that read the same K and V follow each other, so that cores next to each other share them
// through the L2 cache.
ATTN_HOST_DEVICE PagedAttentionTask TaskAt(const AscPagedAttentionTiling& tiling, int32_t index) {
    const int32_t group = tiling.heads / tiling.kvHeads;
    const int32_t parts = CeilDiv(group, tiling.groupTile);
    const int32_t kvHead = index / parts % tiling.kvHeads;
    const int32_t firstOfGroup = index % parts * tiling.groupTile;
    return {index / parts / tiling.kvHeads, kvHead, kvHead * group + firstOfGroup,
            Smaller(tiling.groupTile, group - firstOfGroup)};
}

// UB of one core. Queue buffers are listed once and multiplied in `TotalBytes`; the rest are
// offsets into one scratch buffer.
struct PagedAttentionUb {
    static constexpr int32_t kStages = 2;  // query, K and V: one in use, one being loaded

    // One buffer of each queue, in bytes.
    int32_t queryBytes;   // [groupTile, headDim] Element
    int32_t kvBytes;      // [kvTile, headDim] Element
    int32_t outputBytes;  // [groupTile, headDim] Element, then the LSE: [groupTile] float

    // Scratch, as byte offsets.
    int32_t query;     // [groupTile, headDim] float
    int32_t output;    // [groupTile, headDim] float
    int32_t scores;    // [groupTile, kvTile] float
    int32_t wide;      // [kvTile, headDim] float, K and then V
    int32_t products;  // [kvTile, 64] float; [kvTile / 2, headDim] float
    int32_t lanes;     // [kvTile, 8] float, partial sums of K q, then weights spread out
    int32_t softmax;   // OnlineSoftmaxFloats(groupTile, kvTile) float
    int32_t scratchBytes;

    ATTN_HOST_DEVICE constexpr int32_t TotalBytes() const {
        return kStages * (queryBytes + 2 * kvBytes) + outputBytes + scratchBytes;
    }
};

ATTN_HOST_DEVICE constexpr PagedAttentionUb PagedAttentionUbPlan(int32_t headDim, int32_t kvTile,
                                                                 int32_t groupTile) {
    const int32_t groupElements = groupTile * headDim;
    const int32_t kvElements = kvTile * headDim;
    const int32_t dotProducts = kvTile * kFloatsPerRepeat;
    const int32_t weightedRows = kvElements / 2;
    const int32_t products = dotProducts > weightedRows ? dotProducts : weightedRows;

    PagedAttentionUb plan{};
    plan.queryBytes = groupElements * kPagedElementBytes;
    plan.kvBytes = kvElements * kPagedElementBytes;
    plan.outputBytes =
        groupElements * kPagedElementBytes + RoundUp(groupTile * kFloatBytes, kDataBlockBytes);

    plan.query = 0;
    plan.output = plan.query + groupElements * kFloatBytes;
    plan.scores = plan.output + groupElements * kFloatBytes;
    plan.wide = plan.scores + groupTile * kvTile * kFloatBytes;
    plan.products = plan.wide + kvElements * kFloatBytes;
    plan.lanes = plan.products + products * kFloatBytes;
    plan.softmax = plan.lanes + kvTile * kDataBlockBytes;
    plan.scratchBytes = plan.softmax + OnlineSoftmaxFloats(groupTile, kvTile) * kFloatBytes;
    return plan;
}

constexpr int32_t kUbBytes910B = 192 * 1024 - kUbReservedBytes;
static_assert(PagedAttentionUbPlan(64, KvTile(64), kMaxGroupTile).TotalBytes() <= kUbBytes910B);
static_assert(PagedAttentionUbPlan(128, KvTile(128), kMaxGroupTile).TotalBytes() <= kUbBytes910B);
static_assert(PagedAttentionUbPlan(192, KvTile(192), kMaxGroupTile).TotalBytes() <= kUbBytes910B);
static_assert(PagedAttentionUbPlan(256, KvTile(256), kMaxGroupTile).TotalBytes() <= kUbBytes910B);

}  // namespace attn
