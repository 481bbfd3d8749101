// SPDX-License-Identifier: Apache-2.0
// Who does what in attention on cube and vector cores. Shared by host tiling, cube and vector side.
//
// A task is up to rowTile rows of one sequence: query tokens times `pack` query heads, token by
// token. Its rows are halves of up to 128 rows, one product of the cube each; the two vector cores
// of a block share the rows of a half. A unit is what one block does at a time: the keys of a task
// within one partition. A step is up to kvTile keys of a unit: what is handed over between cube and
// vector cores at a time. Steps are made of tiles of 128 keys.
//
// What no row of a half may see is neither loaded, multiplied nor handed over: whole tiles are left
// out, and a half that has no tile in a step takes no part in it.
#pragma once

#include <cstdint>

#include "flash_tiling.h"
#include "vector_units.h"

namespace attn {

constexpr int32_t kFlashNoWindow = 2147483647;
constexpr int32_t kFlashOnePartition = 2147483647;
constexpr int32_t kHalfRows = 128;   // rows of one product of the cube
constexpr int32_t kMaxHalves = 2;    // of a task
constexpr int32_t kTileKeys = 128;   // keys of one product
constexpr int32_t kVectorCores = 2;  // of a block
constexpr int32_t kFractal = 16;     // rows and columns of a fractal of 2-byte elements
constexpr int32_t kMaxLookahead = 6;
constexpr int32_t kUnitCost = kTileKeys;  // of beginning and ending a unit, in keys

// What metadata say of a sequence.
struct FlashSequence {
    int32_t index;
    int32_t queryRow;    // of query, output and lse
    int32_t queryBegin;  // first query token in that row
    int32_t queryTokens;
    int32_t keyRow;    // of key and value, if they are not paged
    int32_t keyBegin;  // first key in that row, or in the blocks of the sequence
    int32_t keyTokens;
    int32_t prefix;  // keys that every query token sees
};

// Keys of a sequence, or columns of a step; empty if end <= begin.
struct KeyRange {
    int32_t begin;
    int32_t end;

    ATTN_HOST_DEVICE bool IsEmpty() const { return end <= begin; }
    ATTN_HOST_DEVICE int32_t Count() const { return end > begin ? end - begin : 0; }
};

// Keys that any of the query tokens [first, last] of a sequence sees. The last query token stands
// at the last key, the one before it one key earlier, and so on.
ATTN_HOST_DEVICE KeyRange VisibleKeys(const FlashTiling& tiling, const FlashSequence& sequence,
                                      int32_t first, int32_t last) {
    const int64_t shift = int64_t{sequence.keyTokens} - sequence.queryTokens;
    const int64_t begin = shift + first - tiling.windowLeft;
    int64_t end = shift + last + 1 + tiling.windowRight;
    end = end < sequence.prefix ? sequence.prefix : end;
    end = end < sequence.keyTokens ? end : sequence.keyTokens;
    return {begin > 0
                ? static_cast<int32_t>(begin < sequence.keyTokens ? begin : sequence.keyTokens)
                : 0,
            end > 0 ? static_cast<int32_t>(end) : 0};
}

// The part of `keys` that lies in a partition.
ATTN_HOST_DEVICE KeyRange KeysOfPartition(const FlashTiling& tiling, const KeyRange& keys,
                                          int32_t partition) {
    const int64_t begin = int64_t{partition} * tiling.partitionTokens;
    const int64_t end = begin + tiling.partitionTokens;
    return {begin > keys.begin ? static_cast<int32_t>(begin) : keys.begin,
            end < keys.end ? static_cast<int32_t>(end) : keys.end};
}

// Partitions that a sequence has keys in; at least one.
struct FlashPartitions {
    int32_t first;
    int32_t count;
};

ATTN_HOST_DEVICE FlashPartitions PartitionsOf(const FlashTiling& tiling,
                                              const FlashSequence& sequence) {
    const KeyRange keys = VisibleKeys(tiling, sequence, 0, sequence.queryTokens - 1);
    const int32_t first = keys.begin / tiling.partitionTokens;
    const int32_t last = Larger(keys.end - 1, keys.begin) / tiling.partitionTokens;
    return {first, last - first + 1};
}

// Rows of a task, or of a half of it, that follow each other in memory: heads of one query token.
struct HeadRun {
    int32_t first;  // row
    int32_t rows;
    int32_t token;  // query token of the sequence
    int32_t head;   // query head
};

struct FlashUnit {
    FlashSequence sequence;
    int32_t firstHead;  // query head of row 0; the others of the task follow it
    int32_t firstRow;   // of the rows of the sequence and these heads
    int32_t rows;
    KeyRange keys;       // that any of its rows sees, in its partition
    int32_t partition;   // counted from the start of the sequence
    int32_t partitions;  // of the sequence
    bool isFirst;        // its partition is the first that the sequence has keys in

    ATTN_HOST_DEVICE int32_t Halves() const { return CeilDiv(rows, kHalfRows); }
    ATTN_HOST_DEVICE int32_t RowsOfHalf(int32_t half) const {
        return Smaller(kHalfRows, rows - half * kHalfRows);
    }
    ATTN_HOST_DEVICE int32_t KvHead(const FlashTiling& tiling) const {
        return firstHead / (tiling.heads / tiling.kvHeads);
    }
    ATTN_HOST_DEVICE int32_t TokenOf(const FlashTiling& tiling, int32_t row) const {
        return (firstRow + row) / tiling.pack;
    }
    ATTN_HOST_DEVICE int32_t HeadOf(const FlashTiling& tiling, int32_t row) const {
        return firstHead + (firstRow + row) % tiling.pack;
    }
    // The run that begins at a row and ends before `end`.
    ATTN_HOST_DEVICE HeadRun RunAt(const FlashTiling& tiling, int32_t row, int32_t end) const {
        return {row, Smaller(tiling.pack - (firstRow + row) % tiling.pack, end - row),
                TokenOf(tiling, row), HeadOf(tiling, row)};
    }
};

struct FlashStep {
    FlashUnit unit;
    int32_t index;      // of the steps of the block
    int32_t unitIndex;  // of the units of the block
    int32_t begin;      // first key of the sequence; columns count from here
    int32_t columns;    // keys; 0: the unit has none at all
    bool isFirst;       // of its unit
    bool isLast;

    ATTN_HOST_DEVICE int32_t Slot(const FlashTiling& tiling) const {
        return index % (tiling.lookahead + 1);
    }
    // Columns that a row of the unit sees.
    ATTN_HOST_DEVICE KeyRange ColumnsOfRows(const FlashTiling& tiling, int32_t first,
                                            int32_t last) const {
        const KeyRange keys = VisibleKeys(tiling, unit.sequence, unit.TokenOf(tiling, first),
                                          unit.TokenOf(tiling, last));
        const int32_t end = Smaller(Larger(keys.end - begin, 0), columns);
        return {Smaller(Larger(keys.begin - begin, 0), columns), end};
    }
    // Columns of a half that are multiplied and handed over: from the start of a tile on.
    ATTN_HOST_DEVICE KeyRange ColumnsOfHalf(const FlashTiling& tiling, int32_t half) const {
        const int32_t row = half * kHalfRows;
        const KeyRange seen = ColumnsOfRows(tiling, row, row + unit.RowsOfHalf(half) - 1);
        if (seen.IsEmpty()) {
            return {0, 0};
        }
        return {seen.begin / kTileKeys * kTileKeys, seen.end};
    }
};

// Walks the units of a block. `Sequences` answers Of(index) with a FlashSequence.
template <class Sequences>
class FlashWalk {
 public:
    ATTN_HOST_DEVICE FlashWalk(const FlashTiling& tiling, const Sequences& sequences)
        : tiling_(tiling), sequences_(sequences) {}

    ATTN_HOST_DEVICE void Begin(int32_t block, int32_t blocks) {
        block_ = block;
        blocks_ = blocks;
        if (tiling_.assignment == FlashAssignment::kDealt) {
            round_ = 0;
            Deal();
        } else {
            BeginShare();
        }
    }

    ATTN_HOST_DEVICE bool AtEnd() const {
        return sequence_ >= tiling_.batch ||
               (tiling_.assignment == FlashAssignment::kShares && at_ >= end_);
    }

    ATTN_HOST_DEVICE FlashUnit Unit() const {
        FlashUnit unit;
        unit.sequence = span_;
        unit.firstHead = headUnit_ * tiling_.pack;
        unit.firstRow = tile_ * tiling_.rowTile;
        unit.rows = Smaller(tiling_.rowTile, rows_ - unit.firstRow);
        unit.partition = partitions_.first + partition_;
        unit.partitions = partitions_.count;
        unit.isFirst = partition_ == 0;
        unit.keys = KeysOf(tile_, partition_);
        return unit;
    }

    ATTN_HOST_DEVICE void Advance() {
        if (tiling_.assignment == FlashAssignment::kDealt) {
            ++round_;
            Deal();
            return;
        }
        at_ += Cost(tile_, partition_);
        if (++partition_ < partitions_.count) {
            return;
        }
        partition_ = 0;
        if (++tile_ < tiles_) {
            return;
        }
        tile_ = 0;
        if (++headUnit_ == HeadUnits()) {
            ++sequence_;
            MeasureNext();
        }
    }

 private:
    ATTN_HOST_DEVICE int32_t HeadUnits() const { return tiling_.heads / tiling_.pack; }

    // Unit number round * blocks + place, of the units with the last rows, which see most, to those
    // with the first. Every other round goes backwards.
    ATTN_HOST_DEVICE void Deal() {
        const int32_t place = round_ % 2 == 0 ? block_ : blocks_ - 1 - block_;
        const int64_t unit = int64_t{round_} * blocks_ + place;
        const int64_t columns = int64_t{tiling_.batch} * HeadUnits();  // of tasks
        const int64_t tiles = CeilDiv(tiling_.queryTokens * tiling_.pack, tiling_.rowTile);
        if (unit >= columns * tiles) {
            sequence_ = tiling_.batch;
            return;
        }
        const auto column = static_cast<int32_t>(unit % columns);
        sequence_ = column / HeadUnits();
        Measure();
        headUnit_ = column % HeadUnits();
        tile_ = static_cast<int32_t>(tiles - 1 - unit / columns);
        partition_ = 0;
    }

    ATTN_HOST_DEVICE void BeginShare() {
        int64_t total = 0;
        for (sequence_ = 0; sequence_ < tiling_.batch; ++sequence_) {
            Measure();
            total += HeadUnits() * headCost_;
        }
        const int64_t begin = total * block_ / blocks_;
        end_ = total * (block_ + 1) / blocks_;
        at_ = 0;
        sequence_ = 0;
        MeasureNext();
        while (sequence_ < tiling_.batch && at_ + HeadUnits() * headCost_ <= begin) {
            at_ += HeadUnits() * headCost_;
            ++sequence_;
            MeasureNext();
        }
        if (sequence_ < tiling_.batch) {
            headUnit_ = static_cast<int32_t>((begin - at_) / headCost_);
            at_ += headUnit_ * headCost_;
        }
        while (at_ < begin) {
            Advance();
        }
    }

    ATTN_HOST_DEVICE void Measure() {
        span_ = sequences_.Of(sequence_);
        rows_ = Larger(span_.queryTokens, 0) * tiling_.pack;
        tiles_ = CeilDiv(rows_, tiling_.rowTile);
        headCost_ = 0;
        if (tiles_ == 0) {
            return;
        }
        partitions_ = PartitionsOf(tiling_, span_);
        if (tiling_.assignment == FlashAssignment::kDealt) {
            return;
        }
        for (int32_t tile = 0; tile < tiles_; ++tile) {
            for (int32_t partition = 0; partition < partitions_.count; ++partition) {
                headCost_ += Cost(tile, partition);
            }
        }
    }

    // Goes on to the next sequence that has rows.
    ATTN_HOST_DEVICE void MeasureNext() {
        headUnit_ = 0;
        tile_ = 0;
        partition_ = 0;
        tiles_ = 0;
        while (sequence_ < tiling_.batch) {
            Measure();
            if (tiles_ > 0) {
                return;
            }
            ++sequence_;
        }
    }

    ATTN_HOST_DEVICE KeyRange KeysOf(int32_t tile, int32_t partition) const {
        const int32_t first = tile * tiling_.rowTile;
        const int32_t last = Smaller(first + tiling_.rowTile, rows_) - 1;
        const KeyRange keys =
            VisibleKeys(tiling_, span_, first / tiling_.pack, last / tiling_.pack);
        return KeysOfPartition(tiling_, keys, partitions_.first + partition);
    }

    ATTN_HOST_DEVICE int64_t Cost(int32_t tile, int32_t partition) const {
        return kUnitCost + RoundUp(KeysOf(tile, partition).Count(), kTileKeys);
    }

    const FlashTiling& tiling_;
    const Sequences& sequences_;
    int32_t block_;
    int32_t blocks_;
    int32_t round_;
    int64_t at_;        // where the current unit begins on the line
    int64_t end_;       // of the share
    int64_t headCost_;  // of all units of the sequence and one group of heads
    FlashSequence span_;
    FlashPartitions partitions_;
    int32_t rows_;   // of the sequence and one group of heads
    int32_t tiles_;  // of rows
    int32_t sequence_;
    int32_t headUnit_;
    int32_t tile_;
    int32_t partition_;  // index among partitions_
};

// The steps of a block, unit after unit. Cube and vector side go through the same ones.
template <class Sequences>
class FlashSteps {
 public:
    ATTN_HOST_DEVICE FlashSteps(const FlashTiling& tiling, const Sequences& sequences)
        : tiling_(tiling), walk_(tiling, sequences) {}

    ATTN_HOST_DEVICE void Begin(int32_t block, int32_t blocks) {
        walk_.Begin(block, blocks);
        next_.index = 0;
        next_.unitIndex = 0;
        BeginUnit();
    }

    // False after the last step.
    ATTN_HOST_DEVICE bool Next(FlashStep* step) {
        if (walk_.AtEnd()) {
            return false;
        }
        *step = next_;
        ++next_.index;
        next_.begin += step->columns;
        if (step->isLast) {
            walk_.Advance();
            ++next_.unitIndex;
            BeginUnit();
        } else {
            SetColumns();
            next_.isFirst = false;
        }
        return true;
    }

 private:
    ATTN_HOST_DEVICE void BeginUnit() {
        if (walk_.AtEnd()) {
            return;
        }
        next_.unit = walk_.Unit();
        next_.begin = next_.unit.keys.begin;
        next_.isFirst = true;
        SetColumns();
    }

    ATTN_HOST_DEVICE void SetColumns() {
        next_.columns = Smaller(tiling_.kvTile, Larger(next_.unit.keys.end - next_.begin, 0));
        next_.isLast = next_.begin + next_.columns >= next_.unit.keys.end;
    }

    const FlashTiling& tiling_;
    FlashWalk<Sequences> walk_;
    FlashStep next_;
};

}  // namespace attn
