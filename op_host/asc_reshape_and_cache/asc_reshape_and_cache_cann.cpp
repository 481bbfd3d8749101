// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscReshapeAndCache: the pure tiling on what CANN says of tensors and chip. C++11.
#include "asc_reshape_and_cache_cann.h"

#include "../common/cann_context.h"
#include "asc_reshape_and_cache_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "reshape_and_cache";

// CANN hands contiguous tensors, so strides follow from shapes.
bool ReadWrite(const std::string& name, const gert::Shape& source, const gert::Shape& cache,
               CacheWriteProblem* write, TilingError* error) {
    if (!CheckShape(kOperation, name, source, {kAnySize, kAnySize, kAnySize}, error) ||
        !CheckShape(kOperation, name + "_cache", cache,
                    {kAnySize, kAnySize, source.GetDim(1), source.GetDim(2)}, error)) {
        return false;
    }
    write->sourceTokens = source.GetDim(0);
    write->sourceStride = source.GetDim(1) * source.GetDim(2);
    write->shape =
        PagedCacheShape{cache.GetDim(0), cache.GetDim(1), cache.GetDim(2), cache.GetDim(3)};
    write->view = ContiguousView(write->shape);
    return true;
}

bool ReadProblem(gert::TilingContext* context, ReshapeAndCacheProblem* problem,
                 TilingError* error) {
    using Io = ReshapeAndCacheIo;
    const gert::Shape slots = InputShape(context, Io::kSlotMapping);
    if (!ReadWrite("key", InputShape(context, Io::kKey), InputShape(context, Io::kKeyCache),
                   &problem->key, error) ||
        !ReadWrite("value", InputShape(context, Io::kValue), InputShape(context, Io::kValueCache),
                   &problem->value, error) ||
        !CheckShape(kOperation, "slot_mapping", slots, {kAnySize}, error)) {
        return false;
    }
    problem->tokens = slots.GetDim(0);
    return ReadDataType(context, Io::kKey, kOperation, "key", &problem->type, error);
}

}  // namespace

ge::graphStatus TileReshapeAndCache(gert::TilingContext* context) {
    ReshapeAndCacheProblem problem{};
    TilingError error;
    if (!ReadProblem(context, &problem, &error)) {
        return Fail(error);
    }
    AscReshapeAndCacheTiling* data = context->GetTilingData<AscReshapeAndCacheTiling>();
    CoreLimits core{};
    if (data == nullptr || !ReadCoreLimits(context, &core)) {
        return ge::GRAPH_FAILED;
    }
    ReshapeAndCachePlan plan;
    if (!ComputeReshapeAndCacheTiling(problem, core, &plan, &error)) {
        return Fail(error);
    }
    *data = plan.tiling;
    return SetLaunch(context, plan.launch);
}

}  // namespace attn
