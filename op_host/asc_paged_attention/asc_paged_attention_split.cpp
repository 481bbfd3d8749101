// SPDX-License-Identifier: Apache-2.0
#include "asc_paged_attention_split.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "../../op_kernel/asc_paged_attention/asc_paged_attention_schedule.h"

namespace attn {
namespace {

constexpr char kOperation[] = "paged_attention";
constexpr int64_t kVllmPartition = 512;
constexpr int64_t kVllmLongestOnePass = 8192;
constexpr int64_t kVllmManyRows = 512;

// Cycles of the second phase: the barrier over all cores, and one partial result of a row.
constexpr int64_t kSyncCycles = 6000;
constexpr int64_t kPartialCycles = 120;
constexpr int64_t kMaxAutoPartitions = 64;

int64_t DivideUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

// What the estimates need to know.
struct Model {
    struct Sequences {
        int64_t length;  // tokens that each of them reads
        int64_t count;
    };
    std::vector<Sequences> sequences;
    int64_t rows;  // of a sequence and kv head
    int64_t kvHeads;
    int64_t kvTile;
    int64_t cores;

    int64_t UnitCycles(int64_t tokens, int64_t rowTile) const {
        const int64_t rowsOfUnit = std::min(rowTile, rows);
        return kUnitCycles + DivideUp(tokens, kvTile) * (kStepCycles + rowsOfUnit * kRowCycles);
    }

    // Estimated cycles of the busiest core.
    int64_t Cycles(int64_t rowTile, int64_t partition) const {
        const int64_t tasks = kvHeads * DivideUp(rows, rowTile);
        int64_t total = 0;
        int64_t largest = 0;
        int64_t partials = 0;
        for (const Sequences& each : sequences) {
            const int64_t full = each.length / partition;
            const int64_t rest = each.length % partition;
            const bool hasRest = rest > 0 || full == 0;
            total +=
                each.count * tasks *
                (full * UnitCycles(partition, rowTile) + (hasRest ? UnitCycles(rest, rowTile) : 0));
            largest = std::max(largest, UnitCycles(std::min(each.length, partition), rowTile));
            const int64_t parts = full + (hasRest ? 1 : 0);
            partials += parts > 1 ? each.count * rows * kvHeads * parts : 0;
        }
        if (total == 0) {
            return 0;
        }
        const int64_t share = DivideUp(total, cores);
        const int64_t busiest = std::min(DivideUp(share, largest) * largest, share + largest);
        const int64_t combine = kSyncCycles + DivideUp(partials, cores) * kPartialCycles;
        return busiest + (partials > 0 ? combine : 0);
    }

    // The row tile that makes one core busy for the shortest time: larger ones share loads and
    // conversions of K and V, smaller ones make more units.
    int64_t BestRowTile(int64_t maxRowTile, int64_t partition) const {
        int64_t best = 1;
        int64_t bestCycles = std::numeric_limits<int64_t>::max();
        for (int64_t tile = std::min(rows, maxRowTile); tile >= 1; --tile) {
            const int64_t cycles = Cycles(tile, partition);
            if (cycles < bestCycles) {
                best = tile;
                bestCycles = cycles;
            }
        }
        return best;
    }
};

Model ModelOf(const PagedAttentionProblem& problem, int32_t kvTile, int32_t cores) {
    Model model;
    model.rows = std::max<int64_t>(problem.maxQueryLen, 1) * (problem.heads / problem.cache.heads);
    model.kvHeads = problem.cache.heads;
    model.kvTile = kvTile;
    model.cores = cores;
    const auto seen = [&problem](int64_t length) {
        const int64_t window =
            problem.windowLeft < 0 ? length : problem.windowLeft + problem.maxQueryLen;
        return std::min(length, window);
    };
    if (problem.seqLens.empty()) {
        model.sequences.push_back({seen(LongestSequence(problem)), problem.batch});
    }
    for (const int32_t length : problem.seqLens) {
        model.sequences.push_back({seen(std::max(length, 0)), 1});
    }
    return model;
}

std::string Ratio(int64_t a, int64_t b) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f", static_cast<double>(a) / static_cast<double>(b));
    return text;
}

// Partitions of equal size for the longest sequence, in whole blocks and, where it is not finer
// than asked, whole steps.
int64_t PartitionFor(const PagedAttentionProblem& problem, int64_t splits, int64_t kvTile) {
    const int64_t block = problem.cache.blockSize;
    const int64_t tokens = std::max<int64_t>(DivideUp(LongestSequence(problem), splits), 1);
    const int64_t inBlocks = DivideUp(tokens, block) * block;
    const int64_t inSteps = DivideUp(tokens, kvTile) * kvTile;
    return inSteps % block == 0 && DivideUp(LongestSequence(problem), inSteps) ==
                                       DivideUp(LongestSequence(problem), inBlocks)
               ? inSteps
               : inBlocks;
}

void ChooseAutomatically(const PagedAttentionProblem& problem, const Model& model,
                         int32_t maxRowTile, PagedAttentionSplit* split) {
    const int64_t longest = LongestSequence(problem);
    const int64_t onePassTile = model.BestRowTile(maxRowTile, kOnePartition);
    const int64_t onePass = model.Cycles(onePassTile, kOnePartition);
    split->partitionTokens = kOnePartition;
    split->rowTile = static_cast<int32_t>(onePassTile);
    int64_t best = onePass;
    for (int64_t splits = 2; splits <= kMaxAutoPartitions; splits += splits < 16 ? 1 : 8) {
        const int64_t partition = PartitionFor(problem, splits, model.kvTile);
        if (partition >= longest || partition < model.kvTile) {
            continue;
        }
        const int64_t tile = model.BestRowTile(maxRowTile, partition);
        const int64_t cycles = model.Cycles(tile, partition);
        if (cycles < best) {
            best = cycles;
            split->partitionTokens = static_cast<int32_t>(partition);
            split->rowTile = static_cast<int32_t>(tile);
        }
    }
    const std::string cores = std::to_string(model.cores) + " cores";
    if (split->partitionTokens == kOnePartition) {
        split->reason = "V1: no split is modelled to be faster on " + cores;
    } else {
        split->reason = "V2 in partitions of " + std::to_string(split->partitionTokens) +
                        " tokens: one pass is modelled to take " + Ratio(onePass, best) +
                        " times as long on " + cores;
    }
}

bool PinGiven(const PagedAttentionProblem& problem, int32_t kvTile, PinnedPartition* partition,
              TilingError* error) {
    const int64_t value = problem.splitValue;
    const int64_t block = problem.cache.blockSize;
    if (problem.splitRule == SplitRule::kSplits) {
        if (value < 1 || value > kOnePartition) {
            return error->Set(kOperation, "num_splits", value, "be from 1 to 2147483647");
        }
        const int64_t tokens = PartitionFor(problem, value, kvTile);
        partition->tokens = value == 1 ? kOnePartition : static_cast<int32_t>(tokens);
        partition->reason =
            value == 1 ? "V1: num_splits is 1" : "V2: num_splits is " + std::to_string(value);
        return true;
    }
    if (value < 1 || value > kOnePartition || value % block != 0) {
        return error->Set(kOperation, "partition_size", value,
                          "be a positive multiple of block_size (" + std::to_string(block) + ")");
    }
    partition->tokens = static_cast<int32_t>(value);
    partition->reason = "V2: partitions of " + std::to_string(value) + " tokens were asked for";
    return true;
}

bool PinAsVllm(const PagedAttentionProblem& problem, PinnedPartition* partition,
               TilingError* error) {
    const int64_t longest = LongestSequence(problem);
    const int64_t partitions = DivideUp(longest, kVllmPartition);
    const int64_t rows = problem.batch * problem.heads;
    const bool isShort = longest <= kVllmLongestOnePass;
    if (isShort && (partitions <= 1 || rows > kVllmManyRows)) {
        partition->tokens = kOnePartition;
        partition->reason = partitions <= 1
                                ? "V1 by vLLM's rule: one partition"
                                : "V1 by vLLM's rule: " + std::to_string(rows) + " > 512 rows";
        return true;
    }
    if (kVllmPartition % problem.cache.blockSize != 0) {
        return error->Set(kOperation, "block_size", problem.cache.blockSize,
                          "divide 512 for vLLM's partitions");
    }
    partition->tokens = kVllmPartition;
    partition->reason = isShort ? "V2 by vLLM's rule: " + std::to_string(rows) + " <= 512 rows"
                                : "V2 by vLLM's rule: more than 8192 tokens";
    return true;
}

}  // namespace

int64_t LongestSequence(const PagedAttentionProblem& problem) {
    return problem.maxSeqLen >= 0 ? problem.maxSeqLen : problem.maxBlocks * problem.cache.blockSize;
}

bool PinPartition(const PagedAttentionProblem& problem, int32_t kvTile, PinnedPartition* partition,
                  TilingError* error) {
    if (problem.splitRule == SplitRule::kVllm) {
        return PinAsVllm(problem, partition, error);
    }
    if (problem.splitRule == SplitRule::kNone) {
        *partition = {kOnePartition, "V1: one pass was asked for"};
        return true;
    }
    return PinGiven(problem, kvTile, partition, error);
}

bool ChooseSplit(const PagedAttentionProblem& problem, int32_t kvTile, int32_t maxRowTile,
                 int32_t cores, PagedAttentionSplit* split, TilingError* error) {
    const Model model = ModelOf(problem, kvTile, cores);
    if (problem.splitRule == SplitRule::kAuto) {
        ChooseAutomatically(problem, model, maxRowTile, split);
    } else {
        PinnedPartition partition{};
        if (!PinPartition(problem, kvTile, &partition, error)) {
            return false;
        }
        split->partitionTokens = partition.tokens;
        split->reason = partition.reason;
        split->rowTile = static_cast<int32_t>(model.BestRowTile(maxRowTile, partition.tokens));
    }
    // Lengths are device data: partitions are counted for the longest that the table can hold,
    // unless the caller has given a bound.
    split->maxPartitions = static_cast<int32_t>(
        std::max<int64_t>(DivideUp(LongestSequence(problem), split->partitionTokens), 1));
    return true;
}

}  // namespace attn
