// SPDX-License-Identifier: Apache-2.0
#include "flash_plan.h"

#include <algorithm>

#include "../../op_kernel/common/flash_buffers.h"
#include "../../op_kernel/common/flash_schedule.h"
#include "flash_check.h"
#include "flash_search.h"

namespace attn {
namespace {

constexpr int64_t kWorkspaceUnit = 512;  // bytes: how parts of a workspace are aligned

int64_t DivideUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

int32_t WindowOf(int64_t window) {
    return window < 0 || window > kFlashNoWindow ? kFlashNoWindow : static_cast<int32_t>(window);
}

void SetProblem(const FlashProblem& problem, FlashTiling* tiling) {
    const auto narrow = [](int64_t value) { return static_cast<int32_t>(value); };
    const auto flag = [](bool value) { return value ? 1 : 0; };
    tiling->query = problem.query;
    tiling->output = problem.output;
    tiling->lse = problem.lse;
    tiling->key = problem.key;
    tiling->value = problem.value;
    tiling->mask = problem.mask;
    tiling->blockTableStride = problem.blockTableStride;
    tiling->alibiStride = problem.alibiStride;
    tiling->batch = narrow(problem.batch);
    tiling->queryTokens = narrow(problem.queryTokens);
    tiling->keyTokens = narrow(problem.keyTokens);
    tiling->heads = narrow(problem.heads);
    tiling->kvHeads = narrow(problem.kvHeads);
    tiling->headDim = narrow(problem.headDim);
    tiling->valueDim = narrow(problem.valueDim);
    tiling->blockSize = narrow(problem.blockSize);
    tiling->layout = problem.layout;
    tiling->windowLeft = WindowOf(problem.windowLeft);
    tiling->windowRight = WindowOf(problem.windowRight);
    tiling->scale = problem.scale;
    tiling->softcap = problem.softcap;
    tiling->hasQueryStarts = flag(problem.hasQueryStarts);
    tiling->hasKeyStarts = flag(problem.hasKeyStarts);
    tiling->hasQueryLens = flag(problem.hasQueryLens);
    tiling->hasKeyLens = flag(problem.hasKeyLens);
    tiling->hasKeyRows = flag(problem.hasKeyRows);
    tiling->hasKeyPads = flag(problem.hasKeyPads);
    tiling->hasPrefixes = flag(problem.hasPrefixes);
    tiling->hasAlibi = flag(problem.hasAlibi);
    tiling->hasSinks = flag(problem.hasSinks);
    tiling->hasMask = flag(problem.hasMask);
    tiling->biasBytes = narrow(problem.biasBytes);
    tiling->writeLse = flag(problem.writeLse);
    tiling->scoreFormat = problem.scoreFormat;
}

// The rings of the blocks come first, then partial results.
void PlaceWorkspace(const FlashProblem& problem, FlashPlan* plan) {
    FlashTiling& tiling = plan->tiling;
    const auto align = [](int64_t bytes) {
        return DivideUp(bytes, kWorkspaceUnit) * kWorkspaceUnit;
    };
    plan->workspaceBytes = align(plan->blocks * FlashRingsPlan(tiling).blockBytes);
    if (tiling.maxPartitions > 1) {
        const int64_t tokens = problem.queryTokens * (problem.hasQueryStarts ? 1 : problem.batch);
        const int64_t states = tokens * problem.heads * tiling.maxPartitions * kFloatBytes;
        tiling.partialSums = plan->workspaceBytes;
        tiling.partialMaxima = tiling.partialSums + align(states);
        tiling.partialOutputs = tiling.partialMaxima + align(states);
        plan->workspaceBytes = tiling.partialOutputs + align(states * problem.valueDim);
    }
}

std::string ReasonOf(const FlashProblem& problem, const FlashPlan& plan,
                     const FlashChoice& choice) {
    const FlashTiling& tiling = plan.tiling;
    const auto text = [](int64_t number) { return std::to_string(number); };
    std::string pinned;
    const auto add = [&pinned](int64_t value, const char* name) {
        if (value != 0) {
            pinned += (pinned.empty() ? "; pinned: " : ", ") + std::string(name);
        }
    };
    add(problem.rowTile, "row_tile");
    add(problem.kvTile, "kv_tile");
    add(problem.lookahead, "lookahead");
    add(problem.pack, "pack");
    add(problem.splits, "num_splits");
    add(problem.partitionTokens, "partition_size");
    const std::string heads = tiling.pack == 1 ? "" : " of " + text(tiling.pack) + " heads each";
    const std::string split = tiling.maxPartitions == 1
                                  ? "no split of the keys"
                                  : "keys split in partitions of " + text(tiling.partitionTokens);
    const std::string why = choice.choices == 1
                                ? "as asked for"
                                : "modelled to be the fastest of " + text(choice.choices) +
                                      " tilings (" + text(choice.cost.cycles) +
                                      " cycles, bound by " + choice.cost.bound + ")";
    const std::string scores =
        tiling.scoreFormat == ScoreFormat::kHalf ? ", scores as float16" : "";
    return text(tiling.rowTile) + " rows" + heads + " x " + text(tiling.kvTile) + " keys, " +
           text(tiling.lookahead) + " steps ahead" + scores + ", " + split + ", on " +
           text(plan.blocks) + " cube cores: " + why + pinned;
}

}  // namespace

bool ComputeFlashPlan(const FlashProblem& problem, const CoreLimits& core,
                      const std::string& operation, FlashPlan* plan, TilingError* error) {
    *plan = {};
    if (!CheckFlashProblem(problem, operation, error) || !CheckFlashCores(core, operation, error)) {
        return false;
    }
    FlashTiling base{};
    SetProblem(problem, &base);
    const FlashChoice choice = ChooseFlashTiling(problem, core, base);
    if (choice.choices == 0) {
        return error->Set(operation, "core l1_bytes and ub_bytes",
                          std::to_string(core.l1Bytes) + ", " + std::to_string(core.ubBytes),
                          "hold a tile of the problem");
    }
    plan->tiling = choice.tiling;
    plan->modelCycles = choice.cost.cycles;
    plan->blocks = static_cast<int32_t>(std::clamp<int64_t>(choice.cost.units, 1, core.cubeCores));
    PlaceWorkspace(problem, plan);
    plan->reason = ReasonOf(problem, *plan, choice);
    return true;
}

}  // namespace attn
