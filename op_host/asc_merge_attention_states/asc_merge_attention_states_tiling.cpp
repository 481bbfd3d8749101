// SPDX-License-Identifier: Apache-2.0
#include "asc_merge_attention_states_tiling.h"

#include <algorithm>
#include <limits>
#include <string>

#include "../../op_kernel/asc_merge_attention_states/asc_merge_attention_states_schedule.h"
#include "../../op_kernel/asc_merge_attention_states/asc_merge_attention_states_variants.h"
#include "../common/paged_cache_layout.h"

namespace attn {
namespace {

constexpr char kOperation[] = "merge_attn_states";
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();

bool CheckRange(const std::string& argument, int64_t value, int64_t least, int64_t most,
                TilingError* error) {
    if (value < least || value > most) {
        return error->Set(kOperation, argument, value,
                          "be from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return true;
}

bool CheckView(const std::string& name, const StateView& view, int64_t row, TilingError* error) {
    constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
    const std::string lse = name + "_lse";
    return CheckRange(name + "_output token stride", view.tokenStride, row, kAny, error) &&
           CheckRange(lse + " token stride", view.lseTokenStride, 1, kAny, error) &&
           CheckRange(lse + " head stride", view.lseHeadStride, 1, MaxRowStride(kFloatBytes),
                      error);
}

int32_t FindKey(DataType type) {
    const std::string element = type == DataType::kFloat16    ? "half"
                                : type == DataType::kBfloat16 ? "bfloat16_t"
                                                              : "float";
    for (const KernelVariant& variant : MergeStatesVariants()) {
        if (variant.element == element) {
            return variant.key;
        }
    }
    return -1;
}

}  // namespace

std::vector<KernelVariant> MergeStatesVariants() {
#define ASC_MERGE_ATTENTION_STATES_ROW(key, kernelType, element) {key, #kernelType, #element, ""},
    return {ASC_MERGE_ATTENTION_STATES_VARIANTS(ASC_MERGE_ATTENTION_STATES_ROW)};
#undef ASC_MERGE_ATTENTION_STATES_ROW
}

bool ComputeMergeStatesTiling(const MergeStatesProblem& problem, const CoreLimits& core,
                              MergeStatesPlan* plan, TilingError* error) {
    *plan = {};
    if (!CheckRange("prefix_output tokens", problem.tokens, 0, kInt32Max, error) ||
        !CheckRange("prefix_output head_dim", problem.headDim, 1, kMaxMergeHeadDim, error) ||
        !CheckRange("prefix_output heads", problem.heads, 1, kInt32Max / problem.headDim, error)) {
        return false;
    }
    if (problem.type == DataType::kInt8) {
        return error->Set(kOperation, "prefix_output dtype", NameOf(problem.type),
                          "be float16, bfloat16 or float32");
    }
    const int64_t row = problem.heads * problem.headDim;
    if (!CheckView("prefix", problem.prefix, row, error) ||
        !CheckView("suffix", problem.suffix, row, error) ||
        !CheckView("output", problem.output, row, error)) {
        return false;
    }
    AscMergeAttentionStatesTiling& tiling = plan->tiling;
    tiling.prefix = problem.prefix;
    tiling.suffix = problem.suffix;
    tiling.output = problem.output;
    tiling.tokens = static_cast<int32_t>(problem.tokens);
    tiling.heads = static_cast<int32_t>(problem.heads);
    tiling.headDim = static_cast<int32_t>(problem.headDim);
    tiling.writeLse = problem.writeLse ? 1 : 0;
    const int32_t elementBytes = ElementBytes(problem.type);
    tiling.pitch = RoundUp(tiling.headDim, kDataBlockBytes / elementBytes);

    // Whole tokens where they fit; no more in a tile than leaves every core one.
    const int32_t rows = std::min(kMergeTileFloats / tiling.pitch, kMaxMergeRows);
    const int32_t tokensPerCore = std::max(CeilDiv(tiling.tokens, core.vectorCores), 1);
    tiling.headTile = std::min(rows, tiling.heads);
    tiling.tokenTile = std::clamp(rows / tiling.headTile, 1, tokensPerCore);
    const int64_t tiles =
        int64_t{CeilDiv(tiling.tokens, tiling.tokenTile)} * CeilDiv(tiling.heads, tiling.headTile);
    if (!CheckRange("prefix_output rows", tiles, 0, kInt32Max - core.vectorCores, error)) {
        return false;
    }
    tiling.tiles = static_cast<int32_t>(tiles);
    const MergeUb ub = MergeUbPlan(tiling.tokenTile * tiling.headTile, tiling.pitch, elementBytes);
    if (!CheckVectorCore(core, ub.TotalBytes(), kOperation, error)) {
        return false;
    }
    plan->launch.key = FindKey(problem.type);
    plan->launch.blockDim = std::clamp(tiling.tiles, 1, core.vectorCores);
    plan->launch.workspaceBytes = 0;
    return true;
}

}  // namespace attn
