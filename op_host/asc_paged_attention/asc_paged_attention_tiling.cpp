// SPDX-License-Identifier: Apache-2.0
#include "asc_paged_attention_tiling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "../../op_kernel/asc_paged_attention/asc_paged_attention_schedule.h"
#include "../../op_kernel/asc_paged_attention/asc_paged_attention_variants.h"

namespace attn {
namespace {

constexpr char kOperation[] = "paged_attention";
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kHeadDimUnit = kFloatsPerRepeat;
constexpr int64_t kBlockSizeUnit = 16;
constexpr int64_t kMaxBlockSize = 128;

// Vector cycles of a step, from the costs of the instructions: what is done once, and what is done
// for each query head. Only their ratio matters.
constexpr int64_t kStepCycles = 600;
constexpr int64_t kHeadCycles = 850;

bool CheckShapes(const PagedAttentionProblem& problem, TilingError* error) {
    const PagedCacheShape& cache = problem.cache;
    if (problem.batch < 0 || problem.batch > kInt32Max) {
        return error->Set(kOperation, "query batch", problem.batch, "be from 0 to 2147483647");
    }
    if (cache.headDim < kHeadDimUnit || cache.headDim > kMaxHeadDim ||
        cache.headDim % kHeadDimUnit != 0) {
        return error->Set(kOperation, "query head_dim", cache.headDim,
                          "be a multiple of 64 from 64 to 256");
    }
    if (cache.heads < 1) {
        return error->Set(kOperation, "key_cache heads", cache.heads, "be at least 1");
    }
    if (problem.heads < 1 || problem.heads % cache.heads != 0) {
        return error->Set(kOperation, "query heads", problem.heads,
                          "be a multiple of key_cache heads (" + std::to_string(cache.heads) + ")");
    }
    if (problem.heads > kInt32Max / std::max<int64_t>(problem.batch, 1)) {
        return error->Set(
            kOperation, "query heads", problem.heads,
            "be at most 2147483647 over all " + std::to_string(problem.batch) + " sequences");
    }
    if (cache.blockSize < kBlockSizeUnit || cache.blockSize > kMaxBlockSize ||
        cache.blockSize % kBlockSizeUnit != 0) {
        return error->Set(kOperation, "key_cache block_size", cache.blockSize,
                          "be a multiple of 16 from 16 to 128");
    }
    if (problem.maxBlocks < 0 || problem.maxBlocks > kInt32Max / cache.blockSize) {
        return error->Set(kOperation, "block_tables columns", problem.maxBlocks,
                          "be from 0 to " + std::to_string(kInt32Max / cache.blockSize));
    }
    return true;
}

bool CheckStride(const char* argument, int64_t stride, int64_t least, int64_t most,
                 TilingError* error) {
    if (stride < least || stride > most) {
        return error->Set(kOperation, argument, stride,
                          "be from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return true;
}

bool CheckStrides(const PagedAttentionProblem& problem, TilingError* error) {
    constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
    const int64_t row = problem.cache.headDim;
    const int64_t maxRowStride = MaxRowStride(kPagedElementBytes);
    return CheckStride("query stride", problem.queryStride, 0, kAny, error) &&
           CheckStride("block_tables stride", problem.blockTableStride, 0, kAny, error) &&
           CheckStride("key_cache block stride", problem.key.blockStride, 0, kAny, error) &&
           CheckStride("key_cache token stride", problem.key.tokenStride, row, maxRowStride,
                       error) &&
           CheckStride("key_cache head stride", problem.key.headStride, 0, kAny, error) &&
           CheckStride("value_cache block stride", problem.value.blockStride, 0, kAny, error) &&
           CheckStride("value_cache token stride", problem.value.tokenStride, row, maxRowStride,
                       error) &&
           CheckStride("value_cache head stride", problem.value.headStride, 0, kAny, error);
}

// Query heads of a task. More of them share the loads and casts of K and V; fewer make more tasks,
// and so fewer cores without work in the last round.
int32_t ChooseGroupTile(int64_t sequencesTimesKvHeads, int32_t group, int32_t cores) {
    int32_t best = 1;
    int64_t bestCycles = std::numeric_limits<int64_t>::max();
    for (int32_t tile = std::min(group, kMaxGroupTile); tile >= 1; --tile) {
        const int64_t tasks = sequencesTimesKvHeads * CeilDiv(group, tile);
        const int64_t rounds = (tasks + cores - 1) / cores;
        const int64_t cycles = rounds * (kStepCycles + tile * kHeadCycles);
        if (cycles < bestCycles) {
            best = tile;
            bestCycles = cycles;
        }
    }
    return best;
}

bool FindKey(DataType type, int32_t* key) {
    const std::string element = type == DataType::kFloat16    ? "half"
                                : type == DataType::kBfloat16 ? "bfloat16_t"
                                                              : "";
    for (const KernelVariant& variant : PagedAttentionVariants()) {
        if (variant.element == element) {
            *key = variant.key;
            return true;
        }
    }
    return false;
}

}  // namespace

std::vector<KernelVariant> PagedAttentionVariants() {
#define ASC_PAGED_ATTENTION_ROW(key, kernelType, element) {key, #kernelType, #element},
    return {ASC_PAGED_ATTENTION_VARIANTS(ASC_PAGED_ATTENTION_ROW)};
#undef ASC_PAGED_ATTENTION_ROW
}

bool ComputePagedAttentionTiling(const PagedAttentionProblem& problem, const CoreLimits& core,
                                 PagedAttentionPlan* plan, TilingError* error) {
    *plan = {};
    if (!FindKey(problem.type, &plan->launch.key)) {
        return error->Set(kOperation, "query dtype", NameOf(problem.type),
                          "be float16 or bfloat16");
    }
    if (!CheckShapes(problem, error) || !CheckStrides(problem, error)) {
        return false;
    }
    if (!std::isfinite(problem.scale)) {
        return error->Set(kOperation, "scale", std::to_string(problem.scale), "be finite");
    }

    const auto headDim = static_cast<int32_t>(problem.cache.headDim);
    const PagedAttentionUb ub = PagedAttentionUbPlan(headDim, KvTile(headDim), kMaxGroupTile);
    if (!CheckVectorCore(core, ub.TotalBytes(), kOperation, error)) {
        return false;
    }

    AscPagedAttentionTiling& tiling = plan->tiling;
    tiling.queryStride = problem.queryStride;
    tiling.blockTableStride = problem.blockTableStride;
    tiling.key = problem.key;
    tiling.value = problem.value;
    tiling.batch = static_cast<int32_t>(problem.batch);
    tiling.heads = static_cast<int32_t>(problem.heads);
    tiling.kvHeads = static_cast<int32_t>(problem.cache.heads);
    tiling.headDim = headDim;
    tiling.blockSize = static_cast<int32_t>(problem.cache.blockSize);
    tiling.softmaxScale = problem.scale;
    tiling.writeLse = problem.writeLse ? 1 : 0;

    const int32_t group = tiling.heads / tiling.kvHeads;
    const int64_t kvGroups = problem.batch * problem.cache.heads;
    tiling.kvTile = KvTile(headDim);
    tiling.groupTile = ChooseGroupTile(kvGroups, group, core.vectorCores);
    tiling.taskCount = static_cast<int32_t>(kvGroups * CeilDiv(group, tiling.groupTile));

    plan->launch.blockDim = std::clamp(tiling.taskCount, 1, core.vectorCores);
    plan->launch.workspaceBytes = 0;
    return true;
}

}  // namespace attn
