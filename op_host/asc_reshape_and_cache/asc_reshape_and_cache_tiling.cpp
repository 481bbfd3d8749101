// SPDX-License-Identifier: Apache-2.0
#include "asc_reshape_and_cache_tiling.h"

#include <algorithm>
#include <limits>
#include <string>

#include "../../op_kernel/asc_reshape_and_cache/asc_reshape_and_cache_schedule.h"
#include "../../op_kernel/asc_reshape_and_cache/asc_reshape_and_cache_variants.h"

namespace attn {
namespace {

constexpr char kOperation[] = "reshape_and_cache";
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int32_t kBufferBytes = 64 * 1024;  // larger tiles gain nothing, two fit in UB

int32_t ElementBytes(DataType type) { return type == DataType::kFloat32 ? 4 : 2; }

int32_t FindKey(int32_t elementBytes) {
#define ASC_RESHAPE_AND_CACHE_MATCH(key, kernelType, Element) \
    if (elementBytes == static_cast<int32_t>(sizeof(Element))) { \
        return key;                                           \
    }
    ASC_RESHAPE_AND_CACHE_VARIANTS(ASC_RESHAPE_AND_CACHE_MATCH)
#undef ASC_RESHAPE_AND_CACHE_MATCH
    return -1;
}

bool CheckCache(const std::string& source, const CacheWriteProblem& write, int64_t tokens,
                int64_t elementBytes, TilingError* error) {
    const PagedCacheShape& shape = write.shape;
    const std::string cache = source + "_cache";
    if (tokens > write.sourceTokens) {
        return error->Set(kOperation, "slot_mapping entries", tokens,
                          "be at most the tokens of " + source + " (" +
                              std::to_string(write.sourceTokens) + ")");
    }
    if (shape.headDim < 1 || shape.headDim > kInt32Max) {
        return error->Set(kOperation, source + " head_dim", shape.headDim,
                          "be from 1 to 2147483647");
    }
    if (shape.heads < 1 || shape.heads > kInt32Max / shape.headDim) {
        return error->Set(kOperation, source + " heads", shape.heads,
                          "be from 1 to " + std::to_string(kInt32Max / shape.headDim));
    }
    if (shape.blockSize < 1 || shape.blockSize > kInt32Max) {
        return error->Set(kOperation, cache + " block_size", shape.blockSize,
                          "be from 1 to 2147483647");
    }
    const int64_t row = shape.heads * shape.headDim;
    const int64_t maxRowStride = MaxRowStride(elementBytes);
    if (tokens > 1 && (write.sourceStride < 0 || write.sourceStride > maxRowStride)) {
        return error->Set(kOperation, source + " token stride", write.sourceStride,
                          "be from 0 to " + std::to_string(maxRowStride));
    }
    static_cast<void>(row);
    if (shape.heads > 1 && write.view.headStride > maxRowStride) {
        return error->Set(kOperation, cache + " head stride", write.view.headStride,
                          "be at most " + std::to_string(maxRowStride));
    }
    return CheckRowsAreDisjoint(shape, write.view, kOperation, cache, error);
}

}  // namespace
}  // namespace attn
