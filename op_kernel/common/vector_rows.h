// SPDX-License-Identifier: Apache-2.0
// Operations on the rows of a float matrix [rows, columns] in UB: one factor a row, one result a
// row.
//
// Rows are contiguous. Columns are a multiple of 8 and at most 512, from 64 on a multiple of 64;
// rows are at most 255. All run on the vector pipe; what a caller reads or overwrites next needs a
// PipeBarrier<PIPE_V> of its own.
#pragma once

#include "kernel_entry.h"
#include "vector_units.h"

namespace attn {

using FloatTensor = AscendC::LocalTensor<float>;

// blocks[r, 0..8) = values[r]. Reads and writes whole groups of eight rows.
__aicore__ inline void BroadcastRows(const FloatTensor& blocks, const FloatTensor& values,
                                     int32_t rows) {
    AscendC::Brcb(blocks, values, static_cast<uint8_t>(CeilDiv(rows, kFloatsPerBlock)),
                  {1, kFloatsPerBlock});
}

enum class RowOperation { kAdd, kMul, kMulAdd, kDiv };

// dst[r, :] = src[r, :] op blocks[r], for blocks made by BroadcastRows; kMulAdd adds the product to
// dst. A repeat is 64 columns of one row: block stride 0 spreads the row's factor over them.
template <RowOperation kOperation>
__aicore__ inline void Rowwise(const FloatTensor& dst, const FloatTensor& src,
                               const FloatTensor& blocks, int32_t rows, int32_t columns) {
    const auto pitch = static_cast<uint8_t>(columns / kFloatsPerBlock);
    const AscendC::BinaryRepeatParams strides{1, 1, 0, pitch, pitch, 1};
    const auto repeats = static_cast<uint8_t>(rows);
    for (int32_t column = 0; column < columns; column += kFloatsPerRepeat) {
        const uint64_t mask = Smaller(columns - column, kFloatsPerRepeat);
        if constexpr (kOperation == RowOperation::kAdd) {
            AscendC::Add(dst[column], src[column], blocks, mask, repeats, strides);
        } else if constexpr (kOperation == RowOperation::kMul) {
            AscendC::Mul(dst[column], src[column], blocks, mask, repeats, strides);
        } else if constexpr (kOperation == RowOperation::kMulAdd) {
            AscendC::MulAddDst(dst[column], src[column], blocks, mask, repeats, strides);
        } else {
            AscendC::Div(dst[column], src[column], blocks, mask, repeats, strides);
        }
    }
}

// dst[r, :] = dst[r, :] * factors[0..64) + blocks[r]: `factors` are for every 64 columns alike.
// Columns are a multiple of 64.
__aicore__ inline void ScaleAndShift(const FloatTensor& dst, const FloatTensor& factors,
                                     const FloatTensor& blocks, int32_t rows, int32_t columns) {
    const auto pitch = static_cast<uint8_t>(columns / kFloatsPerBlock);
    const AscendC::BinaryRepeatParams strides{1, 1, 0, pitch, 0, 1};
    for (int32_t column = 0; column < columns; column += kFloatsPerRepeat) {
        AscendC::FusedMulAdd(dst[column], factors, blocks, kFloatsPerRepeat,
                             static_cast<uint8_t>(rows), strides);
    }
}

// dst[r, :] = dst[r, :] * blocks[r] + src[r, :]. Columns are a multiple of 8.
__aicore__ inline void ScaleAndAdd(const FloatTensor& dst, const FloatTensor& blocks,
                                   const FloatTensor& src, int32_t rows, int32_t columns) {
    const auto pitch = static_cast<uint8_t>(columns / kFloatsPerBlock);
    const AscendC::BinaryRepeatParams strides{1, 0, 1, pitch, 1, pitch};
    for (int32_t column = 0; column < columns; column += kFloatsPerRepeat) {
        const uint64_t mask = Smaller(columns - column, kFloatsPerRepeat);
        AscendC::FusedMulAdd(dst[column], blocks, src[column], mask, static_cast<uint8_t>(rows),
                             strides);
    }
}

// dst[r, from .. to) = value for all rows of a matrix whose rows are `pitch` apart.
__aicore__ inline void FillColumns(const FloatTensor& dst, float value, int32_t from, int32_t to,
                                   int32_t rows, int32_t pitch) {
    while (from < to) {
        const int32_t lane = from % kFloatsPerRepeat;
        const int32_t last = Smaller(kFloatsPerRepeat, lane + to - from);
        uint64_t mask[2] = {(~uint64_t{0} >> (kFloatsPerRepeat - last)) & (~uint64_t{0} << lane),
                            0};
        AscendC::Duplicate(dst[from - lane], value, mask, static_cast<uint8_t>(rows), 1,
                           static_cast<uint8_t>(pitch / kFloatsPerBlock));
        from += last - lane;
    }
}

enum class RowReduction { kMax, kSum };

// dst[r, 0 .. 64) = a[r, 0 .. 64) op b[r, 0 .. 64), with the distances of their rows.
template <RowReduction kReduction>
__aicore__ inline void FoldColumns(const FloatTensor& dst, const FloatTensor& a,
                                   const FloatTensor& b, int32_t rows, int32_t dstPitch,
                                   int32_t aPitch, int32_t bPitch) {
    const AscendC::BinaryRepeatParams strides{1,
                                              1,
                                              1,
                                              static_cast<uint8_t>(dstPitch / kFloatsPerBlock),
                                              static_cast<uint8_t>(aPitch / kFloatsPerBlock),
                                              static_cast<uint8_t>(bPitch / kFloatsPerBlock)};
    const auto repeats = static_cast<uint8_t>(rows);
    if constexpr (kReduction == RowReduction::kMax) {
        AscendC::Max(dst, a, b, kFloatsPerRepeat, repeats, strides);
    } else {
        AscendC::Add(dst, a, b, kFloatsPerRepeat, repeats, strides);
    }
}

// dst[8 i + j] = op(src[i, j, 0 .. 8)) of `repeats` repeats i, `pitch` apart, with `lanes` each.
template <RowReduction kReduction>
__aicore__ inline void ReduceBlocks(const FloatTensor& dst, const FloatTensor& src, int32_t repeats,
                                    int32_t lanes, int32_t pitch) {
    if constexpr (kReduction == RowReduction::kMax) {
        AscendC::BlockReduceMax(dst, src, repeats, lanes, 1, 1, pitch / kFloatsPerBlock);
    } else {
        AscendC::BlockReduceSum(dst, src, repeats, lanes, 1, 1, pitch / kFloatsPerBlock);
    }
}

// dst[r] = op(blocks[r, 0 .. 8)).
template <RowReduction kReduction>
__aicore__ inline void ReduceRowBlocks(const FloatTensor& dst, const FloatTensor& blocks,
                                       int32_t rows) {
    const int32_t repeats = rows / kFloatsPerBlock;
    const int32_t rest = rows % kFloatsPerBlock;
    if (repeats > 0) {
        ReduceBlocks<kReduction>(dst, blocks, repeats, kFloatsPerRepeat, kFloatsPerRepeat);
    }
    if (rest > 0) {
        ReduceBlocks<kReduction>(dst[repeats * kFloatsPerBlock], blocks[repeats * kFloatsPerRepeat],
                                 1, rest * kFloatsPerBlock, kFloatsPerRepeat);
    }
}

// dst[r] = op(src[r, :]). Halves the columns until 64 are left: adding whole registers costs less
// than adding within one. `fold` is scratch of half as many columns as src has, `blocks` of
// [rows, 8].
template <RowReduction kReduction>
__aicore__ inline void ReduceRows(const FloatTensor& dst, const FloatTensor& src,
                                  const FloatTensor& fold, const FloatTensor& blocks, int32_t rows,
                                  int32_t columns) {
    const int32_t foldPitch = columns / 2 / kFloatsPerRepeat * kFloatsPerRepeat;
    FloatTensor from = src;
    int32_t pitch = columns;
    int32_t groups = columns / kFloatsPerRepeat;
    while (groups > 1) {
        const int32_t half = groups / 2;
        for (int32_t group = 0; group < half; ++group) {
            FoldColumns<kReduction>(fold[group * kFloatsPerRepeat], from[group * kFloatsPerRepeat],
                                    from[(half + group) * kFloatsPerRepeat], rows, foldPitch, pitch,
                                    pitch);
        }
        AscendC::PipeBarrier<PIPE_V>();
        if (groups % 2 != 0) {
            FoldColumns<kReduction>(fold, fold, from[2 * half * kFloatsPerRepeat], rows, foldPitch,
                                    foldPitch, pitch);
            AscendC::PipeBarrier<PIPE_V>();
        }
        from = fold;
        pitch = foldPitch;
        groups = half;
    }
    ReduceBlocks<kReduction>(blocks, from, rows, kFloatsPerRepeat, pitch);
    AscendC::PipeBarrier<PIPE_V>();
    ReduceRowBlocks<kReduction>(dst, blocks, rows);
}

// dst[r] = max(src[r, :]). Scratch as for ReduceRows; none for fewer than 64 columns.
__aicore__ inline void RowMax(const FloatTensor& dst, const FloatTensor& src,
                              const FloatTensor& fold, const FloatTensor& blocks, int32_t rows,
                              int32_t columns) {
    if (columns < kFloatsPerRepeat) {
        AscendC::WholeReduceMax<float>(dst, src, columns, rows, 1, 1, columns / kFloatsPerBlock,
                                       AscendC::ReduceOrder::ORDER_ONLY_VALUE);
    } else {
        ReduceRows<RowReduction::kMax>(dst, src, fold, blocks, rows, columns);
    }
}

// dst[r] = sum(src[r, :]). Scratch as for RowMax.
__aicore__ inline void RowSum(const FloatTensor& dst, const FloatTensor& src,
                              const FloatTensor& fold, const FloatTensor& blocks, int32_t rows,
                              int32_t columns) {
    if (columns < kFloatsPerRepeat) {
        AscendC::WholeReduceSum<float>(dst, src, columns, rows, 1, 1, columns / kFloatsPerBlock);
    } else {
        ReduceRows<RowReduction::kSum>(dst, src, fold, blocks, rows, columns);
    }
}

}  // namespace attn
