// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscPagedAttention: the pure tiling on what CANN says of tensors and chip. C++11.
#include "asc_paged_attention_cann.h"

#include "../common/cann_context.h"
#include "asc_paged_attention_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "paged_attention";

// CANN hands contiguous tensors, so strides follow from shapes.
bool ReadProblem(gert::TilingContext* context, PagedAttentionProblem* problem, TilingError* error) {
    using Io = PagedAttentionIo;
    const gert::Shape query = InputShape(context, Io::kQuery);
    const gert::Shape key = InputShape(context, Io::kKeyCache);
    const gert::Shape tables = InputShape(context, Io::kBlockTables);
    if (!CheckShape(kOperation, "query", query, {kAnySize, kAnySize, kAnySize}, error)) {
        return false;
    }
    const int64_t batch = query.GetDim(0);
    const int64_t headDim = query.GetDim(2);
    if (!CheckShape(kOperation, "key_cache", key, {kAnySize, kAnySize, kAnySize, headDim}, error) ||
        !CheckShape(kOperation, "value_cache", InputShape(context, Io::kValueCache),
                    {key.GetDim(0), key.GetDim(1), key.GetDim(2), headDim}, error) ||
        !CheckShape(kOperation, "block_tables", tables, {batch, kAnySize}, error) ||
        !CheckShape(kOperation, "seq_lens", InputShape(context, Io::kSeqLens), {batch}, error) ||
        !ReadDataType(context, Io::kQuery, kOperation, "query", &problem->type, error)) {
        return false;
    }
    problem->batch = batch;
    problem->heads = query.GetDim(1);
    problem->queryStride = problem->heads * headDim;
    problem->cache = PagedCacheShape{key.GetDim(0), key.GetDim(1), key.GetDim(2), headDim};
    problem->key = ContiguousView(problem->cache);
    problem->value = problem->key;
    problem->maxBlocks = tables.GetDim(1);
    problem->blockTableStride = problem->maxBlocks;
    return true;
}

}  // namespace

ge::graphStatus TilePagedAttention(gert::TilingContext* context) {
    PagedAttentionProblem problem{};
    TilingError error;
    if (!ReadProblem(context, &problem, &error)) {
        return Fail(error);
    }
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    AscPagedAttentionTiling* data = context->GetTilingData<AscPagedAttentionTiling>();
    CoreLimits core{};
    if (attributes == nullptr || data == nullptr || !ReadCoreLimits(context, &core)) {
        return ge::GRAPH_FAILED;
    }
    problem.scale = *attributes->GetFloat(PagedAttentionIo::kScale);
    problem.writeLse = *attributes->GetBool(PagedAttentionIo::kReturnLse);

    PagedAttentionPlan plan;
    if (!ComputePagedAttentionTiling(problem, core, &plan, &error)) {
        return Fail(error);
    }
    *data = plan.tiling;
    return SetLaunch(context, plan.launch);
}

}  // namespace attn
