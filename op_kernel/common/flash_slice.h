// SPDX-License-Identifier: Apache-2.0
// What a vector core of attention on cube and vector cores handles at a time.
#pragma once

#include "flash_schedule.h"
#include "flash_tiling.h"
#include "kernel_entry.h"
#include "token_view.h"
#include "vector_rows.h"
#include "vector_units.h"

namespace attn {

// Rows of one half of a step. A core that has no row of a half has one slice of it without rows.
struct FlashSlice {
    const FlashStep* step;
    int32_t half;
    int32_t firstRow;  // of the unit
    int32_t rows = 0;
    int32_t coreRow;   // its first row among those that the core keeps
    KeyRange columns;  // of the half

    __aicore__ inline const FlashUnit& Unit() const { return step->unit; }
    // Columns in UB: whole repeats, so that rows begin at data blocks whatever their type.
    __aicore__ inline int32_t Width() const { return RoundUp(columns.Count(), kFloatsPerRepeat); }
    // Columns that rows [first, last] of the slice see, counted from columns.begin.
    __aicore__ inline KeyRange SeenBy(const FlashTiling& tiling, int32_t first,
                                      int32_t last) const {
        const KeyRange seen = step->ColumnsOfRows(tiling, firstRow + first, firstRow + last);
        const int32_t end = Smaller(Larger(seen.end - columns.begin, 0), columns.Count());
        return {Smaller(Larger(seen.begin - columns.begin, 0), end), end};
    }
};

// Rows that are a fixed distance apart in global memory.
struct FlashRun {
    int32_t first;  // row of the slice
    int32_t rows;
    int64_t offset;
    int64_t stride;
};

// The run that begins at a row of the slice. `row` and `begin` are those of the view that the first
// query token of the sequence has.
__aicore__ inline FlashRun RunFrom(const FlashTiling& tiling, const FlashSlice& slice,
                                   int32_t first, const TokenView& view, int64_t row,
                                   int64_t begin) {
    const FlashUnit& unit = slice.Unit();
    const HeadRun run = unit.RunAt(tiling, slice.firstRow + first, slice.firstRow + slice.rows);
    const int64_t offset =
        row * view.rowStride + (begin + run.token) * view.tokenStride + run.head * view.headStride;
    // With one head a task its rows are query tokens.
    return tiling.pack == 1 ? FlashRun{first, slice.rows - first, offset, view.tokenStride}
                            : FlashRun{first, run.rows, offset, view.headStride};
}

// Buffers of one value a row that the parts of the vector side share.
struct FlashRowScratch {
    FloatTensor blocks;       // [sliceRows, 8]
    FloatTensor otherBlocks;  // [sliceRows, 8]
    FloatTensor values;       // [sliceRows]
    FloatTensor otherValues;  // [sliceRows]
    FloatTensor ramp;         // [64]: 0, 1, 2 ...
};

// blocks[r, 0..8) = factor * values[begin + query head of row r]
__aicore__ inline void FillByHead(const FloatTensor& blocks, const FlashTiling& tiling,
                                  const FlashSlice& slice,
                                  const AscendC::GlobalTensor<float>& values, int64_t begin,
                                  float factor) {
    for (int32_t row = 0; row < Smaller(tiling.pack, slice.rows); ++row) {
        const int32_t head = slice.Unit().HeadOf(tiling, slice.firstRow + row);
        AscendC::Duplicate(blocks[row * kFloatsPerBlock], factor * values.GetValue(begin + head),
                           kFloatsPerBlock,
                           static_cast<uint8_t>(CeilDiv(slice.rows - row, tiling.pack)), 1,
                           static_cast<uint8_t>(tiling.pack));
    }
}

}  // namespace attn
