// SPDX-License-Identifier: Apache-2.0
#include "asc_merge_attention_states_tiling.h"

#include <algorithm>
#include <limits>
#include <string>

#include "../../op_kernel/asc_merge_attention_states/asc_merge_attention_states_schedule.h"
#include "../../op_kernel/asc_merge_attention_states/asc_merge_attention_states_variants.h"
#include "../common/paged_cache_layout.h"
#include "../common/row_tile_plan.h"

namespace attn {
namespace {

constexpr char kOperation[] = "merge_attn_states";
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();

bool CheckView(const std::string& output, const std::string& lse, const StateView& view,
               int64_t row, TilingError* error) {
    constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
    return error->CheckRange(kOperation, output + " token stride", view.tokenStride, row, kAny) &&
           error->CheckRange(kOperation, lse + " token stride", view.lseTokenStride, 1, kAny) &&
           error->CheckRange(kOperation, lse + " head stride", view.lseHeadStride, 1,
                             MaxRowStride(kFloatBytes));
}

bool CheckProblem(const MergeStatesProblem& problem, TilingError* error) {
    if (!error->CheckRange(kOperation, "prefix_output tokens", problem.tokens, 0, kInt32Max) ||
        !error->CheckRange(kOperation, "prefix_output states", problem.prefixStates, 1,
                           kInt32Max - 1) ||
        !error->CheckRange(kOperation, "prefix_output head_dim", problem.headDim, 1,
                           kMaxMergeHeadDim) ||
        !error->CheckRange(kOperation, "prefix_output heads", problem.heads, 1,
                           kInt32Max / problem.headDim)) {
        return false;
    }
    if (problem.type == DataType::kInt8) {
        return error->Set(kOperation, "prefix_output dtype", NameOf(problem.type),
                          "be float16, bfloat16 or float32");
    }
    const int64_t row = problem.heads * problem.headDim;
    return CheckView("prefix_output", "prefix_lse", problem.prefix, row, error) &&
           (!problem.hasSuffix ||
            CheckView("suffix_output", "suffix_lse", problem.suffix, row, error)) &&
           CheckView("output", "output_lse", problem.output, row, error);
}

int32_t FindKey(DataType type) {
    for (const KernelVariant& variant : MergeStatesVariants()) {
        if (variant.element == ElementOf(type)) {
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
    if (!CheckProblem(problem, error)) {
        return false;
    }
    AscMergeAttentionStatesTiling& tiling = plan->tiling;
    tiling.prefix = problem.prefix;
    tiling.suffix = problem.suffix;
    tiling.output = problem.output;
    tiling.headDim = static_cast<int32_t>(problem.headDim);
    tiling.states = static_cast<int32_t>(problem.prefixStates) + (problem.hasSuffix ? 1 : 0);
    tiling.hasSuffix = problem.hasSuffix ? 1 : 0;
    tiling.writeLse = problem.writeLse ? 1 : 0;
    const int32_t elementBytes = ElementBytes(problem.type);
    tiling.pitch = RoundUp(tiling.headDim, kDataBlockBytes / elementBytes);

    const int32_t mostRows = std::min(kMergeTileFloats / tiling.pitch, kMaxMergeRows);
    RowTiles& rows = tiling.rows;
    if (!PlanRowTiles(problem.tokens, problem.heads, {mostRows, mostRows}, core, &rows)) {
        return error->Set(
            kOperation, "prefix_output heads", problem.heads,
            "make fewer than 2147483647 tiles over " + std::to_string(problem.tokens) + " tokens");
    }
    const MergeUb ub = MergeUbPlan(rows.tokenTile * rows.headTile, tiling.pitch, elementBytes);
    if (!CheckVectorCore(core, ub.TotalBytes(), kOperation, error)) {
        return false;
    }
    plan->launch.key = FindKey(problem.type);
    plan->launch.blockDim = std::clamp(rows.tiles, 1, core.vectorCores);
    plan->launch.workspaceBytes = 0;
    return true;
}

}  // namespace attn
