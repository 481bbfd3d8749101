// SPDX-License-Identifier: Apache-2.0
#include "flash_cost.h"

#include <algorithm>
#include <limits>

#include "../../op_kernel/common/flash_buffers.h"
#include "../../op_kernel/common/flash_schedule.h"

namespace attn {
namespace {

// Cycles, and bytes in a cycle.
constexpr int64_t kMmadCycles = 9;          // of a product besides its fractals
constexpr int64_t kMte1Cycles = 28;         // of a load into L0
constexpr int64_t kL0aBytes = 219;          // into L0A
constexpr int64_t kL0bBytes = 109;          // into L0B
constexpr int64_t kFixpipeCycles = 164;     // of a store of up to 128 columns
constexpr int64_t kFixpipeRowEighths = 36;  // of a row of one, in eighths of a cycle
constexpr int64_t kCubeLoadBytes = 110;     // from L2 to L1
constexpr int64_t kVectorLoadBytes = 67;    // from memory to UB
constexpr int64_t kVectorStoreBytes = 64;   // back
constexpr int64_t kSoftmaxPasses = 7;       // over the scores, 64 elements a cycle
constexpr int64_t kSliceCycles = 330;       // of beginning and ending a slice of rows
constexpr int64_t kRescalePasses = 2;       // over an output
constexpr int64_t kRescaleCycles = 100;     // of beginning and ending one
constexpr int64_t kL2Bytes = 3889;          // mixed reads and writes of all cores
constexpr int64_t kHbmBytes = 783;          // reads of all cores
constexpr int64_t kHbmCoreBytes = 50;       // of one core into L1, assumed
constexpr int64_t kFlagCycles = 150;        // from setting a flag to seeing it
constexpr int64_t kUnitBeginCycles = 500;   // of a unit, besides its steps
constexpr int64_t kRunCycles = 21;          // of a copy of the heads of one token
constexpr int64_t kSyncCycles = 6000;       // of all vector cores waiting for each other
constexpr int64_t kPartialCycles = 60;      // of combining one partial result of a row
constexpr int64_t kManyUnits = 16;          // of a block: their order makes no difference

int64_t DivideUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

// Of a step.
struct Stages {
    int64_t mmad;
    int64_t mte1;
    int64_t fixpipe;
    int64_t load;  // keys, values and probabilities into L1
    int64_t vector;
    int64_t l2;
    int64_t exposed;  // loads into rings of one slot, which nothing hides

    int64_t Slowest() const {
        return exposed + std::max({mmad, mte1, fixpipe, load, vector, l2, 4 * kFlagCycles});
    }
    // From the first load to the last output, with nothing beside it.
    int64_t Latency() const { return load + mmad + fixpipe + vector + 3 * kFlagCycles; }

    const char* Bound() const {
        const int64_t slowest = Slowest() - exposed;
        return slowest == l2        ? "the bandwidth of L2"
               : slowest == vector  ? "the vector cores"
               : slowest == fixpipe ? "the stores out of L0C"
               : slowest == mte1    ? "the loads into L0"
               : slowest == mmad    ? "the cube"
               : slowest == load    ? "the loads into L1"
                                    : "the flags between cores";
    }
};

// What a step depends on besides its size.
struct StepModel {
    const FlashTiling& tiling;
    int64_t blocks;   // that share L2
    int64_t readers;  // units that read the same keys: the first one finds them in HBM

    Stages Of(int64_t rows, int64_t keys) const;

    int64_t LoadCycles(int64_t bytes) const {
        const int64_t fromL2 = bytes / kCubeLoadBytes;
        return fromL2 + (bytes / kHbmCoreBytes - fromL2) / readers;
    }
};

Stages StepModel::Of(int64_t rows, int64_t keys) const {
    const int64_t halves = DivideUp(rows, kHalfRows);
    const int64_t rowsOfHalf = DivideUp(DivideUp(rows, halves), kFractal) * kFractal;
    const int64_t tiles = DivideUp(keys, kTileKeys);
    const int64_t valueChunks = DivideUp(tiling.valueDim, kTileKeys);
    const int64_t keyBytes = keys * tiling.headDim * kFlashElementBytes;
    const int64_t valueBytes = keys * tiling.valueDim * kFlashElementBytes;
    const int64_t scores = rows * keys;
    const int64_t outputBytes = rows * tiling.valueDim * kFloatBytes;
    const int64_t scoreBytes = tiling.scoreFormat == ScoreFormat::kHalf ? 2 : 4;

    Stages stages;
    stages.mmad = halves * ((rowsOfHalf / kFractal) * DivideUp(keys, kFractal) *
                                ((tiling.headDim + tiling.valueDim) / kFractal) +
                            tiles * (1 + valueChunks) * kMmadCycles);
    stages.mte1 =
        tiles * (1 + 3 * halves) * kMte1Cycles + (keyBytes + halves * valueBytes) / kL0bBytes +
        halves * rowsOfHalf * kFlashElementBytes * (tiles * tiling.headDim + keys) / kL0aBytes;
    stages.fixpipe =
        halves * (tiles + valueChunks) * (kFixpipeCycles + rowsOfHalf * kFixpipeRowEighths / 8);
    stages.load = LoadCycles(keyBytes + valueBytes) + scores * kFlashElementBytes / kCubeLoadBytes;
    const int64_t vectorRows = halves * RoundUp(static_cast<int32_t>(DivideUp(rowsOfHalf, 2)), 8);
    const int64_t arithmetic =
        vectorRows * (keys * kSoftmaxPasses + tiling.valueDim * kRescalePasses) / kFloatsPerRepeat +
        DivideUp(vectorRows, tiling.sliceRows) * kSliceCycles + halves * kRescaleCycles;
    const int64_t loads = (scores * scoreBytes + outputBytes) / (kVectorCores * kVectorLoadBytes);
    const int64_t stores = scores * kFlashElementBytes / (kVectorCores * kVectorStoreBytes);
    stages.vector = std::max({arithmetic, loads, stores});
    stages.l2 =
        blocks *
        (2 * scores * (scoreBytes + kFlashElementBytes) + 2 * outputBytes + keyBytes + valueBytes) /
        kL2Bytes;
    stages.exposed =
        (tiling.keySlots == 1 ? LoadCycles(keyBytes) : 0) +
        (tiling.valueSlots == 1 ? LoadCycles(valueBytes) : 0) +
        (tiling.probabilitySlots == 1 ? scores * kFlashElementBytes / kCubeLoadBytes : 0);
    return stages;
}

// What a unit costs: in cycles, and as the schedule measures it.
struct UnitCost {
    int64_t cycles;
    int64_t line;
};

// The units of one launch, told apart only by their cost.
class Units {
 public:
    Units(const FlashTiling& tiling, int64_t blocks) : tiling_(tiling), blocks_(blocks) {}

    // The units of a sequence and one group of heads, first rows first, `count` times.
    void Add(const FlashSequence& sequence, int64_t count) {
        const int64_t rows = int64_t{sequence.queryTokens} * tiling_.pack;
        if (rows == 0) {
            return;
        }
        const FlashPartitions partitions = PartitionsOf(tiling_, sequence);
        const int64_t tiles = DivideUp(rows, tiling_.rowTile);
        const StepModel model{tiling_, blocks_,
                              tiles * (tiling_.heads / tiling_.kvHeads / tiling_.pack)};
        const int64_t fullStep = model.Of(tiling_.rowTile, tiling_.kvTile).Slowest();
        Group group{{}, count};
        for (int64_t row = 0; row < rows; row += tiling_.rowTile) {
            const int64_t end = std::min(row + tiling_.rowTile, rows);
            const KeyRange keys =
                VisibleKeys(tiling_, sequence, static_cast<int32_t>(row / tiling_.pack),
                            static_cast<int32_t>((end - 1) / tiling_.pack));
            for (int32_t i = 0; i < partitions.count; ++i) {
                const int64_t seen = KeysOfPartition(tiling_, keys, partitions.first + i).Count();
                group.units.push_back(CostOf(model, fullStep, end - row, seen, partitions.count));
            }
        }
        for (const UnitCost& unit : group.units) {
            total_ += count * unit.cycles;
            line_ += count * unit.line;
            largest_ = std::max(largest_, unit.cycles);
        }
        count_ += count * static_cast<int64_t>(group.units.size());
        if (partitions.count > 1) {
            partials_ += count * rows * partitions.count;
        }
        groups_.push_back(std::move(group));
    }

    int64_t Count() const { return count_; }
    int64_t Cycles() const { return total_; }
    int64_t Partials() const { return partials_; }
    int64_t MostSteps() const { return mostSteps_; }

    int64_t Busiest() const {
        if (count_ > kManyUnits * blocks_) {
            return std::max(DivideUp(total_, blocks_) + largest_ / 2, largest_);
        }
        std::vector<int64_t> blocks(static_cast<size_t>(blocks_), 0);
        if (tiling_.assignment == FlashAssignment::kDealt) {
            Deal(&blocks);
        } else {
            Share(&blocks);
        }
        return *std::max_element(blocks.begin(), blocks.end());
    }

 private:
    struct Group {
        std::vector<UnitCost> units;
        int64_t count;
    };

    UnitCost CostOf(const StepModel& model, int64_t fullStep, int64_t rows, int64_t keys,
                    int32_t partitions) {
        const int64_t steps = keys / tiling_.kvTile;
        const int64_t rest = keys % tiling_.kvTile;
        mostSteps_ = std::max(mostSteps_, steps + (rest > 0 ? 1 : 0));
        const int64_t step =
            rows == tiling_.rowTile ? fullStep : model.Of(rows, tiling_.kvTile).Slowest();
        const int64_t outputBytes = rows * tiling_.valueDim * kFloatBytes;
        const int64_t queryBytes = rows * tiling_.headDim * kFlashElementBytes;
        int64_t cycles = kUnitBeginCycles + outputBytes / (kVectorCores * kVectorStoreBytes);
        cycles += steps * step;
        cycles += rest > 0 ? model.Of(rows, rest).Slowest() : 0;
        cycles += tiling_.querySlots == 1 ? queryBytes / kCubeLoadBytes : 0;
        cycles += tiling_.pack > 1 ? DivideUp(rows, tiling_.pack) * kRunCycles : 0;
        cycles += partitions > 1 ? outputBytes / (kVectorCores * kVectorStoreBytes) : 0;
        return {cycles, kUnitCost + DivideUp(keys, kTileKeys) * kTileKeys};
    }

    // As FlashWalk deals: last rows first, forth and back. All groups have the same units.
    void Deal(std::vector<int64_t>* blocks) const {
        const Group& group = groups_.front();
        int64_t number = 0;
        for (auto unit = group.units.rbegin(); unit != group.units.rend(); ++unit) {
            for (int64_t i = 0; i < group.count; ++i, ++number) {
                const int64_t place = number % blocks_;
                const bool goesBack = number / blocks_ % 2 != 0;
                (*blocks)[static_cast<size_t>(goesBack ? blocks_ - 1 - place : place)] +=
                    unit->cycles;
            }
        }
    }

    // As FlashWalk shares: a block has the units that begin in its part of the line.
    void Share(std::vector<int64_t>* blocks) const {
        int64_t at = 0;
        for (const Group& group : groups_) {
            for (int64_t i = 0; i < group.count; ++i) {
                for (const UnitCost& unit : group.units) {
                    (*blocks)[static_cast<size_t>(at * blocks_ / line_)] += unit.cycles;
                    at += unit.line;
                }
            }
        }
    }

    const FlashTiling& tiling_;
    int64_t blocks_;
    std::vector<Group> groups_;
    int64_t total_ = 0;
    int64_t line_ = 0;
    int64_t largest_ = 0;
    int64_t count_ = 0;
    int64_t partials_ = 0;
    int64_t mostSteps_ = 0;
};

}  // namespace

FlashCostModel::FlashCostModel(const FlashProblem& problem, int32_t blocks) : blocks_(blocks) {
    if (problem.queryLens.empty() && problem.keyLens.empty()) {
        // Packed sequences of unknown lengths are taken to be equally long.
        const int64_t tokens = problem.hasQueryStarts && problem.batch > 0
                                   ? DivideUp(problem.queryTokens, problem.batch)
                                   : problem.maxQueryTokens;
        sequences_.push_back({static_cast<int32_t>(std::min(tokens, problem.maxQueryTokens)),
                              static_cast<int32_t>(problem.maxKeyTokens), problem.batch});
        return;
    }
    for (int64_t i = 0; i < problem.batch; ++i) {
        const auto of = [i](const std::vector<int32_t>& lengths, int64_t otherwise) {
            return lengths.empty() ? static_cast<int32_t>(otherwise)
                                   : std::max(lengths[static_cast<size_t>(i)], 0);
        };
        const int32_t queries = of(problem.queryLens, problem.maxQueryTokens);
        const int32_t keys = of(problem.keyLens, problem.maxKeyTokens);
        if (!sequences_.empty() && sequences_.back().queryTokens == queries &&
            sequences_.back().keyTokens == keys) {
            ++sequences_.back().count;
        } else {
            sequences_.push_back({queries, keys, 1});
        }
    }
}

int64_t FlashCostModel::TasksOf(const FlashTiling& tiling) const {
    int64_t tasks = 0;
    for (const FlashLengths& each : sequences_) {
        tasks += each.count * DivideUp(int64_t{each.queryTokens} * tiling.pack, tiling.rowTile);
    }
    return tasks * (tiling.heads / tiling.pack);
}

FlashCost FlashCostModel::Of(const FlashTiling& tiling) const {
    const int64_t blocks = std::clamp<int64_t>(TasksOf(tiling) * tiling.maxPartitions, 1, blocks_);
    const int64_t headUnits = tiling.heads / tiling.pack;
    Units units(tiling, blocks);
    int64_t tokens = 0;
    int64_t mostKeys = 1;
    int64_t mostRows = 1;
    for (const FlashLengths& each : sequences_) {
        FlashSequence sequence{};
        sequence.queryTokens = each.queryTokens;
        sequence.keyTokens = each.keyTokens;
        units.Add(sequence, each.count * headUnits);
        if (each.queryTokens > 0) {
            tokens += each.count * VisibleKeys(tiling, sequence, 0, each.queryTokens - 1).Count();
            mostKeys = std::max<int64_t>(mostKeys, each.keyTokens);
            mostRows = std::max<int64_t>(mostRows, int64_t{each.queryTokens} * tiling.pack);
        }
    }
    FlashCost cost{0, 0, "nothing", units.Count(), units.MostSteps()};
    if (units.Count() == 0) {
        return cost;
    }
    const int64_t readers =
        DivideUp(mostRows, tiling.rowTile) * (tiling.heads / tiling.kvHeads / tiling.pack);
    const Stages stages = StepModel{tiling, blocks, readers}.Of(
        std::min<int64_t>(tiling.rowTile, mostRows), std::min<int64_t>(tiling.kvTile, mostKeys));
    const int64_t busiest = units.Busiest();
    const int64_t keyBytes =
        tokens * tiling.kvHeads * (tiling.headDim + tiling.valueDim) * kFlashElementBytes;
    const int64_t memory = keyBytes / kHbmBytes;
    cost.bound = memory > busiest ? "reading keys and values" : stages.Bound();
    cost.cycles = std::max(busiest, memory) + stages.Latency();
    cost.leastCycles = std::max(DivideUp(units.Cycles(), blocks_), memory);
    if (units.Partials() > 0) {
        cost.cycles += kSyncCycles + units.Partials() * (kPartialCycles + tiling.valueDim / 2) /
                                         (kVectorCores * blocks);
    }
    return cost;
}

}  // namespace attn
