// SPDX-License-Identifier: Apache-2.0
#include "asc_copy_blocks_tiling.h"

#include <algorithm>
#include <limits>
#include <string>

#include "../../op_kernel/asc_copy_blocks/asc_copy_blocks_variants.h"
#include "../../op_kernel/common/vector_units.h"

namespace attn {
namespace {

constexpr char kOperation[] = "copy_blocks";
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxBlockBytes = int64_t{1} << 40;
constexpr int32_t kChunkBytes = 64 * 1024;  // of one buffer; two of them fit in UB
constexpr int32_t kMinChunkBytes = 4 * 1024;
constexpr int32_t kStages = 2;

bool CheckBlocks(const std::string& cache, const BlockCopyProblem& blocks, TilingError* error) {
    if (blocks.blockBytes < 0 || blocks.blockBytes > kMaxBlockBytes) {
        return error->Set(kOperation, cache + " block bytes", blocks.blockBytes,
                          "be from 0 to " + std::to_string(kMaxBlockBytes));
    }
    const int64_t stride = std::min(blocks.sourceStride, blocks.targetStride);
    if (stride < blocks.blockBytes) {
        return error->Set(kOperation, cache + " block stride", stride,
                          "be at least " + std::to_string(blocks.blockBytes));
    }
    return true;
}

int64_t DivideUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

BlockCopyTiling Planned(const BlockCopyProblem& blocks, int32_t chunkBytes) {
    return {blocks.blockBytes, blocks.sourceStride, blocks.targetStride,
            DivideUp(blocks.blockBytes, chunkBytes)};
}

}  // namespace

std::vector<KernelVariant> CopyBlocksVariants() {
#define ASC_COPY_BLOCKS_ROW(key, kernelType, element) {key, #kernelType, #element, ""},
    return {ASC_COPY_BLOCKS_VARIANTS(ASC_COPY_BLOCKS_ROW)};
#undef ASC_COPY_BLOCKS_ROW
}

bool ComputeCopyBlocksTiling(const CopyBlocksProblem& problem, const CoreLimits& core,
                             CopyBlocksPlan* plan, TilingError* error) {
    *plan = {};
    if (problem.pairs < 0 || problem.pairs > kInt32Max) {
        return error->Set(kOperation, "block_mapping pairs", problem.pairs,
                          "be from 0 to 2147483647");
    }
    if (!CheckBlocks("key_cache", problem.key, error) ||
        !CheckBlocks("value_cache", problem.value, error) ||
        !CheckVectorCore(core, kStages * kChunkBytes, kOperation, error)) {
        return false;
    }
    // Chunks as large as leave every core two, so that loads and stores overlap.
    const int64_t perPair = problem.key.blockBytes + problem.value.blockBytes;
    const double half = static_cast<double>(problem.pairs) * static_cast<double>(perPair) /
                        (2.0 * core.vectorCores);
    const double clamped = std::clamp<double>(half, kMinChunkBytes, kChunkBytes);
    AscCopyBlocksTiling& tiling = plan->tiling;
    tiling.chunkBytes = RoundUp(static_cast<int32_t>(clamped), kDataBlockBytes);
    tiling.key = Planned(problem.key, tiling.chunkBytes);
    tiling.value = Planned(problem.value, tiling.chunkBytes);
    tiling.pairs = static_cast<int32_t>(problem.pairs);
    tiling.pieces = problem.pairs * (tiling.key.chunks + tiling.value.chunks);
    plan->launch.key = CopyBlocksVariants().front().key;
    plan->launch.blockDim =
        static_cast<int32_t>(std::clamp<int64_t>(tiling.pieces, 1, core.vectorCores));
    plan->launch.workspaceBytes = 0;
    return true;
}

}  // namespace attn
