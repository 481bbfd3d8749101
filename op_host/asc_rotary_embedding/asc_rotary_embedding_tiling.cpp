// SPDX-License-Identifier: Apache-2.0
#include "asc_rotary_embedding_tiling.h"

#include <algorithm>
#include <limits>
#include <string>

#include "../../op_kernel/asc_rotary_embedding/asc_rotary_embedding_schedule.h"
#include "../../op_kernel/asc_rotary_embedding/asc_rotary_embedding_variants.h"
#include "../common/paged_cache_layout.h"
#include "../common/row_tile_plan.h"

namespace attn {
namespace {

constexpr char kOperation[] = "apply_rotary_emb";
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kRotaryDimUnit = 16;

// -1 if no variant has these types.
int32_t FindKey(DataType type, DataType factorType) {
    const std::string element = ElementOf(type);
    const std::string factor = ElementOf(factorType);
#define ASC_ROTARY_EMBEDDING_MATCH(key, kernelType, Element, Factor) \
    if (element == #Element && factor == #Factor) {                  \
        return key;                                                  \
    }
    ASC_ROTARY_EMBEDDING_VARIANTS(ASC_ROTARY_EMBEDDING_MATCH)
#undef ASC_ROTARY_EMBEDDING_MATCH
    return -1;
}

bool CheckShape(const RotaryProblem& problem, TilingError* error) {
    if (!error->CheckRange(kOperation, "x batch", problem.batch, 0, kInt32Max) ||
        !error->CheckRange(kOperation, "x tokens", problem.sequence, 0,
                           kInt32Max / std::max<int64_t>(problem.batch, 1)) ||
        !error->CheckRange(kOperation, "x heads", problem.heads, 1, kInt32Max) ||
        !error->CheckRange(kOperation, "x head_dim", problem.headDim, kRotaryDimUnit,
                           kMaxRotaryHeadDim)) {
        return false;
    }
    if (problem.rotaryDim < kRotaryDimUnit || problem.rotaryDim > problem.headDim ||
        problem.rotaryDim % kRotaryDimUnit != 0) {
        return error->Set(kOperation, "rotary_dim, twice the columns of cos", problem.rotaryDim,
                          "be a multiple of " + std::to_string(kRotaryDimUnit) +
                              " up to the head_dim of x (" + std::to_string(problem.headDim) + ")");
    }
    return true;
}

bool CheckView(const char* name, const TokenView& view, const RotaryProblem& problem,
               TilingError* error) {
    const std::string argument(name);
    constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
    const int64_t most = MaxRowStride(ElementBytes(problem.type));
    return error->CheckRange(kOperation, argument + " row stride", view.rowStride, 0, kAny) &&
           error->CheckRange(kOperation, argument + " token stride", view.tokenStride, 0, kAny) &&
           (problem.heads == 1 || error->CheckRange(kOperation, argument + " head stride",
                                                    view.headStride, problem.headDim, most));
}

bool CheckOutputRows(const RotaryProblem& problem, TilingError* error) {
    const TokenView& view = problem.output;
    return CheckRowsAreDisjoint({problem.batch, problem.sequence, problem.heads, problem.headDim},
                                {view.rowStride, view.tokenStride, view.headStride}, kOperation,
                                "output", error);
}

// The stride of a single head says nothing, and the gap after it must not.
TokenView Normalized(TokenView view, const RotaryProblem& problem) {
    view.headStride = problem.heads == 1 ? problem.headDim : view.headStride;
    return view;
}

}  // namespace

std::vector<KernelVariant> RotaryVariants() {
#define ASC_ROTARY_EMBEDDING_ROW(key, kernelType, element, factor) {key, #kernelType, #element, ""},
    return {ASC_ROTARY_EMBEDDING_VARIANTS(ASC_ROTARY_EMBEDDING_ROW)};
#undef ASC_ROTARY_EMBEDDING_ROW
}

bool ComputeRotaryTiling(const RotaryProblem& problem, const CoreLimits& core, RotaryPlan* plan,
                         TilingError* error) {
    *plan = {};
    plan->launch.key = FindKey(problem.type, problem.factorType);
    if (plan->launch.key < 0) {
        return error->Set(kOperation, "cos dtype", NameOf(problem.factorType),
                          std::string("be float32 or that of x (") + NameOf(problem.type) +
                              "), which is a floating type");
    }
    if (!CheckShape(problem, error) || !CheckView("x", problem.x, problem, error) ||
        !CheckView("output", problem.output, problem, error) || !CheckOutputRows(problem, error) ||
        !error->CheckRange(kOperation, "cos stride", problem.cosStride, 0, kInt32Max) ||
        !error->CheckRange(kOperation, "sin stride", problem.sinStride, 0, kInt32Max)) {
        return false;
    }
    AscRotaryEmbeddingTiling& tiling = plan->tiling;
    tiling.x = Normalized(problem.x, problem);
    tiling.output = Normalized(problem.output, problem);
    tiling.cosStride = problem.cosStride;
    tiling.sinStride = problem.sinStride;
    tiling.sequence = static_cast<int32_t>(problem.sequence);
    tiling.headDim = static_cast<int32_t>(problem.headDim);
    tiling.rotaryDim = static_cast<int32_t>(problem.rotaryDim);
    tiling.interleaved = problem.interleaved ? 1 : 0;
    const int32_t elementBytes = ElementBytes(problem.type);
    tiling.pitch = RoundUp(tiling.headDim, kDataBlockBytes / elementBytes);

    const RowTileLimits limits{std::min(kRotaryTileElements / tiling.pitch, kMaxRotaryRows),
                               kRotaryFactors / tiling.rotaryDim};
    const int64_t tokens = problem.batch * problem.sequence;
    if (!PlanRowTiles(tokens, problem.heads, limits, core, &tiling.rows)) {
        return error->Set(
            kOperation, "x heads", problem.heads,
            "make fewer than 2147483647 tiles over " + std::to_string(tokens) + " tokens");
    }
    const RowTiles& rows = tiling.rows;
    const RotaryUb ub =
        RotaryUbPlan({rows.tokenTile * rows.headTile, rows.tokenTile, tiling.pitch,
                      tiling.rotaryDim, elementBytes, ElementBytes(problem.factorType)});
    if (!CheckVectorCore(core, ub.TotalBytes(), kOperation, error)) {
        return false;
    }
    plan->launch.blockDim = std::max(std::min(rows.tiles, core.vectorCores), 1);
    plan->launch.workspaceBytes = 0;
    return true;
}

}  // namespace attn
