// SPDX-License-Identifier: Apache-2.0
#include "flash_plan.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "../../op_kernel/common/flash_buffers.h"
#include "../../op_kernel/common/flash_schedule.h"
#include "flash_check.h"
#include "flash_cost.h"

namespace attn {
namespace {

constexpr int64_t kWorkspaceUnit = 512;  // bytes: how parts of a workspace are aligned
constexpr int64_t kKeysAhead = 1024;     // that hide the hand-overs between cores
constexpr int32_t kLeastLookahead = 2;   // below that the cube waits for every step
constexpr int64_t kEnoughTasks = 4;      // a block: smaller ones balance no better
constexpr int64_t kMaxAutoPartitions = 64;
constexpr int64_t kGainPercent = 2;        // that a smaller tile must be modelled to bring
constexpr int64_t kSplitGainPercent = 10;  // likewise a split
constexpr int32_t kMaxWideDim = 128;       // of heads with two halves of rows
constexpr int32_t kMaxKvTile = 512;
constexpr int32_t kSliceUnit = 8;  // rows

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

// Rings in L1: two slots or more hide loads, most of all those of keys. Each slot takes one of the
// 8 event ids between MTE2 and MTE1. False if not even one each fits.
bool PlaceRings(int64_t l1Bytes, FlashTiling* tiling) {
    const auto set = [tiling](int32_t query, int32_t key, int32_t value, int32_t probability) {
        tiling->querySlots = query;
        tiling->keySlots = key;
        tiling->valueSlots = value;
        tiling->probabilitySlots = probability;
    };
    constexpr int32_t kChoices[][4] = {{2, 2, 2, 2}, {1, 3, 2, 2}, {1, 2, 2, 2}, {1, 3, 2, 1},
                                       {1, 2, 2, 1}, {1, 3, 1, 2}, {1, 2, 1, 2}, {1, 3, 1, 1},
                                       {1, 2, 1, 1}, {1, 1, 1, 1}};
    for (const auto& slots : kChoices) {
        set(slots[0], slots[1], slots[2], slots[3]);
        if (FlashL1Bytes(*tiling) + kL1ReservedBytes <= l1Bytes) {
            return true;
        }
    }
    return false;
}

// The rows of a slice, as many as fit into UB; false if not even 8 do.
bool PlaceSlices(int64_t ubBytes, FlashTiling* tiling) {
    const int32_t rows = Smaller(tiling->rowTile, kHalfRows);
    const int32_t most = RoundUp(CeilDiv(rows, kVectorCores), kSliceUnit);
    for (tiling->sliceRows = most; tiling->sliceRows > 0; tiling->sliceRows -= kSliceUnit) {
        const int64_t scores = int64_t{tiling->sliceRows} * tiling->kvTile * kFloatBytes;
        const int64_t outputs = int64_t{tiling->sliceRows} * tiling->valueDim * kFloatBytes;
        if (3 * scores + 3 * outputs + 16 * 1024 + kUbReservedBytes <= ubBytes) {
            return true;
        }
    }
    return false;
}

// Lengths that differ are device data: no host can deal their units.
FlashAssignment AssignmentOf(const FlashTiling& tiling) {
    const bool isUniform = tiling.hasQueryStarts == 0 && tiling.hasQueryLens == 0 &&
                           tiling.hasKeyStarts == 0 && tiling.hasKeyLens == 0 &&
                           tiling.hasKeyPads == 0 && tiling.hasPrefixes == 0;
    return isUniform && tiling.maxPartitions == 1 ? FlashAssignment::kDealt
                                                  : FlashAssignment::kShares;
}

// Goes through tilings of one problem and keeps the one that is modelled to be the fastest.
class Search {
 public:
    Search(const FlashProblem& problem, const CoreLimits& core, const FlashTiling& base)
        : problem_(problem), core_(core), base_(base), model_(problem, core.cubeCores) {}

    void Run() {
        for (const int32_t pack : Packs()) {
            for (const int32_t rowTile : RowTiles(pack)) {
                TryTile(pack, rowTile);
                base_.pack = pack;
                base_.rowTile = rowTile;
                if (model_.TasksOf(base_) >= kEnoughTasks * core_.cubeCores) {
                    break;
                }
            }
        }
    }

    bool HasFound() const { return choices_ > 0; }
    int64_t Choices() const { return choices_; }
    const FlashTiling& Best() const { return best_; }
    const FlashCost& BestCost() const { return bestCost_; }

 private:
    std::vector<int32_t> Packs() const {
        const auto group = static_cast<int32_t>(problem_.heads / problem_.kvHeads);
        if (problem_.pack != 0) {
            return {static_cast<int32_t>(problem_.pack)};
        }
        return group == 1 ? std::vector<int32_t>{1} : std::vector<int32_t>{1, group};
    }

    // From large to small, none more than twice as large as needed.
    std::vector<int32_t> RowTiles(int32_t pack) const {
        if (problem_.rowTile != 0) {
            return {static_cast<int32_t>(problem_.rowTile)};
        }
        const int64_t rows = std::max<int64_t>(problem_.maxQueryTokens * pack, 1);
        std::vector<int32_t> tiles;
        for (int32_t tile = kMaxHalves * kHalfRows; tile >= kFractal; tile /= 2) {
            const bool isWide = tile > kHalfRows;
            const bool fits =
                !isWide || (problem_.headDim <= kMaxWideDim && problem_.valueDim <= kMaxWideDim);
            if (fits && (tile == kFractal || rows > tile / 2)) {
                tiles.push_back(tile);
            }
        }
        return tiles;
    }

    std::vector<int32_t> KvTiles() const {
        if (problem_.kvTile != 0) {
            return {static_cast<int32_t>(problem_.kvTile)};
        }
        std::vector<int32_t> tiles;
        for (int32_t tile = kMaxKvTile; tile >= kTileKeys; tile -= kTileKeys) {
            if (tile == kTileKeys || problem_.maxKeyTokens > tile - kTileKeys) {
                tiles.push_back(tile);
            }
        }
        return tiles;
    }

    void TryTile(int32_t pack, int32_t rowTile) {
        for (const int32_t kvTile : KvTiles()) {
            FlashTiling tiling = base_;
            tiling.pack = pack;
            tiling.rowTile = rowTile;
            tiling.kvTile = kvTile;
            if (!PlaceRings(core_.l1Bytes, &tiling) || !PlaceSlices(core_.ubBytes, &tiling)) {
                continue;
            }
            if (problem_.partitionTokens != 0) {
                TryPartition(problem_.partitionTokens, tiling);
                continue;
            }
            if (problem_.splits != 0) {
                TrySplits(problem_.splits, tiling);
                continue;
            }
            TrySplits(1, tiling);
            const int64_t blocks = core_.cubeCores;
            if (model_.TasksOf(tiling) >= 2 * blocks) {
                continue;
            }
            for (int64_t splits = 2; splits <= kMaxAutoPartitions; splits += splits < 16 ? 1 : 8) {
                TrySplits(splits, tiling);
            }
        }
    }

    // Partitions of whole tiles of keys, as equal as can be for the longest sequence.
    void TrySplits(int64_t splits, const FlashTiling& tiling) {
        const int64_t keys = std::max<int64_t>(problem_.maxKeyTokens, 1);
        const int64_t partition = DivideUp(DivideUp(keys, splits), kTileKeys) * kTileKeys;
        if (partition < keys || splits == 1 || problem_.splits != 0) {  // else tried before
            TryPartition(partition, tiling);
        }
    }

    void TryPartition(int64_t partition, FlashTiling tiling) {
        const int64_t keys = std::max<int64_t>(problem_.maxKeyTokens, 1);
        tiling.maxPartitions = static_cast<int32_t>(DivideUp(keys, partition));
        tiling.partitionTokens =
            tiling.maxPartitions == 1 ? kFlashOnePartition : static_cast<int32_t>(partition);
        tiling.assignment = AssignmentOf(tiling);
        const FlashCost cost = model_.Of(tiling);
        ++choices_;
        const bool isSplit = tiling.maxPartitions > 1 && best_.maxPartitions == 1;
        const int64_t gain = isSplit ? kSplitGainPercent : kGainPercent;
        if (choices_ == 1 || cost.cycles * 100 < bestCost_.cycles * (100 - gain)) {
            best_ = tiling;
            bestCost_ = cost;
        }
    }

    const FlashProblem& problem_;
    const CoreLimits& core_;
    FlashTiling base_;
    FlashCostModel model_;
    FlashTiling best_{};
    FlashCost bestCost_{};
    int64_t choices_ = 0;
};

// As many steps as make kKeysAhead keys; no more than a block has.
int32_t LookaheadOf(const FlashTiling& tiling, const FlashCost& cost, int64_t blocks) {
    const int64_t steps = cost.steps * DivideUp(cost.units, blocks);
    const int32_t wanted =
        Larger(static_cast<int32_t>(DivideUp(kKeysAhead, tiling.kvTile)), kLeastLookahead);
    return static_cast<int32_t>(std::clamp<int64_t>(steps, 1, Smaller(wanted, kMaxLookahead)));
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

std::string ReasonOf(const FlashProblem& problem, const FlashPlan& plan, const FlashCost& cost,
                     int64_t choices) {
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
    const std::string why = choices == 1
                                ? "as asked for"
                                : "modelled to be the fastest of " + text(choices) + " tilings (" +
                                      text(cost.cycles) + " cycles, bound by " + cost.bound + ")";
    return text(tiling.rowTile) + " rows" + heads + " x " + text(tiling.kvTile) + " keys, " +
           text(tiling.lookahead) + " steps ahead, " + split + ", on " + text(plan.blocks) +
           " cube cores: " + why + pinned;
}

// Sequences of lengths that the host knows.
class HostSequences {
 public:
    HostSequences(const FlashTiling& tiling, const std::vector<int32_t>& queryLens,
                  const std::vector<int32_t>& keyLens, const std::vector<int32_t>& prefixes)
        : tiling_(tiling), queryLens_(queryLens), keyLens_(keyLens), prefixes_(prefixes) {}

    FlashSequence Of(int32_t index) const {
        const auto i = static_cast<size_t>(index);
        FlashSequence sequence{};
        sequence.index = index;
        sequence.queryTokens = queryLens_.empty() ? tiling_.queryTokens : queryLens_[i];
        sequence.keyTokens = keyLens_.empty() ? tiling_.keyTokens : keyLens_[i];
        sequence.prefix = prefixes_.empty() ? 0 : prefixes_[i];
        return sequence;
    }

 private:
    const FlashTiling& tiling_;
    const std::vector<int32_t>& queryLens_;
    const std::vector<int32_t>& keyLens_;
    const std::vector<int32_t>& prefixes_;
};

// Multiply-accumulates that a step hands to the cube.
int64_t MacsOf(const FlashTiling& tiling, const FlashStep& step) {
    int64_t scores = 0;
    for (int32_t half = 0; half < step.unit.Halves() && step.columns > 0; ++half) {
        scores += int64_t{step.unit.RowsOfHalf(half)} * step.ColumnsOfHalf(tiling, half).Count();
    }
    return scores * (tiling.headDim + tiling.valueDim);
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
    Search search(problem, core, base);
    search.Run();
    if (!search.HasFound()) {
        return error->Set(operation, "core l1_bytes and ub_bytes",
                          std::to_string(core.l1Bytes) + ", " + std::to_string(core.ubBytes),
                          "hold a tile of the problem");
    }
    plan->tiling = search.Best();
    const FlashCost& cost = search.BestCost();
    plan->modelCycles = cost.cycles;
    plan->blocks = static_cast<int32_t>(std::clamp<int64_t>(cost.units, 1, core.cubeCores));
    plan->tiling.lookahead = problem.lookahead != 0 ? static_cast<int32_t>(problem.lookahead)
                                                    : LookaheadOf(plan->tiling, cost, plan->blocks);
    PlaceWorkspace(problem, plan);
    plan->reason = ReasonOf(problem, *plan, cost, search.Choices());
    return true;
}

std::vector<std::vector<FlashWork>> FlashWorkOf(const FlashPlan& plan,
                                                const std::vector<int32_t>& queryLens,
                                                const std::vector<int32_t>& keyLens,
                                                const std::vector<int32_t>& prefixes) {
    const FlashTiling& tiling = plan.tiling;
    const HostSequences sequences(tiling, queryLens, keyLens, prefixes);
    std::vector<std::vector<FlashWork>> blocks(static_cast<size_t>(plan.blocks));
    FlashSteps<HostSequences> steps(tiling, sequences);
    for (int32_t block = 0; block < plan.blocks; ++block) {
        std::vector<FlashWork>& work = blocks[static_cast<size_t>(block)];
        steps.Begin(block, plan.blocks);
        FlashStep step{};
        while (steps.Next(&step)) {
            const FlashUnit& unit = step.unit;
            if (step.isFirst) {
                work.push_back({unit.sequence.index, unit.firstHead, unit.firstRow, unit.rows,
                                unit.keys.begin, unit.keys.end, unit.partition, 0});
            }
            work.back().macs += MacsOf(tiling, step);
        }
    }
    return blocks;
}

}  // namespace attn
