// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscPagedAttention: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

#include "../common/flash_tiling.h"
#include "../common/paged_cache_view.h"

namespace attn {

struct AscPagedAttentionTiling {
    // Problem. Sizes and strides count elements, not bytes. A query token is a row of `query`;
    // without queryStarts every sequence has one, otherwise those between its two entries.
    int64_t queryStride;       // between query tokens of query [queryTokens, heads, headDim]
    int64_t blockTableStride;  // between sequences of blockTables [batch, maxBlocks]
    PagedCacheView key;        // [blocks, blockSize, kvHeads, headDim]
    PagedCacheView value;      // same shape as key
    int32_t batch;
    int32_t queryTokens;  // of all sequences
    int32_t heads;
    int32_t kvHeads;  // divides heads
    int32_t headDim;
    int32_t blockSize;   // tokens in a cache block
    int32_t windowLeft;  // a query token sees itself and so many tokens before it
    float softmaxScale;  // multiplies Q K^T before the softmax
    float softcap;       // 0: none
    int32_t hasAlibi;    // 0: alibiSlopes may be null; the same for the following
    int32_t hasSinks;
    int32_t hasQueryStarts;
    int32_t writeLse;

    // Schedule: asc_paged_attention_schedule.h says what a unit of work is.
    int32_t pitch;            // elements between rows in UB: headDim in whole data blocks
    int32_t rowTile;          // rows of a unit at most
    int32_t kvTile;           // tokens of a step at most
    int32_t tokenUnit;        // steps begin at its multiples
    int32_t partitionTokens;  // tokens of a unit at most, and what a partition's index counts
    int32_t maxPartitions;    // of a sequence; more than 1 only with partial results

    // Partial results. 0: in workspace, the sums and maxima first, then outputs as floats.
    // 1: in expSums, maxLogits and partialOutput, the outputs in the type of query.
    int32_t partialsAreOutputs;
    int64_t partialMaxima;   // offset in workspace, in bytes
    int64_t partialOutputs;  // offset in workspace, in bytes

    FlashTiling cube;  // all that the variants for the cube read; the others leave it alone
};

static_assert(sizeof(AscPagedAttentionTiling) == 496, "host and device share this layout");

}  // namespace attn
