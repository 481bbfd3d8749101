// SPDX-License-Identifier: Apache-2.0
// Who does what in AscPagedAttention. Shared by host tiling and kernel.
//
// The rows of a sequence and a kv head are its query tokens times the query heads that share that
// head, token by token. A task is up to rowTile of these rows. A unit is what one core does at a
// time: the tokens of a task within one partition, a range of partitionTokens tokens. Tasks that
// need one partition write their output; the others write partial results, which are combined
// when all cores are done.
//
// Units lie on a line, as long as the work they are. Each core takes those that begin in its share
// of the line, so that lengths may be as ragged as they like. Nobody but the cores needs to know
// them.
#pragma once

#include <cstdint>

#include "../common/vector_units.h"
#include "asc_paged_attention_tiling.h"

namespace attn {

constexpr int32_t kNoWindow = 2147483647;
constexpr int32_t kOnePartition = 2147483647;  // partitionTokens of a sequence in one piece

// Vector cycles of a unit, of a step, and of a row of a step, from the costs of the instructions.
// Only their ratios matter.
constexpr int64_t kUnitCycles = 1000;
constexpr int64_t kStepCycles = 600;
constexpr int64_t kRowCycles = 850;

// What metadata say of a sequence.
struct SequenceSpan {
    int32_t queryBegin;  // first query token
    int32_t queryTokens;
    int32_t length;  // of the keys and values, with those of the query tokens
};

struct TokenRange {
    int32_t begin;
    int32_t end;
};

// Tokens that any of the query tokens [first, last] of a sequence sees: the last query token
// stands at the end of the sequence, the one before it one token earlier, and so on.
ATTN_HOST_DEVICE TokenRange VisibleTokens(const AscPagedAttentionTiling& tiling,
                                          const SequenceSpan& span, int32_t first, int32_t last) {
    const int32_t shift = span.length - span.queryTokens;  // position of query token 0
    const int32_t end = Larger(shift + last + 1, 0);
    const int32_t position = Larger(shift + first, 0);
    return {position > tiling.windowLeft ? position - tiling.windowLeft : 0, end};
}

// Partitions that a sequence has work in; at least one.
struct PartitionRange {
    int32_t first;
    int32_t count;
};

ATTN_HOST_DEVICE PartitionRange PartitionsOf(const AscPagedAttentionTiling& tiling,
                                             const SequenceSpan& span) {
    const TokenRange tokens = VisibleTokens(tiling, span, 0, span.queryTokens - 1);
    const int32_t first = tokens.begin / tiling.partitionTokens;
    const int32_t last = Larger(tokens.end - 1, tokens.begin) / tiling.partitionTokens;
    return {first, last - first + 1};
}

// Tokens that row `row` of a sequence and kv head sees.
ATTN_HOST_DEVICE TokenRange TokensOfRow(const AscPagedAttentionTiling& tiling,
                                        const SequenceSpan& span, int32_t row) {
    const int32_t token = row / (tiling.heads / tiling.kvHeads);
    return VisibleTokens(tiling, span, token, token);
}

// The part of `tokens` that lies in a partition; empty ranges have end <= begin.
ATTN_HOST_DEVICE TokenRange TokensOfPartition(const AscPagedAttentionTiling& tiling,
                                              const TokenRange& tokens, int32_t partition) {
    const int64_t begin = int64_t{partition} * tiling.partitionTokens;
    const int64_t end = begin + tiling.partitionTokens;
    return {begin > tokens.begin ? static_cast<int32_t>(begin) : tokens.begin,
            end < tokens.end ? static_cast<int32_t>(end) : tokens.end};
}

struct PagedAttentionUnit {
    SequenceSpan span;
    int32_t sequence;
    int32_t kvHead;
    int32_t firstRow;  // of the rows of its sequence and kv head
    int32_t rows;
    int32_t partition;
    int32_t partitions;  // of the sequence
    bool isFirstOfTask;  // its partition is the first of the sequence
};

// Rows of a unit that follow each other in memory: query heads of one query token.
struct RowRun {
    int32_t first;  // row of the unit
    int32_t rows;
    int32_t token;  // query token, counted over all sequences
    int32_t head;   // query head
};

// The run that begins at a row of the unit.
ATTN_HOST_DEVICE RowRun RowRunAt(const AscPagedAttentionTiling& tiling,
                                 const PagedAttentionUnit& unit, int32_t first) {
    const int32_t group = tiling.heads / tiling.kvHeads;
    const int32_t row = unit.firstRow + first;
    return {first, Smaller(group - row % group, unit.rows - first),
            unit.span.queryBegin + row / group, unit.kvHead * group + row % group};
}

// Walks the units of a share of the line. `Spans` answers Of(sequence) with a SequenceSpan.
template <class Spans>
class PagedAttentionWalk {
 public:
    ATTN_HOST_DEVICE PagedAttentionWalk(const AscPagedAttentionTiling& tiling, const Spans& spans)
        : tiling_(tiling), spans_(spans) {}

    // Takes the share of one of `cores` cores.
    ATTN_HOST_DEVICE void Begin(int32_t core, int32_t cores) {
        int64_t total = 0;
        for (sequence_ = 0; sequence_ < tiling_.batch; ++sequence_) {
            Measure();
            total += tasks_ * taskCycles_;
        }
        const int64_t begin = total * core / cores;
        end_ = total * (core + 1) / cores;
        at_ = 0;
        sequence_ = 0;
        MeasureNext();
        while (sequence_ < tiling_.batch && at_ + tasks_ * taskCycles_ <= begin) {
            at_ += tasks_ * taskCycles_;
            ++sequence_;
            MeasureNext();
        }
        if (sequence_ < tiling_.batch) {
            task_ = static_cast<int32_t>((begin - at_) / taskCycles_);
            at_ += task_ * taskCycles_;
        }
        while (at_ < begin) {
            Advance();
        }
    }

    ATTN_HOST_DEVICE bool AtEnd() const { return sequence_ >= tiling_.batch || at_ >= end_; }

    ATTN_HOST_DEVICE PagedAttentionUnit Unit() const {
        const int32_t tilesOfHead = CeilDiv(rows_, tiling_.rowTile);
        const int32_t firstRow = task_ % tilesOfHead * tiling_.rowTile;
        return {span_,
                sequence_,
                task_ / tilesOfHead,
                firstRow,
                Smaller(tiling_.rowTile, rows_ - firstRow),
                partitions_.first + partition_,
                partitions_.count,
                partition_ == 0};
    }

    // Cycles of the current unit.
    ATTN_HOST_DEVICE int64_t Cycles() const { return PartitionCycles(partition_); }

    // Goes on to the next unit.
    ATTN_HOST_DEVICE void Advance() {
        at_ += Cycles();
        if (++partition_ == partitions_.count) {
            partition_ = 0;
            if (++task_ == tasks_) {
                ++sequence_;
                MeasureNext();
            }
        }
    }

 private:
    // Reads the current sequence. One without query tokens has no tasks.
    ATTN_HOST_DEVICE void Measure() {
        span_ = spans_.Of(sequence_);
        rows_ = span_.queryTokens * (tiling_.heads / tiling_.kvHeads);
        tasks_ = rows_ > 0 ? tiling_.kvHeads * CeilDiv(rows_, tiling_.rowTile) : 0;
        taskCycles_ = 0;
        if (tasks_ > 0) {
            visible_ = VisibleTokens(tiling_, span_, 0, span_.queryTokens - 1);
            partitions_ = PartitionsOf(tiling_, span_);
            const int32_t count = partitions_.count;
            // All but the first and the last are full.
            taskCycles_ = PartitionCycles(0) + (count > 1 ? PartitionCycles(count - 1) : 0) +
                          (count > 2 ? (count - 2) * PartitionCycles(1) : 0);
        }
    }

    ATTN_HOST_DEVICE void MeasureNext() {
        task_ = 0;
        partition_ = 0;
        tasks_ = 0;
        while (sequence_ < tiling_.batch) {
            Measure();
            if (tasks_ > 0) {
                return;
            }
            ++sequence_;
        }
    }

    ATTN_HOST_DEVICE int64_t PartitionCycles(int32_t index) const {
        const TokenRange tokens = TokensOfPartition(tiling_, visible_, partitions_.first + index);
        const int64_t steps = CeilDiv(Larger(tokens.end - tokens.begin, 0), tiling_.kvTile);
        return kUnitCycles + steps * (kStepCycles + Smaller(rows_, tiling_.rowTile) * kRowCycles);
    }

    const AscPagedAttentionTiling& tiling_;
    const Spans& spans_;
    int64_t at_;   // where the current unit begins
    int64_t end_;  // of the share
    int64_t taskCycles_;
    SequenceSpan span_;
    TokenRange visible_;  // of all rows of the sequence
    PartitionRange partitions_;
    int32_t rows_;
    int32_t tasks_;
    int32_t sequence_;
    int32_t task_;
    int32_t partition_;  // index among partitions_
};

}  // namespace attn
