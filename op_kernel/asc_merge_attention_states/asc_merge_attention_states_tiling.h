// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscMergeAttentionStates: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

namespace attn {

// Strides of a state, in elements: output [tokens, heads, headDim], whose heads are contiguous, and
// lse [tokens, heads] in any order.
struct StateView {
    int64_t tokenStride;
    int64_t lseTokenStride;
    int64_t lseHeadStride;
};

struct AscMergeAttentionStatesTiling {
    StateView prefix;
    StateView suffix;
    StateView output;
    int32_t tokens;
    int32_t heads;
    int32_t headDim;
    int32_t writeLse;   // 0: the lse of the output may be null
    int32_t pitch;      // elements between rows in UB
    int32_t tokenTile;  // tokens and heads of a tile at most
    int32_t headTile;
    int32_t tiles;
};

static_assert(sizeof(AscMergeAttentionStatesTiling) == 104, "host and device share this layout");

}  // namespace attn
