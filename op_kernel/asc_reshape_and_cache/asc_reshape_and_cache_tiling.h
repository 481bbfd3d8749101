// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscReshapeAndCache: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

#include "../common/paged_cache_view.h"

namespace attn {

// How the rows of one source, key or value, reach its cache. Sizes and strides count elements.
//
// A token is `pieces` runs of `pieceSize` elements, each contiguous in the source and in the cache:
// one run, or one a head where the heads of the cache lie apart. Columns are what a pass over the
// tokens moves of each piece: the whole piece, unless that overflows the buffer.
struct CacheWriteTiling {
    int64_t sourceStride;  // between tokens of the source
    int64_t rowStride;     // between the rows of one load: tokens if pieces == 1, else pieces
    PagedCacheView cache;  // [blocks, blockSize, kvHeads, headDim]
    int32_t pieces;
    int32_t pieceSize;
    int32_t columns;
    int32_t tokensPerTile;
};

struct AscReshapeAndCacheTiling {
    CacheWriteTiling key;
    CacheWriteTiling value;
    int32_t tokens;       // entries of slotMapping
    int32_t blockSize;    // tokens in a cache block
    int32_t bufferBytes;  // of one of the two buffers in UB
};

static_assert(sizeof(AscReshapeAndCacheTiling) == 128, "host and device share this layout");

}  // namespace attn
