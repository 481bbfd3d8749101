// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscReshapeAndCache: the pure tiling on what CANN says of tensors and chip. C++11.
#include "asc_reshape_and_cache_cann.h"

#include "../common/cann_context.h"
#include "asc_reshape_and_cache_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "reshape_and_cache";

// What a cache looks like in a layout: the sizes in their order, and where blockSize is.
bool ReadCache(const std::string& name, const gert::Shape& cache, CacheLayout layout,
               int64_t elementBytes, PagedCacheShape* shape, TilingError* error) {
    const std::string argument = name + "_cache";
    const int64_t heads = shape->heads;
    const int64_t headDim = shape->headDim;
    bool fits = false;
    size_t blockSize = 1;
    if (layout == CacheLayout::kRows) {
        fits = CheckShape(kOperation, argument, cache, {kAnySize, kAnySize, heads, headDim}, error);
    } else if (layout == CacheLayout::kNz) {
        const int64_t y = 32 / elementBytes;
        fits = CheckShape(kOperation, argument, cache, {kAnySize, heads * headDim / y, kAnySize, y},
                          error);
        blockSize = 2;
    } else if (name == "key") {
        const int64_t x = 16 / elementBytes;
        fits = CheckShape(kOperation, argument, cache, {kAnySize, heads, headDim / x, kAnySize, x},
                          error);
        blockSize = 3;
    } else {
        fits = CheckShape(kOperation, argument, cache, {kAnySize, heads, headDim, kAnySize}, error);
        blockSize = 3;
    }
    if (fits) {
        shape->blocks = cache.GetDim(0);
        shape->blockSize = cache.GetDim(blockSize);
    }
    return fits;
}

// CANN hands contiguous tensors, so strides follow from shapes.
bool ReadWrite(const std::string& name, const gert::Shape& source, const gert::Shape& cache,
               const ReshapeAndCacheProblem& problem, CacheWriteProblem* write,
               TilingError* error) {
    if (!CheckShape(kOperation, name, source, {kAnySize, kAnySize, kAnySize}, error)) {
        return false;
    }
    write->sourceTokens = source.GetDim(0);
    write->sourceStride = source.GetDim(1) * source.GetDim(2);
    write->shape = PagedCacheShape{0, 0, source.GetDim(1), source.GetDim(2)};
    if (!ReadCache(name, cache, problem.layout, ElementBytes(problem.type), &write->shape, error)) {
        return false;
    }
    write->view = problem.layout == CacheLayout::kRows ? ContiguousView(write->shape)
                                                       : ContiguousPackedView(write->shape);
    return true;
}

bool ReadProblem(gert::TilingContext* context, ReshapeAndCacheProblem* problem,
                 TilingError* error) {
    using Io = ReshapeAndCacheIo;
    const gert::Shape slots = InputShape(context, Io::kSlotMapping);
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    if (attributes == nullptr) {
        return error->Set(kOperation, "attributes", "none", "be given");
    }
    problem->layout = static_cast<CacheLayout>(*attributes->GetInt(Io::kLayout));
    if (!ReadDataType(context, Io::kKey, kOperation, "key", &problem->type, error) ||
        !ReadWrite("key", InputShape(context, Io::kKey), InputShape(context, Io::kKeyCache),
                   *problem, &problem->key, error) ||
        !ReadWrite("value", InputShape(context, Io::kValue), InputShape(context, Io::kValueCache),
                   *problem, &problem->value, error) ||
        !CheckShape(kOperation, "slot_mapping", slots, {kAnySize}, error)) {
        return false;
    }
    problem->tokens = slots.GetDim(0);
    return true;
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
