// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscReshapeAndCache: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

namespace attn {

// How the rows of one source, key or value, reach its cache. Sizes and strides count elements.
//
// A token is `pieces` runs of `pieceSize` elements, each contiguous in the source and in the cache:
// a whole token, a head, or less, as the layout of the cache has it. A pass over the tokens moves
// up to piecesPerTile pieces, and of each piece a number of columns: all of it, unless that
// overflows the buffer.
struct CacheWriteTiling {
    int64_t sourceStride;  // between tokens of the source
    int64_t rowStride;     // between the rows of one load: tokens if pieces == 1, else pieces
    int64_t blockStride;   // of the cache, between blocks
    int64_t tokenStride;   // between tokens of a block
    int64_t pieceStride;   // between pieces of a token
    int32_t pieces;
    int32_t pieceSize;
    int32_t piecesPerTile;
    int32_t columns;
    int32_t tokensPerTile;  // 1 unless a tile holds all pieces
    int32_t reserved;
};

struct AscReshapeAndCacheTiling {
    CacheWriteTiling key;
    CacheWriteTiling value;
    int32_t tokens;       // entries of slotMapping
    int32_t blockSize;    // tokens in a cache block
    int32_t bufferBytes;  // of one of the two buffers in UB
};

static_assert(sizeof(AscReshapeAndCacheTiling) == 144, "host and device share this layout");

}  // namespace attn
