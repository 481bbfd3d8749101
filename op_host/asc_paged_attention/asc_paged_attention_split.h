// SPDX-License-Identifier: Apache-2.0
// How AscPagedAttention splits tokens and rows between cores: part of its host tiling.
#pragma once

#include <cstdint>
#include <string>

#include "asc_paged_attention_tiling.h"

namespace attn {

struct PagedAttentionSplit {
    int32_t rowTile;
    int32_t partitionTokens;
    int32_t maxPartitions;
    std::string reason;
};

// Tokens of a partition where the caller has chosen them.
struct PinnedPartition {
    int32_t tokens;
    std::string reason;
};

// Tokens of the longest sequence that there can be.
int64_t LongestSequence(const PagedAttentionProblem& problem);

// False, with the reason, for a rule other than kAuto that cannot be followed. Steps have `kvTile`
// tokens.
bool PinPartition(const PagedAttentionProblem& problem, int32_t kvTile, PinnedPartition* partition,
                  TilingError* error);

// How the vector cores split. False, with the reason, for a split that cannot be. `maxRowTile` is
// what fits into UB.
bool ChooseSplit(const PagedAttentionProblem& problem, int32_t kvTile, int32_t maxRowTile,
                 int32_t cores, PagedAttentionSplit* split, TilingError* error);

}  // namespace attn
