// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscMergeAttentionStates: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

#include "../common/row_tiles.h"

namespace attn {

// Strides of states, in elements: outputs [states, tokens, heads, headDim], whose heads are
// contiguous, and lse [states, tokens, heads] in any order.
struct StateView {
    int64_t stateStride;
    int64_t tokenStride;
    int64_t lseStateStride;
    int64_t lseTokenStride;
    int64_t lseHeadStride;
};

struct AscMergeAttentionStatesTiling {
    StateView prefix;
    StateView suffix;  // a single state, like the output
    StateView output;
    RowTiles rows;
    int32_t headDim;
    int32_t states;     // to merge: those of the prefix, and the suffix if there is one
    int32_t hasSuffix;  // 0: the suffix may be null
    int32_t writeLse;   // 0: the lse of the output may be null
    int32_t pitch;      // elements between rows in UB
};

static_assert(sizeof(AscMergeAttentionStatesTiling) == 160, "host and device share this layout");

}  // namespace attn
