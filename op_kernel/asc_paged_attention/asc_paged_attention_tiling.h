// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscPagedAttention: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

#include "../common/paged_cache_view.h"

namespace attn {

struct AscPagedAttentionTiling {
    // Problem. Sizes and strides count elements, not bytes.
    int64_t queryStride;       // between sequences of query [batch, heads, headDim]
    int64_t blockTableStride;  // between sequences of blockTables [batch, maxBlocks]
    PagedCacheView key;        // [blocks, blockSize, kvHeads, headDim]
    PagedCacheView value;      // same shape as key
    int32_t batch;
    int32_t heads;
    int32_t kvHeads;  // divides heads
    int32_t headDim;
    int32_t blockSize;   // tokens in a cache block
    float softmaxScale;  // multiplies Q K^T before the softmax
    int32_t writeLse;    // 0: lse may be null

    // Schedule: asc_paged_attention_schedule.h says what a task is.
    int32_t groupTile;  // query heads of a task at most
    int32_t kvTile;     // tokens of a step at most
    int32_t taskCount;
};

static_assert(sizeof(AscPagedAttentionTiling) == 104, "host and device share this layout");

}  // namespace attn
