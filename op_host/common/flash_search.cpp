// SPDX-License-Identifier: Apache-2.0
#include "flash_search.h"

#include <algorithm>
#include <vector>

#include "../../op_kernel/common/flash_buffers.h"
#include "../../op_kernel/common/flash_schedule.h"
#include "../../op_kernel/common/flash_ub.h"

namespace attn {
namespace {

constexpr int64_t kKeysAhead = 1024;    // that hide the hand-overs between cores
constexpr int32_t kLeastLookahead = 2;  // with less the cube waits for every step
constexpr int64_t kEnoughTasks = 4;     // a block: with more, smaller ones balance no better
constexpr int64_t kMaxAutoPartitions = 64;
constexpr int64_t kPartialBytes = 4 * 1024 * 1024;  // of partial results at most, for each core
constexpr int64_t kGainPercent = 2;                 // that a smaller tile must be modelled to bring
constexpr int64_t kSplitGainPercent = 10;           // likewise a split
constexpr int32_t kMaxWideDim = 128;                // of heads with two halves of rows
constexpr int32_t kMaxKvTile = 512;

int64_t DivideUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

// Rings in L1. A second slot hides loads; those of values and probabilities are preferred to a
// third one for keys. Each slot takes one of the 8 event ids between MTE2 and MTE1. False if not
// even one slot each fits.
bool PlaceRings(int64_t l1Bytes, FlashTiling* tiling) {
    constexpr struct {
        int32_t query, key, value, probability;
    } kChoices[] = {{2, 2, 2, 2}, {1, 3, 2, 2}, {1, 2, 2, 2}, {1, 3, 2, 1}, {1, 2, 2, 1},
                    {1, 3, 1, 2}, {1, 2, 1, 2}, {1, 3, 1, 1}, {1, 2, 1, 1}, {1, 1, 1, 1}};
    for (const auto& slots : kChoices) {
        tiling->querySlots = slots.query;
        tiling->keySlots = slots.key;
        tiling->valueSlots = slots.value;
        tiling->probabilitySlots = slots.probability;
        if (FlashL1Bytes(*tiling) + kL1ReservedBytes <= l1Bytes) {
            return true;
        }
    }
    return false;
}

// The rows of a slice, as many as fit into UB; false if not even the fewest do.
bool PlaceSlices(int64_t ubBytes, FlashTiling* tiling) {
    const int64_t room = std::min<int64_t>(ubBytes - kUbReservedBytes, kUbBytes);
    tiling->sliceRows = FlashCoreRows(Smaller(tiling->rowTile, kHalfRows));
    while (tiling->sliceRows > 0 && FlashUbPlan(*tiling).totalBytes > room) {
        tiling->sliceRows -= kFloatsPerBlock;
    }
    return tiling->sliceRows > 0;
}

// Lengths that differ are device data: no host can deal their units.
FlashAssignment AssignmentOf(const FlashTiling& tiling) {
    const bool isUniform = tiling.hasQueryStarts == 0 && tiling.hasQueryLens == 0 &&
                           tiling.hasKeyStarts == 0 && tiling.hasKeyLens == 0 &&
                           tiling.hasKeyPads == 0 && tiling.hasPrefixes == 0;
    return isUniform && tiling.maxPartitions == 1 ? FlashAssignment::kDealt
                                                  : FlashAssignment::kShares;
}

class Search {
 public:
    Search(const FlashProblem& problem, const CoreLimits& core, const FlashTiling& base)
        : problem_(problem), core_(core), base_(base), model_(problem, core.cubeCores) {}

    FlashChoice Run() {
        for (const int32_t pack : Packs()) {
            for (const int32_t rowTile : RowTiles(pack)) {
                FlashTiling tiling = base_;
                tiling.pack = pack;
                tiling.rowTile = rowTile;
                const int64_t tasks = model_.TasksOf(tiling);
                for (const int32_t kvTile : KvTiles()) {
                    tiling.kvTile = kvTile;
                    TryTiles(tiling);
                }
                if (tasks >= kEnoughTasks * core_.cubeCores) {
                    break;
                }
            }
        }
        ShortenLookahead();
        return best_;
    }

 private:
    std::vector<int32_t> Packs() const {
        const auto group = static_cast<int32_t>(problem_.heads / problem_.kvHeads);
        if (problem_.pack != 0) {
            return {static_cast<int32_t>(problem_.pack)};
        }
        return group == 1 ? std::vector<int32_t>{1} : std::vector<int32_t>{1, group};
    }

    // From large to small; none that would stay half empty.
    std::vector<int32_t> RowTiles(int32_t pack) const {
        if (problem_.rowTile != 0) {
            return {static_cast<int32_t>(problem_.rowTile)};
        }
        const int64_t rows = problem_.maxQueryTokens * pack;
        const bool canBeWide = problem_.headDim <= kMaxWideDim && problem_.valueDim <= kMaxWideDim;
        std::vector<int32_t> tiles;
        for (int32_t tile = canBeWide ? kMaxHalves * kHalfRows : kHalfRows; tile >= kFractal;
             tile /= 2) {
            if (tile == kFractal || rows > tile / 2) {
                tiles.push_back(tile);
            }
        }
        return tiles;
    }

    // Likewise.
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

    void TryTiles(FlashTiling tiling) {
        const auto ahead = static_cast<int32_t>(DivideUp(kKeysAhead, tiling.kvTile));
        tiling.lookahead = problem_.lookahead != 0
                               ? static_cast<int32_t>(problem_.lookahead)
                               : std::clamp(ahead, kLeastLookahead, kMaxLookahead);
        if (problem_.partitionTokens != 0) {
            TryPartition(problem_.partitionTokens, tiling);
            return;
        }
        if (problem_.splits != 0) {
            TrySplits(problem_.splits, tiling);
            return;
        }
        const FlashCost whole = TrySplits(1, tiling);
        if (whole.cycles * (100 - kSplitGainPercent) <= whole.leastCycles * 100) {
            return;
        }
        for (int64_t splits = 2; splits <= kMaxAutoPartitions; splits += splits < 16 ? 1 : 8) {
            if (splits * BytesOfPartials(tiling) > kPartialBytes * core_.cubeCores) {
                return;
            }
            TrySplits(splits, tiling);
        }
    }

    // Of one partition of every row.
    int64_t BytesOfPartials(const FlashTiling& tiling) const {
        const int64_t tokens =
            problem_.queryTokens * (problem_.hasQueryStarts ? 1 : problem_.batch);
        return tokens * problem_.heads * (tiling.valueDim + 2) * kFloatBytes;
    }

    // Partitions of whole tiles of keys, as equal as can be for the longest sequence.
    FlashCost TrySplits(int64_t splits, const FlashTiling& tiling) {
        const int64_t keys = std::max<int64_t>(problem_.maxKeyTokens, 1);
        const int64_t partition = DivideUp(DivideUp(keys, splits), kTileKeys) * kTileKeys;
        const bool isNew = partition < keys || splits == 1 || problem_.splits != 0;
        return isNew ? TryPartition(partition, tiling) : FlashCost{};
    }

    FlashCost TryPartition(int64_t partition, FlashTiling tiling) {
        const int64_t keys = std::max<int64_t>(problem_.maxKeyTokens, 1);
        tiling.maxPartitions = static_cast<int32_t>(DivideUp(keys, partition));
        tiling.partitionTokens =
            tiling.maxPartitions == 1 ? kFlashOnePartition : static_cast<int32_t>(partition);
        tiling.assignment = AssignmentOf(tiling);
        if (!PlaceRings(core_.l1Bytes, &tiling) || !PlaceSlices(core_.ubBytes, &tiling)) {
            return {};
        }
        const FlashCost cost = model_.Of(tiling);
        const bool isSplit = tiling.maxPartitions > 1 && best_.tiling.maxPartitions == 1;
        const int64_t gain = isSplit ? kSplitGainPercent : kGainPercent;
        if (best_.choices == 0 || cost.cycles * 100 < best_.cost.cycles * (100 - gain)) {
            best_.tiling = tiling;
            best_.cost = cost;
        }
        ++best_.choices;
        return cost;
    }

    // More steps ahead than a block has only take workspace.
    void ShortenLookahead() {
        if (problem_.lookahead == 0 && best_.choices > 0) {
            const int64_t steps =
                best_.cost.steps * DivideUp(best_.cost.units, int64_t{core_.cubeCores});
            best_.tiling.lookahead =
                static_cast<int32_t>(std::clamp<int64_t>(steps, 1, best_.tiling.lookahead));
        }
    }

    const FlashProblem& problem_;
    const CoreLimits& core_;
    const FlashTiling base_;
    const FlashCostModel model_;
    FlashChoice best_{};
};

}  // namespace

FlashChoice ChooseFlashTiling(const FlashProblem& problem, const CoreLimits& core,
                              const FlashTiling& base) {
    return Search(problem, core, base).Run();
}

}  // namespace attn
