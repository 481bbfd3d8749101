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

bool CheckCache(const std::string& source, const CacheWriteProblem& write, CacheLayout layout,
                int64_t tokens, int64_t elementBytes, TilingError* error) {
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
    return layout != CacheLayout::kRows ||
           CheckRowsAreDisjoint(shape, write.view, kOperation, cache, error);
}

// How a token lies in the cache: where heads follow each other it is one piece, otherwise a piece a
// head; in the other layouts a piece is what a block has in one place.
bool SplitToken(const std::string& source, const CacheWriteProblem& write, CacheLayout layout,
                int64_t elementBytes, CacheWriteTiling* plan, TilingError* error) {
    const PagedCacheShape& shape = write.shape;
    const int64_t rowSize = shape.heads * shape.headDim;
    int64_t pieceSize =
        shape.heads == 1 || write.view.headStride == shape.headDim ? rowSize : shape.headDim;
    plan->blockStride = write.view.blockStride;
    plan->tokenStride = write.view.tokenStride;
    plan->pieceStride = pieceSize == rowSize ? rowSize : write.view.headStride;
    if (layout != CacheLayout::kRows) {
        const bool isValue = source == "value";
        pieceSize = layout == CacheLayout::kNz ? kDataBlockBytes / elementBytes
                    : isValue                  ? 1
                                               : kDataBlockBytes / 2 / elementBytes;
        plan->tokenStride = pieceSize;
        plan->pieceStride = shape.blockSize * pieceSize;
        const int64_t unit = layout == CacheLayout::kNz ? rowSize : shape.headDim;
        if (unit % pieceSize != 0) {
            const char* what = layout == CacheLayout::kNz ? " heads times head_dim" : " head_dim";
            return error->Set(kOperation, source + what, unit,
                              "be a multiple of " + std::to_string(pieceSize));
        }
        if (shape.blocks > 1 && write.view.blockStride < shape.blockSize * rowSize) {
            return error->Set(kOperation, source + "_cache block stride", write.view.blockStride,
                              "be at least " + std::to_string(shape.blockSize * rowSize));
        }
    }
    plan->pieceSize = static_cast<int32_t>(pieceSize);
    plan->pieces = static_cast<int32_t>(rowSize / pieceSize);
    return true;
}

// Splits pieces into columns that fit the buffer, and pieces and tokens into tiles.
void PlanTiles(const CacheWriteProblem& write, int32_t elementBytes, int64_t tokensPerCore,
               CacheWriteTiling* plan) {
    const int32_t capacity = kBufferBytes / elementBytes;
    plan->columns = std::min(plan->pieceSize, capacity);
    const int32_t pitch = RowPitch(plan->columns, elementBytes);
    plan->piecesPerTile = std::min({plan->pieces, capacity / pitch, kMaxBurstRows});
    plan->sourceStride = write.sourceStride;
    plan->rowStride = plan->pieceSize;
    plan->tokensPerTile = 1;

    // Several tokens make one load if their rows are evenly spaced, in order and not too far apart.
    const int64_t rowSize = int64_t{plan->pieces} * plan->pieceSize;
    const bool tokensAreEven =
        plan->pieces == 1
            ? write.sourceStride >= rowSize && write.sourceStride <= MaxRowStride(elementBytes)
            : write.sourceStride == rowSize;
    if (tokensAreEven && plan->piecesPerTile == plan->pieces) {
        const int32_t fit =
            std::min(capacity / (plan->pieces * pitch), kMaxBurstRows / plan->pieces);
        const int64_t halfOfCore = (tokensPerCore + 1) / 2;  // so that loads and stores overlap
        plan->tokensPerTile = static_cast<int32_t>(std::clamp<int64_t>(fit, 1, halfOfCore));
        plan->rowStride = plan->pieces == 1 ? write.sourceStride : plan->pieceSize;
    }
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
    const auto layout = static_cast<int32_t>(problem.layout);
    if (layout < static_cast<int32_t>(CacheLayout::kRows) ||
        layout > static_cast<int32_t>(CacheLayout::kNz)) {
        return error->Set(kOperation, "layout", layout, "be from 0 to 2");
    }
    const int32_t elementBytes = ElementBytes(problem.type);
    AscReshapeAndCacheTiling& tiling = plan->tiling;
    if (!CheckCache("key", problem.key, problem.layout, problem.tokens, elementBytes, error) ||
        !CheckCache("value", problem.value, problem.layout, problem.tokens, elementBytes, error) ||
        !SplitToken("key", problem.key, problem.layout, elementBytes, &tiling.key, error) ||
        !SplitToken("value", problem.value, problem.layout, elementBytes, &tiling.value, error)) {
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
    PlanTiles(problem.key, elementBytes, tokensPerCore, &tiling.key);
    PlanTiles(problem.value, elementBytes, tokensPerCore, &tiling.value);
    tiling.tokens = static_cast<int32_t>(problem.tokens);
    tiling.blockSize = static_cast<int32_t>(problem.key.shape.blockSize);
    tiling.bufferBytes = kBufferBytes;
    plan->launch.key = FindKey(elementBytes);
    plan->launch.blockDim = static_cast<int32_t>(cores);
    plan->launch.workspaceBytes = 0;
    return true;
}

}  // namespace attn
