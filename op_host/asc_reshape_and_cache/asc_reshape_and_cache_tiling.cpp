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
constexpr int32_t kBufferBytes = 64 * 1024;  // of one tile; two of them fit in UB

int32_t FindKey(int32_t elementBytes) {
#define ASC_RESHAPE_AND_CACHE_MATCH(key, kernelType, Element)    \
    if (elementBytes == static_cast<int32_t>(sizeof(Element))) { \
        return key;                                              \
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
        return error->Set(
            kOperation, "slot_mapping entries", tokens,
            "be at most the tokens of " + source + " (" + std::to_string(write.sourceTokens) + ")");
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
    if (shape.blocks < 0 || shape.blocks > (kInt32Max + 1) / shape.blockSize) {
        return error->Set(kOperation, cache + " blocks", shape.blocks,
                          "be from 0 to " + std::to_string((kInt32Max + 1) / shape.blockSize) +
                              ", because slots are int32");
    }
    if (shape.heads > 1 && write.view.headStride > MaxRowStride(elementBytes)) {
        return error->Set(kOperation, cache + " head stride", write.view.headStride,
                          "be at most " + std::to_string(MaxRowStride(elementBytes)));
    }
    return CheckRowsAreDisjoint(shape, write.view, kOperation, cache, error);
}

// Splits a token into pieces, pieces into columns that fit the buffer, and tokens into tiles.
bool PlanWrite(const std::string& source, const CacheWriteProblem& write, int32_t elementBytes,
               int64_t tokensPerCore, CacheWriteTiling* plan, TilingError* error) {
    const int64_t heads = write.shape.heads;
    const int64_t headDim = write.shape.headDim;
    const int64_t rowSize = heads * headDim;
    const bool headsAreContiguous = heads == 1 || write.view.headStride == headDim;
    const int64_t pieces = headsAreContiguous ? 1 : heads;
    const int64_t pieceSize = rowSize / pieces;

    const int32_t block = kDataBlockBytes / elementBytes;
    const int64_t capacity = kBufferBytes / elementBytes;
    const int64_t mostColumns = capacity / pieces / block * block;
    if (mostColumns == 0 || pieces > kMaxBurstRows) {
        return error->Set(kOperation, source + "_cache heads", pieces,
                          "be at most " + std::to_string(capacity / block) +
                              " where they are not contiguous in a token");
    }
    plan->cache = write.view;
    plan->pieces = static_cast<int32_t>(pieces);
    plan->pieceSize = static_cast<int32_t>(pieceSize);
    plan->columns = static_cast<int32_t>(std::min(pieceSize, mostColumns));
    plan->sourceStride = write.sourceStride;
    plan->rowStride = pieceSize;
    plan->tokensPerTile = 1;
    if (headsAreContiguous) {
        plan->cache.headStride = pieceSize;  // one piece: there is no next head
    }

    // Several tokens make one load if their rows are evenly spaced, in order and not too far apart.
    const bool tokensAreEven = pieces == 1 ? write.sourceStride >= rowSize &&
                                                 write.sourceStride <= MaxRowStride(elementBytes)
                                           : write.sourceStride == rowSize;
    if (tokensAreEven) {
        const int64_t tokenSize = pieces * RowPitch(plan->columns, elementBytes);
        const int64_t fit = std::min(capacity / tokenSize, kMaxBurstRows / pieces);
        const int64_t halfOfCore = (tokensPerCore + 1) / 2;  // so that loads and stores overlap
        plan->tokensPerTile = static_cast<int32_t>(std::clamp<int64_t>(fit, 1, halfOfCore));
        plan->rowStride = pieces == 1 ? write.sourceStride : pieceSize;
    }
    return true;
}

}  // namespace

std::vector<KernelVariant> ReshapeAndCacheVariants() {
#define ASC_RESHAPE_AND_CACHE_ROW(key, kernelType, element) {key, #kernelType, #element, ""},
    return {ASC_RESHAPE_AND_CACHE_VARIANTS(ASC_RESHAPE_AND_CACHE_ROW)};
#undef ASC_RESHAPE_AND_CACHE_ROW
}

bool ComputeReshapeAndCacheTiling(const ReshapeAndCacheProblem& problem, const CoreLimits& core,
                                  ReshapeAndCachePlan* plan, TilingError* error) {
    *plan = {};
    if (problem.tokens < 0 || problem.tokens > kInt32Max) {
        return error->Set(kOperation, "slot_mapping entries", problem.tokens,
                          "be from 0 to 2147483647");
    }
    const int32_t elementBytes = ElementBytes(problem.type);
    if (!CheckCache("key", problem.key, problem.tokens, elementBytes, error) ||
        !CheckCache("value", problem.value, problem.tokens, elementBytes, error)) {
        return false;
    }
    if (problem.value.shape.blockSize != problem.key.shape.blockSize) {
        return error->Set(
            kOperation, "value_cache block_size", problem.value.shape.blockSize,
            "equal that of key_cache (" + std::to_string(problem.key.shape.blockSize) + ")");
    }
    if (!CheckVectorCore(core, kCacheWriteStages * kBufferBytes, kOperation, error)) {
        return false;
    }

    const int64_t cores = std::clamp<int64_t>(problem.tokens, 1, core.vectorCores);
    const int64_t tokensPerCore = std::max<int64_t>((problem.tokens + cores - 1) / cores, 1);
    AscReshapeAndCacheTiling& tiling = plan->tiling;
    if (!PlanWrite("key", problem.key, elementBytes, tokensPerCore, &tiling.key, error) ||
        !PlanWrite("value", problem.value, elementBytes, tokensPerCore, &tiling.value, error)) {
        return false;
    }
    tiling.tokens = static_cast<int32_t>(problem.tokens);
    tiling.blockSize = static_cast<int32_t>(problem.key.shape.blockSize);
    tiling.bufferBytes = kBufferBytes;
    plan->launch.key = FindKey(elementBytes);
    plan->launch.blockDim = static_cast<int32_t>(cores);
    plan->launch.workspaceBytes = 0;
    return true;
}

}  // namespace attn
