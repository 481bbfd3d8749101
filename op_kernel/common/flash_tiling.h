// SPDX-License-Identifier: Apache-2.0
// Tiling data of attention on cube and vector cores: written by op_host, read by op_kernel, printed
// by tests. Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

#include "paged_cache_view.h"
#include "token_view.h"

namespace attn {

// How scores travel from the cube to the vector cores.
enum class ScoreFormat : int32_t {
    kFloat,  // as accumulated
    kHalf,   // rounded to float16: half the bytes, and 2^-11 of each score
};

// How units of work are given to blocks.
enum class FlashAssignment : int32_t {
    kDealt,   // longest first, forth and back: all sequences have the same lengths
    kShares,  // units on a line, each block takes a share of it: lengths are device data
};

struct FlashTiling {
    // Tensors. The head dimension is contiguous everywhere.
    TokenView query;       // [batch, queryTokens, heads, headDim] or [queryTokens, heads, headDim]
    TokenView output;      // likewise with valueDim
    TokenView lse;         // one float each
    PagedCacheView key;    // blockStride: between blocks of a paged cache, else between rows
    PagedCacheView value;  // kNz: a block is contiguous
    TokenView mask;        // of mask and bias, the row being the sequence: keys are contiguous
    int64_t blockTableStride;  // between sequences
    int64_t alibiStride;       // between sequences; 0: one slope a head for all

    // Problem.
    int32_t batch;
    int32_t queryTokens;  // of a sequence without cuSeqlensQ, else of all
    int32_t keyTokens;    // of a sequence without any lengths of keys
    int32_t heads;
    int32_t kvHeads;      // divides heads
    int32_t headDim;      // of query and key: a multiple of 16, at most 256
    int32_t valueDim;     // of value and output: likewise
    int32_t blockSize;    // tokens in a cache block; 0: keys and values are not paged
    CacheLayout layout;   // of paged keys and values: kRows or kNz
    int32_t windowLeft;   // a query token sees so many keys before its own position
    int32_t windowRight;  // and so many after it
    float scale;          // multiplies Q K^T
    float softcap;        // 0: none

    // 0: the argument may be null.
    int32_t hasQueryStarts;
    int32_t hasKeyStarts;
    int32_t hasQueryLens;
    int32_t hasKeyLens;
    int32_t hasKeyRows;
    int32_t hasKeyPads;
    int32_t hasPrefixes;
    int32_t hasAlibi;
    int32_t hasSinks;
    int32_t hasMask;
    int32_t biasBytes;  // of an element of bias; 0: there is none
    int32_t writeLse;

    // Schedule: flash_schedule.h says what a unit and a step are.
    int32_t pack;       // query heads of a token that are rows of one task: 1 or all of a kv head
    int32_t rowTile;    // rows of a task at most: up to 128, or 256
    int32_t kvTile;     // keys of a step at most: a multiple of 128, up to 512
    int32_t lookahead;  // steps that scores are ahead of outputs: 1 to 6
    int32_t partitionTokens;  // keys of a unit at most, and what a partition's index counts
    int32_t maxPartitions;    // of a sequence; more than 1 only with partial results
    FlashAssignment assignment;
    ScoreFormat scoreFormat;

    // Buffers: flash_buffers.h.
    int32_t querySlots;  // in L1
    int32_t keySlots;
    int32_t valueSlots;
    int32_t probabilitySlots;
    int32_t sliceRows;  // rows that a vector core handles at a time: a multiple of 8

    // Offsets in workspace, in bytes. The rings of the blocks come first.
    int64_t partialSums;
    int64_t partialMaxima;
    int64_t partialOutputs;
};

static_assert(sizeof(FlashTiling) == 336, "host and device share this layout");

}  // namespace attn
