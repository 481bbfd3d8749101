// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscMergeAttentionStates: the pure tiling on what CANN says of tensors and chip.
// C++11.
#include "asc_merge_attention_states_cann.h"

#include "../common/cann_context.h"
#include "asc_merge_attention_states_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "merge_attn_states";

// CANN hands contiguous tensors, so strides follow from shapes. The prefix is a state [tokens,
// heads, headDim] with lse [heads, tokens], or several, [tokens, states, heads, headDim] with lse
// [tokens, states, heads]; the lse of the output lies in the same order.
bool ReadPrefix(gert::TilingContext* context, MergeStatesProblem* problem, TilingError* error) {
    using Io = MergeStatesIo;
    const gert::Shape prefix = InputShape(context, Io::kPrefixOutput);
    const gert::Shape lse = InputShape(context, Io::kPrefixLse);
    const bool several = prefix.GetDimNum() == 4;
    if (!several &&
        !CheckShape(kOperation, "prefix_output", prefix, {kAnySize, kAnySize, kAnySize}, error)) {
        return false;
    }
    const int64_t tokens = prefix.GetDim(0);
    const int64_t states = several ? prefix.GetDim(1) : 1;
    const int64_t heads = prefix.GetDim(several ? 2 : 1);
    const int64_t headDim = prefix.GetDim(several ? 3 : 2);
    const int64_t row = heads * headDim;
    problem->tokens = tokens;
    problem->heads = heads;
    problem->headDim = headDim;
    problem->prefixStates = states;
    if (several) {
        problem->prefix = StateView{row, states * row, heads, states * heads, 1};
        problem->output = StateView{0, row, 0, heads, 1};
        return CheckShape(kOperation, "prefix_lse", lse, {tokens, states, heads}, error);
    }
    problem->prefix = StateView{0, row, 0, 1, tokens};
    problem->output = problem->prefix;
    return CheckShape(kOperation, "prefix_lse", lse, {heads, tokens}, error);
}

bool ReadSuffix(gert::TilingContext* context, MergeStatesProblem* problem, TilingError* error) {
    using Io = MergeStatesIo;
    const gert::StorageShape* output = context->GetOptionalInputShape(Io::kSuffixOutput);
    const gert::StorageShape* lse = context->GetOptionalInputShape(Io::kSuffixLse);
    problem->hasSuffix = output != nullptr;
    if ((output == nullptr) != (lse == nullptr)) {
        return error->Set(kOperation, "suffix_lse", lse == nullptr ? "none" : "given",
                          "come with suffix_output");
    }
    problem->suffix = StateView{0, problem->heads * problem->headDim, 0, 1, problem->tokens};
    return !problem->hasSuffix ||
           (CheckShape(kOperation, "suffix_output", output->GetStorageShape(),
                       {problem->tokens, problem->heads, problem->headDim}, error) &&
            CheckShape(kOperation, "suffix_lse", lse->GetStorageShape(),
                       {problem->heads, problem->tokens}, error));
}

bool ReadProblem(gert::TilingContext* context, MergeStatesProblem* problem, TilingError* error) {
    return ReadPrefix(context, problem, error) && ReadSuffix(context, problem, error) &&
           ReadDataType(context, MergeStatesIo::kPrefixOutput, kOperation, "prefix_output",
                        &problem->type, error);
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
