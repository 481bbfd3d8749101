// SPDX-License-Identifier: Apache-2.0
// What lies where in UB in AscPagedAttention. Shared by host tiling and kernel.
#pragma once

#include <cstdint>

#include "../common/attention_accumulator_size.h"
#include "../common/packed_cache_size.h"
#include "../common/paged_cache_view.h"
#include "../common/vector_units.h"

namespace attn {

constexpr int32_t kMaxHeadDim = 256;
constexpr int32_t kMaxRowTile = 16;
constexpr int32_t kKvTileBytes = 16 * 1024;  // of K or V in a step
constexpr int32_t kMaxKvTile = 128;

// Elements between rows in UB.
ATTN_HOST_DEVICE constexpr int32_t RowPitchOf(int32_t headDim, int32_t elementBytes) {
    return RoundUp(headDim, kDataBlockBytes / elementBytes);
}

// Tokens of a step: the power of two that fills kKvTileBytes best.
ATTN_HOST_DEVICE constexpr int32_t KvTile(int32_t pitch, int32_t elementBytes, CacheLayout layout,
                                          int32_t blockSize) {
    const int32_t tokens = kKvTileBytes / (pitch * elementBytes);
    const int32_t fit = tokens >= kMaxKvTile ? kMaxKvTile
                        : tokens >= 64       ? 64
                        : tokens >= 32       ? 32
                                             : 16;
    const bool gaps =
        layout == CacheLayout::kPacked && PackedStageTokens(fit, blockSize, elementBytes) > fit;
    return gaps ? fit / 2 : fit;
}

// UB of one core. Queue buffers are listed once and multiplied in `TotalBytes`; the rest are
// offsets into one scratch buffer.
struct PagedAttentionUb {
    static constexpr int32_t kStages = 2;  // query, K and V: one in use, one being loaded

    // One buffer of each queue, in bytes.
    int32_t queryBytes;   // [rowTile, pitch] Element
    int32_t kvBytes;      // [kvTile, pitch] Element, more with gaps (PackedStageTokens)
    int32_t outputBytes;  // [rowTile, pitch] float, then two of [rowTile, 8] float

    // Scratch, as byte offsets.
    int32_t query;        // [rowTile, pitch] float
    int32_t wide;         // [kvTile, pitch] float, K and then V, unless rows are floats in GM
    int32_t ramp;         // [kvTile] float: 0, 1, 2 ...
    int32_t sinks;        // [rowTile, 8] float
    int32_t packed;       // PackedScratchBytes
    int32_t accumulator;  // AttentionAccumulatorFloats
    int32_t scratchBytes;

    ATTN_HOST_DEVICE constexpr int32_t TotalBytes() const {
        return kStages * (queryBytes + 2 * kvBytes) + outputBytes + scratchBytes;
    }
};

ATTN_HOST_DEVICE constexpr PagedAttentionUb PagedAttentionUbPlan(int32_t pitch,
                                                                 int32_t elementBytes,
                                                                 CacheLayout layout,
                                                                 int32_t blockSize, int32_t kvTile,
                                                                 int32_t rowTile) {
    const bool packed = layout == CacheLayout::kPacked;
    const bool needsWide = packed || elementBytes < kFloatBytes;
    const int32_t stageTokens =
        packed ? PackedStageTokens(kvTile, blockSize, elementBytes) : kvTile;
    const int32_t rowElements = rowTile * pitch;

    PagedAttentionUb plan{};
    plan.queryBytes = rowElements * elementBytes;
    plan.kvBytes = stageTokens * pitch * elementBytes;
    plan.outputBytes = rowElements * kFloatBytes + 2 * rowTile * kDataBlockBytes;

    plan.query = 0;
    plan.wide = plan.query + rowElements * kFloatBytes;
    plan.ramp = plan.wide + (needsWide ? kvTile * pitch * kFloatBytes : 0);
    plan.sinks = plan.ramp + kvTile * kFloatBytes;
    plan.packed = plan.sinks + rowTile * kDataBlockBytes;
    plan.accumulator = plan.packed + (packed ? PackedScratchBytes(kvTile, pitch, elementBytes) : 0);
    plan.scratchBytes =
        plan.accumulator + AttentionAccumulatorFloats(rowTile, kvTile, pitch) * kFloatBytes;
    return plan;
}

}  // namespace attn
