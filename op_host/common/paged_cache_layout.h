// SPDX-License-Identifier: Apache-2.0
// Shape of a paged cache next to its strides: what host tilings check before a kernel may touch it.
// C++11.
#pragma once

#include <cstdint>
#include <string>

#include "../../op_kernel/common/paged_cache_view.h"
#include "tiling_error.h"

namespace attn {

struct PagedCacheShape {
    int64_t blocks;
    int64_t blockSize;  // tokens in a block
    int64_t heads;
    int64_t headDim;
};

// Strides of a cache whose memory is its shape, in order.
inline PagedCacheView ContiguousView(const PagedCacheShape& shape) {
    return PagedCacheView{shape.blockSize * shape.heads * shape.headDim,
                          shape.heads * shape.headDim, shape.headDim};
}

// The same for a cache of kPacked: heads before tokens.
inline PagedCacheView ContiguousPackedView(const PagedCacheShape& shape) {
    return PagedCacheView{shape.heads * shape.blockSize * shape.headDim, 0,
                          shape.blockSize * shape.headDim};
}

// What one strided copy can express as the stride between its rows, in elements.
int64_t MaxRowStride(int64_t elementBytes);

// False, with the reason, if rows of the cache share memory. `name` is the argument to blame.
bool CheckRowsAreDisjoint(const PagedCacheShape& shape, const PagedCacheView& view,
                          const std::string& operation, const std::string& name,
                          TilingError* error);

}  // namespace attn
