// SPDX-License-Identifier: Apache-2.0
// Where the rows of a paged cache lie: part of the tiling data of the operators that touch one.
// Plain data only; include nothing but <cstdint>.
#pragma once

#include <cstdint>

namespace attn {

// Strides of [blocks, blockSize, heads, headDim] in elements; headDim is contiguous.
struct PagedCacheView {
    int64_t blockStride;
    int64_t tokenStride;
    int64_t headStride;
};

}  // namespace attn
