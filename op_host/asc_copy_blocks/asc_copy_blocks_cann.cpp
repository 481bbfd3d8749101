// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscCopyBlocks: the pure tiling on what CANN says of tensors and chip. C++11.
#include "asc_copy_blocks_cann.h"

#include "../common/cann_context.h"
#include "asc_copy_blocks_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "copy_blocks";

// A cache of any shape whose first dimension counts blocks; CANN hands contiguous tensors.
bool ReadBlocks(gert::TilingContext* context, const std::string& name, size_t source, size_t cache,
                BlockCopyProblem* blocks, TilingError* error) {
    DataType type{};
    const gert::Shape from = InputShape(context, source);
    const gert::Shape to = InputShape(context, cache);
    if (!ReadDataType(context, cache, kOperation, name, &type, error)) {
        return false;
    }
    if (to.GetDimNum() < 2 || from.GetDimNum() != to.GetDimNum()) {
        return error->Set(kOperation, name + " dimensions", static_cast<int64_t>(to.GetDimNum()),
                          "be at least 2 and those of its source");
    }
    blocks->blockBytes = ElementBytes(type);
    for (size_t i = 1; i < to.GetDimNum(); ++i) {
        if (from.GetDim(i) != to.GetDim(i)) {
            return error->Set(kOperation, name + " size", to.GetDim(i),
                              "be that of its source (" + std::to_string(from.GetDim(i)) + ")");
        }
        blocks->blockBytes *= to.GetDim(i);
    }
    blocks->sourceStride = blocks->blockBytes;
    blocks->targetStride = blocks->blockBytes;
    return true;
}

}  // namespace

ge::graphStatus TileCopyBlocks(gert::TilingContext* context) {
    using Io = CopyBlocksIo;
    CopyBlocksProblem problem{};
    TilingError error;
    const gert::Shape mapping = InputShape(context, Io::kBlockMapping);
    if (!ReadBlocks(context, "key_cache", Io::kKeySource, Io::kKeyCache, &problem.key, &error) ||
        !ReadBlocks(context, "value_cache", Io::kValueSource, Io::kValueCache, &problem.value,
                    &error) ||
        !CheckShape(kOperation, "block_mapping", mapping, {kAnySize, 2}, &error)) {
        return Fail(error);
    }
    problem.pairs = mapping.GetDim(0);
    AscCopyBlocksTiling* data = context->GetTilingData<AscCopyBlocksTiling>();
    CoreLimits core{};
    if (data == nullptr || !ReadCoreLimits(context, &core)) {
        return ge::GRAPH_FAILED;
    }
    CopyBlocksPlan plan;
    if (!ComputeCopyBlocksTiling(problem, core, &plan, &error)) {
        return Fail(error);
    }
    *data = plan.tiling;
    return SetLaunch(context, plan.launch);
}

}  // namespace attn
