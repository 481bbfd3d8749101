// SPDX-License-Identifier: Apache-2.0
#include "asc_paged_attention_cube.h"

#include <algorithm>

#include "../../op_kernel/common/flash_schedule.h"
#include "../common/flash_plan.h"
#include "asc_paged_attention_split.h"

namespace attn {
namespace {

constexpr char kOperation[] = "paged_attention";

// Rows that share keys and values from which on the vector cores no longer keep up with memory:
// they do for one, and for two only just.
constexpr int64_t kCubeRows = 3;

// Keys of a step: several pages, and two slots of their values in L1. They depend on nothing but
// the size of a head, so that neither do the bits of a sequence.
constexpr int64_t kKvTile = 512;
constexpr int64_t kWideKvTile = 256;
constexpr int64_t kWideHeadDim = 128;

// Rows that a key is multiplied with at most.
int64_t RowsOf(const PagedAttentionProblem& problem) {
    return problem.heads / problem.cache.heads * problem.maxQueryLen;
}

bool CheckForCube(const PagedAttentionProblem& problem, TilingError* error) {
    if (problem.type == DataType::kFloat32) {
        return error->Set(kOperation, "query dtype", NameOf(problem.type),
                          "be float16 or bfloat16 for the cube");
    }
    if (problem.layout == CacheLayout::kPacked) {
        return error->Set(kOperation, "key_cache layout", "packed", "be rows or NZ for the cube");
    }
    const std::string whole = "be a multiple of " + std::to_string(kFractal) + " for the cube";
    if (problem.cache.headDim % kFractal != 0) {
        return error->Set(kOperation, "query head_dim", problem.cache.headDim, whole);
    }
    if (problem.cache.blockSize % kFractal != 0) {
        return error->Set(kOperation, "key_cache block_size", problem.cache.blockSize, whole);
    }
    if (problem.partialOutputs > 0) {
        return error->Set(kOperation, "partitions of exp_sums", problem.partialOutputs,
                          "be 0 for the cube");
    }
    return true;
}

FlashProblem FlashProblemOf(const PagedAttentionProblem& problem) {
    FlashProblem flash{};
    const int64_t outputStride = problem.heads * problem.cache.headDim;
    flash.query = {problem.queryStride, problem.queryStride, problem.cache.headDim};
    flash.output = {outputStride, outputStride, problem.cache.headDim};
    flash.lse = {problem.heads, problem.heads, 1};
    flash.key = problem.key;
    flash.value = problem.value;
    flash.blockTableStride = problem.blockTableStride;
    flash.batch = problem.batch;
    flash.queryTokens = problem.hasQueryStarts ? problem.queryTokens : 1;
    flash.heads = problem.heads;
    flash.kvHeads = problem.cache.heads;
    flash.headDim = problem.cache.headDim;
    flash.valueDim = problem.cache.headDim;
    flash.blockSize = problem.cache.blockSize;
    flash.layout = problem.layout;
    flash.maxQueryTokens = problem.maxQueryLen;
    flash.maxKeyTokens = LongestSequence(problem);
    flash.keyLens = problem.seqLens;
    flash.windowLeft = problem.windowLeft;
    flash.windowRight = 0;
    flash.scale = problem.scale;
    flash.softcap = problem.softcap;
    flash.hasQueryStarts = problem.hasQueryStarts;
    flash.hasKeyLens = true;
    flash.hasAlibi = problem.hasAlibi;
    flash.hasSinks = problem.hasSinks;
    flash.writeLse = problem.writeLse;
    flash.pack = problem.heads / problem.cache.heads;
    flash.kvTile = problem.cache.headDim > kWideHeadDim ? kWideKvTile : kKvTile;
    return flash;
}

int32_t FindCubeKey(DataType type) {
    const std::string element = type == DataType::kFloat16 ? "half" : "bfloat16_t";
    for (const KernelVariant& variant : PagedAttentionVariants()) {
        if (variant.layout.empty() && variant.element == element) {
            return variant.key;
        }
    }
    return -1;
}

}  // namespace

StrategyChoice ChooseStrategy(const PagedAttentionProblem& problem) {
    if (problem.strategy == Strategy::kVector) {
        return {Strategy::kVector, true, "vector cores: asked for"};
    }
    if (problem.layout == CacheLayout::kNz) {
        return {Strategy::kCube, true, "cube: the only one that reads NZ"};
    }
    if (problem.strategy == Strategy::kCube) {
        return {Strategy::kCube, true, "cube: asked for"};
    }
    const int64_t rows = RowsOf(problem);
    if (rows < kCubeRows) {
        return {Strategy::kVector, false,
                "vector cores: they keep up with memory for " + std::to_string(rows) +
                    (rows == 1 ? " row a key" : " rows a key")};
    }
    return {Strategy::kCube, false, "cube: " + std::to_string(rows) + " rows a key"};
}

bool ComputeCubeTiling(const PagedAttentionProblem& problem, const CoreLimits& core,
                       PagedAttentionPlan* plan, TilingError* error) {
    if (!CheckForCube(problem, error)) {
        return false;
    }
    FlashProblem flash = FlashProblemOf(problem);
    PinnedPartition partition{};
    if (problem.splitRule != SplitRule::kAuto) {
        if (!PinPartition(problem, kTileKeys, &partition, error)) {
            return false;
        }
        flash.partitionTokens = partition.tokens;
    }
    FlashPlan flashPlan;
    if (!ComputeFlashPlan(flash, core, kOperation, &flashPlan, error)) {
        return false;
    }
    plan->tiling.cube = flashPlan.tiling;
    plan->launch = {FindCubeKey(problem.type), flashPlan.blocks, flashPlan.workspaceBytes};
    plan->strategy = Strategy::kCube;
    plan->reason = flashPlan.reason;
    if (!partition.reason.empty()) {
        plan->reason += "; " + partition.reason;
    }
    return true;
}

std::vector<CoreWork> CubeWork(const PagedAttentionPlan& plan, const std::vector<int32_t>& seqLens,
                               const std::vector<int32_t>& queryStarts) {
    std::vector<int32_t> queryLens(seqLens.size(), 1);
    for (size_t i = 0; i + 1 < queryStarts.size(); ++i) {
        queryLens[i] = queryStarts[i + 1] - queryStarts[i];
    }
    FlashPlan flash{};
    flash.tiling = plan.tiling.cube;
    flash.blocks = plan.launch.blockDim;
    std::vector<CoreWork> work;
    for (const std::vector<FlashWork>& units : FlashWorkOf(flash, queryLens, seqLens, {})) {
        CoreWork sum{};
        for (const FlashWork& unit : units) {
            const int32_t keys = std::max(unit.endKey - unit.firstKey, 0);
            sum.cycles += kUnitCost + RoundUp(keys, kTileKeys);
            sum.tokens += int64_t{keys} * unit.rows;
        }
        work.push_back(sum);
    }
    return work;
}

}  // namespace attn
