// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscRotaryEmbedding: the pure tiling on what CANN says of tensors and chip. C++11.
#include "asc_rotary_embedding_cann.h"

#include "../common/cann_context.h"
#include "asc_rotary_embedding_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "apply_rotary_emb";

// CANN hands contiguous tensors, so strides follow from shapes.
bool ReadProblem(gert::TilingContext* context, RotaryProblem* problem, TilingError* error) {
    using Io = RotaryIo;
    const gert::Shape x = InputShape(context, Io::kX);
    const gert::Shape cos = InputShape(context, Io::kCos);
    if (!CheckShape(kOperation, "x", x, {kAnySize, kAnySize, kAnySize, kAnySize}, error) ||
        !CheckShape(kOperation, "cos", cos, {kAnySize, kAnySize}, error) ||
        !CheckShape(kOperation, "sin", InputShape(context, Io::kSin),
                    {cos.GetDim(0), cos.GetDim(1)}, error) ||
        !CheckShape(kOperation, "positions", InputShape(context, Io::kPositions),
                    {x.GetDim(0), x.GetDim(1)}, error)) {
        return false;
    }
    problem->batch = x.GetDim(0);
    problem->sequence = x.GetDim(1);
    problem->heads = x.GetDim(2);
    problem->headDim = x.GetDim(3);
    problem->rotaryDim = 2 * cos.GetDim(1);
    problem->cosStride = cos.GetDim(1);
    problem->sinStride = cos.GetDim(1);
    const int64_t token = problem->heads * problem->headDim;
    problem->x = TokenView{problem->sequence * token, token, problem->headDim};
    problem->output = problem->x;
    return ReadDataType(context, Io::kX, kOperation, "x", &problem->type, error) &&
           ReadDataType(context, Io::kCos, kOperation, "cos", &problem->factorType, error);
}

}  // namespace

ge::graphStatus TileRotary(gert::TilingContext* context) {
    RotaryProblem problem{};
    TilingError error;
    if (!ReadProblem(context, &problem, &error)) {
        return Fail(error);
    }
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    AscRotaryEmbeddingTiling* data = context->GetTilingData<AscRotaryEmbeddingTiling>();
    CoreLimits core{};
    if (attributes == nullptr || data == nullptr || !ReadCoreLimits(context, &core)) {
        return ge::GRAPH_FAILED;
    }
    problem.interleaved = *attributes->GetBool(RotaryIo::kInterleaved);
    RotaryPlan plan;
    if (!ComputeRotaryTiling(problem, core, &plan, &error)) {
        return Fail(error);
    }
    *data = plan.tiling;
    return SetLaunch(context, plan.launch);
}

}  // namespace attn
