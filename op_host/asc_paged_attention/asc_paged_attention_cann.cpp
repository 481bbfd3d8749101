// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscPagedAttention: the pure tiling on what CANN says of tensors and chip. C++11.
#include "asc_paged_attention_cann.h"

#include "../common/cann_context.h"
#include "asc_paged_attention_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "paged_attention";

// The sizes of the caches, which say headDim and blockSize in an order that depends on the layout.
bool ReadCaches(gert::TilingContext* context, PagedAttentionProblem* problem, int64_t headDim,
                TilingError* error) {
    using Io = PagedAttentionIo;
    const gert::Shape key = InputShape(context, Io::kKeyCache);
    const gert::Shape value = InputShape(context, Io::kValueCache);
    if (problem->layout == CacheLayout::kRows) {
        if (!CheckShape(kOperation, "key_cache", key, {kAnySize, kAnySize, kAnySize, headDim},
                        error) ||
            !CheckShape(kOperation, "value_cache", value,
                        {key.GetDim(0), key.GetDim(1), key.GetDim(2), headDim}, error)) {
            return false;
        }
        problem->cache = PagedCacheShape{key.GetDim(0), key.GetDim(1), key.GetDim(2), headDim};
        problem->key = ContiguousView(problem->cache);
    } else if (problem->layout == CacheLayout::kNz) {
        const int64_t y = 32 / ElementBytes(problem->type);
        if (!CheckShape(kOperation, "key_cache", key, {kAnySize, kAnySize, kAnySize, y}, error) ||
            !CheckShape(kOperation, "value_cache", value,
                        {key.GetDim(0), key.GetDim(1), key.GetDim(2), y}, error)) {
            return false;
        }
        problem->cache =
            PagedCacheShape{key.GetDim(0), key.GetDim(2), key.GetDim(1) * y / headDim, headDim};
        problem->key = ContiguousPackedView(problem->cache);
    } else {
        const int64_t x = 16 / ElementBytes(problem->type);
        if (!CheckShape(kOperation, "key_cache", key,
                        {kAnySize, kAnySize, headDim / x, kAnySize, x}, error) ||
            !CheckShape(kOperation, "value_cache", value,
                        {key.GetDim(0), key.GetDim(1), headDim, key.GetDim(3)}, error)) {
            return false;
        }
        problem->cache = PagedCacheShape{key.GetDim(0), key.GetDim(3), key.GetDim(1), headDim};
        problem->key = ContiguousPackedView(problem->cache);
    }
    problem->value = problem->key;
    return true;
}

// CANN hands contiguous tensors, so strides follow from shapes.
bool ReadTensors(gert::TilingContext* context, PagedAttentionProblem* problem, TilingError* error) {
    using Io = PagedAttentionIo;
    const gert::Shape query = InputShape(context, Io::kQuery);
    const gert::Shape tables = InputShape(context, Io::kBlockTables);
    if (!CheckShape(kOperation, "query", query, {kAnySize, kAnySize, kAnySize}, error) ||
        !CheckShape(kOperation, "block_tables", tables, {kAnySize, kAnySize}, error)) {
        return false;
    }
    problem->batch = tables.GetDim(0);
    problem->queryTokens = query.GetDim(0);
    problem->heads = query.GetDim(1);
    problem->queryStride = problem->heads * query.GetDim(2);
    problem->maxBlocks = tables.GetDim(1);
    problem->blockTableStride = problem->maxBlocks;
    const auto isGiven = [context](size_t index) {
        return context->GetOptionalInputShape(index) != nullptr;
    };
    problem->hasQueryStarts = isGiven(Io::kQueryStartLoc);
    problem->hasAlibi = isGiven(Io::kAlibiSlopes);
    problem->hasSinks = isGiven(Io::kSinks);
    const auto check = [context, error](const char* name, size_t index, int64_t size) {
        const gert::Shape shape = context->GetOptionalInputShape(index)->GetStorageShape();
        return CheckShape(kOperation, name, shape, {size}, error);
    };
    return ReadDataType(context, Io::kQuery, kOperation, "query", &problem->type, error) &&
           CheckShape(kOperation, "seq_lens", InputShape(context, Io::kSeqLens), {problem->batch},
                      error) &&
           (!problem->hasQueryStarts ||
            check("query_start_loc", Io::kQueryStartLoc, problem->batch + 1)) &&
           (!problem->hasAlibi || check("alibi_slopes", Io::kAlibiSlopes, problem->heads)) &&
           (!problem->hasSinks || check("sinks", Io::kSinks, problem->heads)) &&
           ReadCaches(context, problem, query.GetDim(2), error);
}

bool ReadAttributes(const gert::RuntimeAttrs* attributes, PagedAttentionProblem* problem) {
    using Io = PagedAttentionIo;
    if (attributes == nullptr) {
        return false;
    }
    problem->scale = *attributes->GetFloat(Io::kScale);
    problem->layout = static_cast<CacheLayout>(*attributes->GetInt(Io::kLayout));
    problem->maxQueryLen = *attributes->GetInt(Io::kMaxQueryLen);
    problem->maxSeqLen = *attributes->GetInt(Io::kMaxSeqLen);
    problem->softcap = *attributes->GetFloat(Io::kSoftcap);
    problem->windowLeft = *attributes->GetInt(Io::kWindowLeft);
    problem->splitRule = static_cast<SplitRule>(*attributes->GetInt(Io::kSplitRule));
    problem->splitValue = *attributes->GetInt(Io::kSplitValue);
    problem->partialOutputs = *attributes->GetInt(Io::kMaxPartitions);
    problem->strategy = static_cast<Strategy>(*attributes->GetInt(Io::kStrategy));
    problem->writeLse = *attributes->GetBool(Io::kReturnLse);
    return true;
}

}  // namespace

ge::graphStatus TilePagedAttention(gert::TilingContext* context) {
    PagedAttentionProblem problem{};
    TilingError error;
    AscPagedAttentionTiling* data = context->GetTilingData<AscPagedAttentionTiling>();
    CoreLimits core{};
    if (data == nullptr || !ReadAttributes(context->GetAttrs(), &problem) ||
        !ReadCoreLimits(context, &core)) {
        return ge::GRAPH_FAILED;
    }
    PagedAttentionPlan plan;
    if (!ReadTensors(context, &problem, &error) ||
        !ComputePagedAttentionTiling(problem, core, &plan, &error)) {
        return Fail(error);
    }
    *data = plan.tiling;
    return SetLaunch(context, plan.launch);
}

}  // namespace attn
