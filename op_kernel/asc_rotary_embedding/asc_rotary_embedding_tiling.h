// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscRotaryEmbedding: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

#include "../common/row_tiles.h"
#include "../common/token_view.h"

namespace attn {

struct AscRotaryEmbeddingTiling {
    TokenView x;  // [batch, sequence, heads, headDim]
    TokenView output;
    int64_t cosStride;  // elements between the positions of a table
    int64_t sinStride;
    RowTiles rows;     // all tokens of all sequences
    int32_t sequence;  // tokens of a sequence
    int32_t headDim;
    int32_t rotaryDim;  // leading elements of a head that are rotated
    int32_t pitch;      // elements between rows in UB
    int32_t interleaved;
};

static_assert(sizeof(AscRotaryEmbeddingTiling) == 104, "host and device share this layout");

}  // namespace attn
