// SPDX-License-Identifier: Apache-2.0
#include "asc_paged_attention_tiling.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "../../op_kernel/asc_paged_attention/asc_paged_attention_schedule.h"
#include "../../op_kernel/asc_paged_attention/asc_paged_attention_ub.h"
#include "../../op_kernel/asc_paged_attention/asc_paged_attention_variants.h"
#include "../common/score_numbers.h"
#include "asc_paged_attention_cube.h"
#include "asc_paged_attention_split.h"

namespace attn {
namespace {

constexpr char kOperation[] = "paged_attention";
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kHeadDimUnit = 8;
constexpr int64_t kBlockSizeUnit = 8;
constexpr int64_t kMaxBlockSize = 256;
constexpr int64_t kWorkspaceUnit = 512;  // bytes: how parts of a workspace are aligned

bool CheckRange(const char* argument, int64_t value, int64_t least, int64_t most,
                TilingError* error) {
    return error->CheckRange(kOperation, argument, value, least, most);
}

bool CheckMultiple(const char* argument, int64_t value, int64_t unit, int64_t most,
                   TilingError* error) {
    if (value < unit || value > most || value % unit != 0) {
        return error->Set(kOperation, argument, value,
                          "be a multiple of " + std::to_string(unit) + " from " +
                              std::to_string(unit) + " to " + std::to_string(most));
    }
    return true;
}

bool CheckShapes(const PagedAttentionProblem& problem, TilingError* error) {
    const PagedCacheShape& cache = problem.cache;
    if (!CheckRange("query batch", problem.batch, 0, kInt32Max, error) ||
        !CheckRange("query tokens", problem.queryTokens, 0, kInt32Max, error) ||
        !CheckMultiple("query head_dim", cache.headDim, kHeadDimUnit, kMaxHeadDim, error) ||
        !CheckMultiple("key_cache block_size", cache.blockSize, kBlockSizeUnit, kMaxBlockSize,
                       error)) {
        return false;
    }
    if (cache.heads < 1) {
        return error->Set(kOperation, "key_cache heads", cache.heads, "be at least 1");
    }
    if (problem.heads < 1 || problem.heads % cache.heads != 0) {
        return error->Set(kOperation, "query heads", problem.heads,
                          "be a multiple of key_cache heads (" + std::to_string(cache.heads) + ")");
    }
    const int64_t mostHeads = kInt32Max / std::max<int64_t>(problem.queryTokens, 1);
    if (problem.heads > mostHeads) {
        return error->Set(kOperation, "query heads", problem.heads,
                          "be at most 2147483647 over all " + std::to_string(problem.queryTokens) +
                              " query tokens");
    }
    if (!problem.hasQueryStarts && problem.queryTokens != problem.batch) {
        return error->Set(
            kOperation, "query tokens", problem.queryTokens,
            "equal the batch (" + std::to_string(problem.batch) + ") without query_start_loc");
    }
    const int64_t mostBlocks = kInt32Max / cache.blockSize;
    const int64_t mostQueryLen = kInt32Max / problem.heads - kMaxRowTile;
    return CheckRange("max_query_len", problem.maxQueryLen, 1, mostQueryLen, error) &&
           CheckRange("block_tables columns", problem.maxBlocks, 0, mostBlocks, error) &&
           CheckRange("max_seq_len", problem.maxSeqLen, -1, kInt32Max, error);
}

bool CheckStrides(const PagedAttentionProblem& problem, TilingError* error) {
    constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
    const bool rows = problem.layout == CacheLayout::kRows;
    const int64_t row = rows ? problem.cache.headDim : 0;
    const int64_t maxRowStride = MaxRowStride(ElementBytes(problem.type));
    return CheckRange("query stride", problem.queryStride, 0, kAny, error) &&
           CheckRange("block_tables stride", problem.blockTableStride, 0, kAny, error) &&
           CheckRange("key_cache block stride", problem.key.blockStride, 0, kAny, error) &&
           CheckRange("key_cache token stride", problem.key.tokenStride, row, maxRowStride,
                      error) &&
           CheckRange("key_cache head stride", problem.key.headStride, 0, kAny, error) &&
           CheckRange("value_cache block stride", problem.value.blockStride, 0, kAny, error) &&
           CheckRange("value_cache token stride", problem.value.tokenStride, row, maxRowStride,
                      error) &&
           CheckRange("value_cache head stride", problem.value.headStride, 0, kAny, error);
}

bool CheckOptions(const PagedAttentionProblem& problem, TilingError* error) {
    if (problem.type == DataType::kInt8) {
        return error->Set(kOperation, "query dtype", NameOf(problem.type),
                          "be float16, bfloat16 or float32");
    }
    if (problem.layout == CacheLayout::kNz && problem.strategy == Strategy::kVector) {
        return error->Set(kOperation, "strategy", "vector", "be cube or auto for the layout NZ");
    }
    if (!CheckScoreNumbers(problem.scale, problem.softcap, kOperation, error)) {
        return false;
    }
    if (!problem.seqLens.empty() && static_cast<int64_t>(problem.seqLens.size()) != problem.batch) {
        return error->Set(kOperation, "seq_lens entries",
                          static_cast<int64_t>(problem.seqLens.size()),
                          "be the batch (" + std::to_string(problem.batch) + ")");
    }
    return CheckRange("partitions of exp_sums", problem.partialOutputs, 0, kInt32Max, error);
}

int32_t FindKey(DataType type, CacheLayout layout) {
    const std::string element = type == DataType::kFloat16    ? "half"
                                : type == DataType::kBfloat16 ? "bfloat16_t"
                                                              : "float";
    const std::string name = layout == CacheLayout::kPacked ? "kPacked" : "kRows";
    for (const KernelVariant& variant : PagedAttentionVariants()) {
        if (variant.element == element && variant.layout == name) {
            return variant.key;
        }
    }
    return -1;
}

PagedAttentionUb UbPlan(const PagedAttentionProblem& problem, const AscPagedAttentionTiling& tiling,
                        int32_t rowTile) {
    return PagedAttentionUbPlan(tiling.pitch, ElementBytes(problem.type), problem.layout,
                                tiling.blockSize, tiling.kvTile, rowTile);
}

// Rows that fit into UB beside a tile of K and V; 0: none.
int32_t MaxRowTile(const PagedAttentionProblem& problem, const AscPagedAttentionTiling& tiling,
                   const CoreLimits& core) {
    const int64_t room = core.ubBytes - kUbReservedBytes;
    int32_t rows = kMaxRowTile;
    while (rows > 0 && UbPlan(problem, tiling, rows).TotalBytes() > room) {
        --rows;
    }
    return rows;
}

void SetProblem(const PagedAttentionProblem& problem, AscPagedAttentionTiling* tiling) {
    tiling->queryStride = problem.queryStride;
    tiling->blockTableStride = problem.blockTableStride;
    tiling->key = problem.key;
    tiling->value = problem.value;
    tiling->batch = static_cast<int32_t>(problem.batch);
    tiling->queryTokens = static_cast<int32_t>(problem.queryTokens);
    tiling->heads = static_cast<int32_t>(problem.heads);
    tiling->kvHeads = static_cast<int32_t>(problem.cache.heads);
    tiling->headDim = static_cast<int32_t>(problem.cache.headDim);
    tiling->blockSize = static_cast<int32_t>(problem.cache.blockSize);
    tiling->windowLeft = problem.windowLeft < 0 || problem.windowLeft > kNoWindow
                             ? kNoWindow
                             : static_cast<int32_t>(problem.windowLeft);
    tiling->softmaxScale = problem.scale;
    tiling->softcap = problem.softcap;
    tiling->hasAlibi = problem.hasAlibi ? 1 : 0;
    tiling->hasSinks = problem.hasSinks ? 1 : 0;
    tiling->hasQueryStarts = problem.hasQueryStarts ? 1 : 0;
    tiling->writeLse = problem.writeLse ? 1 : 0;
}

// Where partial results lie, and what workspace they take.
bool PlacePartials(const PagedAttentionProblem& problem, AscPagedAttentionTiling* tiling,
                   LaunchPlan* launch, TilingError* error) {
    launch->workspaceBytes = 0;
    if (problem.partialOutputs > 0) {
        if (problem.partialOutputs < tiling->maxPartitions) {
            return error->Set(kOperation, "partitions of exp_sums", problem.partialOutputs,
                              "be at least " + std::to_string(tiling->maxPartitions));
        }
        tiling->maxPartitions = static_cast<int32_t>(problem.partialOutputs);
        tiling->partialsAreOutputs = 1;
        return true;
    }
    if (tiling->maxPartitions > 1) {
        const int64_t states =
            problem.queryTokens * problem.heads * tiling->maxPartitions * kFloatBytes;
        const int64_t part = (states + kWorkspaceUnit - 1) / kWorkspaceUnit * kWorkspaceUnit;
        tiling->partialMaxima = part;
        tiling->partialOutputs = 2 * part;
        launch->workspaceBytes = 2 * part + states * problem.cache.headDim;
    }
    return true;
}

bool ComputeVectorTiling(const PagedAttentionProblem& problem, const CoreLimits& core,
                         PagedAttentionPlan* plan, TilingError* error) {
    *plan = {};
    plan->strategy = Strategy::kVector;
    AscPagedAttentionTiling& tiling = plan->tiling;
    SetProblem(problem, &tiling);
    const int32_t elementBytes = ElementBytes(problem.type);
    tiling.pitch = RowPitchOf(tiling.headDim, elementBytes);
    tiling.kvTile = KvTile(tiling.pitch, elementBytes, problem.layout, tiling.blockSize);
    tiling.tokenUnit = problem.layout == CacheLayout::kPacked
                           ? PackedTokenUnit(tiling.blockSize, elementBytes)
                           : 1;
    if (!CheckVectorCore(core, UbPlan(problem, tiling, 1).TotalBytes(), kOperation, error)) {
        return false;
    }
    PagedAttentionSplit split{};
    if (!ChooseSplit(problem, tiling.kvTile, MaxRowTile(problem, tiling, core), core.vectorCores,
                     &split, error)) {
        return false;
    }
    tiling.rowTile = split.rowTile;
    tiling.partitionTokens = split.partitionTokens;
    tiling.maxPartitions = split.maxPartitions;
    plan->reason = split.reason;
    if (!PlacePartials(problem, &tiling, &plan->launch, error)) {
        return false;
    }
    // No more cores than there can be units.
    const auto rows = static_cast<int32_t>(problem.maxQueryLen * (tiling.heads / tiling.kvHeads));
    const int64_t tasks = problem.batch * problem.cache.heads * CeilDiv(rows, tiling.rowTile);
    plan->launch.key = FindKey(problem.type, problem.layout);
    plan->launch.blockDim = static_cast<int32_t>(
        std::clamp<int64_t>(tasks * tiling.maxPartitions, 1, core.vectorCores));
    return true;
}

}  // namespace

std::vector<KernelVariant> PagedAttentionVariants() {
#define ASC_PAGED_ATTENTION_VECTOR(key, kernelType, element, layout) \
    {key, #kernelType, #element, #layout},
#define ASC_PAGED_ATTENTION_CUBE(key, kernelType, element) {key, #kernelType, #element, ""},
    return {ASC_PAGED_ATTENTION_VARIANTS(ASC_PAGED_ATTENTION_VECTOR, ASC_PAGED_ATTENTION_CUBE)};
#undef ASC_PAGED_ATTENTION_CUBE
#undef ASC_PAGED_ATTENTION_VECTOR
}

bool ComputePagedAttentionTiling(const PagedAttentionProblem& problem, const CoreLimits& core,
                                 PagedAttentionPlan* plan, TilingError* error) {
    *plan = {};
    if (!CheckShapes(problem, error) || !CheckStrides(problem, error) ||
        !CheckOptions(problem, error)) {
        return false;
    }
    StrategyChoice choice = ChooseStrategy(problem);
    if (choice.strategy == Strategy::kCube) {
        TilingError obstacle;
        if (ComputeCubeTiling(problem, core, plan, &obstacle)) {
            plan->reason = choice.reason + "; " + plan->reason;
            return true;
        }
        if (choice.isPinned) {
            *error = obstacle;
            return false;
        }
        choice.reason = "vector cores: " + obstacle.What().substr(std::strlen(kOperation) + 2);
    }
    if (!ComputeVectorTiling(problem, core, plan, error)) {
        return false;
    }
    plan->reason = choice.reason + "; " + plan->reason;
    return true;
}

std::vector<CoreWork> PagedAttentionWork(const PagedAttentionPlan& plan,
                                         const std::vector<int32_t>& seqLens,
                                         const std::vector<int32_t>& queryStarts) {
    if (plan.strategy == Strategy::kCube) {
        return CubeWork(plan, seqLens, queryStarts);
    }
    struct HostSpans {
        const std::vector<int32_t>& lengths;
        const std::vector<int32_t>& starts;

        SequenceSpan Of(int32_t sequence) const {
            const auto i = static_cast<size_t>(sequence);
            const int32_t length = std::max(lengths[i], 0);
            return starts.empty() ? SequenceSpan{sequence, 1, length}
                                  : SequenceSpan{starts[i], starts[i + 1] - starts[i], length};
        }
    };
    const HostSpans spans{seqLens, queryStarts};
    std::vector<CoreWork> work;
    for (int32_t core = 0; core < plan.launch.blockDim; ++core) {
        CoreWork sum{};
        PagedAttentionWalk<HostSpans> walk(plan.tiling, spans);
        for (walk.Begin(core, plan.launch.blockDim); !walk.AtEnd(); walk.Advance()) {
            const PagedAttentionUnit unit = walk.Unit();
            const TokenRange tokens{
                TokensOfRow(plan.tiling, unit.span, unit.firstRow).begin,
                TokensOfRow(plan.tiling, unit.span, unit.firstRow + unit.rows - 1).end};
            const TokenRange part = TokensOfPartition(plan.tiling, tokens, unit.partition);
            sum.cycles += walk.Cycles();
            sum.tokens += int64_t{Larger(part.end - part.begin, 0)} * unit.rows;
        }
        work.push_back(sum);
    }
    return work;
}

}  // namespace attn
