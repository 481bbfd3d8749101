// SPDX-License-Identifier: Apache-2.0
// Where the rows of a paged cache lie: part of the tiling data of the operators that touch one.
// Plain data only; include nothing but <cstdint>.
#pragma once

#include <cstdint>

namespace attn {

// How the elements of one head lie within a block of a paged cache. `x` elements make 16 bytes.
enum class CacheLayout : int32_t {
    kRows,    // K and V: a row of headDim elements a token, anywhere (NHD, HND)
    kPacked,  // K [headDim / x, blockSize, x], V [headDim, blockSize], as in vLLM's first kernels
    kNz,      // K and V [heads * headDim / y, blockSize, y] a block; y elements make 32 bytes
};

// Strides of [blocks, blockSize, heads, headDim] in elements. kRows: headDim is contiguous.
// kPacked: one head of one block is contiguous, tokenStride is unused. kNz: one block is
// contiguous, tokenStride and headStride are unused.
struct PagedCacheView {
    int64_t blockStride;
    int64_t tokenStride;
    int64_t headStride;
};

}  // namespace attn
