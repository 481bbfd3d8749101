// SPDX-License-Identifier: Apache-2.0
#include "paged_cache_layout.h"

#include <algorithm>
#include <array>

namespace attn {
namespace {

constexpr int64_t kMaxGapBytes = 4294967295;  // DataCopyPad states gaps in GM in 32 bits

struct Dimension {
    const char* name;
    int64_t size;
    int64_t stride;
};

}  // namespace

int64_t MaxRowStride(int64_t elementBytes) { return kMaxGapBytes / elementBytes; }

bool CheckRowsAreDisjoint(const PagedCacheShape& shape, const PagedCacheView& view,
                          const std::string& operation, const std::string& name,
                          TilingError* error) {
    std::array<Dimension, 3> dimensions{{{"block", shape.blocks, view.blockStride},
                                         {"token", shape.blockSize, view.tokenStride},
                                         {"head", shape.heads, view.headStride}}};
    std::stable_sort(dimensions.begin(), dimensions.end(),
                     [](const Dimension& a, const Dimension& b) { return a.stride < b.stride; });
    int64_t extent = shape.headDim;  // elements from the first to the last of what lies inside
    for (const Dimension& dimension : dimensions) {
        if (dimension.size <= 1) {
            continue;
        }
        if (dimension.stride < extent) {
            return error->Set(
                operation, name + " " + dimension.name + " stride", dimension.stride,
                "be at least " + std::to_string(extent) + ", so that no two rows share memory");
        }
        extent += dimension.stride * (dimension.size - 1);
    }
    return true;
}

}  // namespace attn
