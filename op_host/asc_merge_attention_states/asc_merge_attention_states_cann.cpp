// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscMergeAttentionStates: the pure tiling on what CANN says of tensors and chip.
// C++11.
#include "asc_merge_attention_states_cann.h"

#include "../common/cann_context.h"
#include "asc_merge_attention_states_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "merge_attn_states";

// CANN hands contiguous tensors, so strides follow from shapes: every lse is [heads, tokens].
bool ReadProblem(gert::TilingContext* context, MergeStatesProblem* problem, TilingError* error) {
    using Io = MergeStatesIo;
    const gert::Shape prefix = InputShape(context, Io::kPrefixOutput);
    if (!CheckShape(kOperation, "prefix_output", prefix, {kAnySize, kAnySize, kAnySize}, error)) {
        return false;
    }
    problem->tokens = prefix.GetDim(0);
    problem->heads = prefix.GetDim(1);
    problem->headDim = prefix.GetDim(2);
    problem->prefix = StateView{problem->heads * problem->headDim, 1, problem->tokens};
    problem->suffix = problem->prefix;
    problem->output = problem->prefix;
    return CheckShape(kOperation, "suffix_output", InputShape(context, Io::kSuffixOutput),
                      {problem->tokens, problem->heads, problem->headDim}, error) &&
           CheckShape(kOperation, "prefix_lse", InputShape(context, Io::kPrefixLse),
                      {problem->heads, problem->tokens}, error) &&
           CheckShape(kOperation, "suffix_lse", InputShape(context, Io::kSuffixLse),
                      {problem->heads, problem->tokens}, error) &&
           ReadDataType(context, Io::kPrefixOutput, kOperation, "prefix_output", &problem->type,
                        error);
}

}  // namespace

ge::graphStatus TileMergeStates(gert::TilingContext* context) {
    MergeStatesProblem problem{};
    TilingError error;
    if (!ReadProblem(context, &problem, &error)) {
        return Fail(error);
    }
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    AscMergeAttentionStatesTiling* data = context->GetTilingData<AscMergeAttentionStatesTiling>();
    CoreLimits core{};
    if (attributes == nullptr || data == nullptr || !ReadCoreLimits(context, &core)) {
        return ge::GRAPH_FAILED;
    }
    problem.writeLse = *attributes->GetBool(MergeStatesIo::kReturnLse);
    MergeStatesPlan plan;
    if (!ComputeMergeStatesTiling(problem, core, &plan, &error)) {
        return Fail(error);
    }
    *data = plan.tiling;
    return SetLaunch(context, plan.launch);
}

}  // namespace attn
