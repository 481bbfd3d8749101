// SPDX-License-Identifier: Apache-2.0
// Operations on the rows of a float matrix [rows, columns] in UB: one factor a row, one result a
// row.
//
// Rows are contiguous. Columns are a multiple of 8 and at most 256, rows at most 255. All run on
// the vector pipe; what a caller reads or overwrites next needs a PipeBarrier<PIPE_V> of its own.
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

enum class RowOperation { kMul, kMulAdd, kSub, kDiv };

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
        if constexpr (kOperation == RowOperation::kMul) {
            AscendC::Mul(dst[column], src[column], blocks, mask, repeats, strides);
        } else if constexpr (kOperation == RowOperation::kMulAdd) {
            AscendC::MulAddDst(dst[column], src[column], blocks, mask, repeats, strides);
        } else if constexpr (kOperation == RowOperation::kSub) {
            AscendC::Sub(dst[column], src[column], blocks, mask, repeats, strides);
        } else {
            AscendC::Div(dst[column], src[column], blocks, mask, repeats, strides);
        }
    }
}

// dst[from, to) = value, for a row dst of at most 255 * 64 floats that begins on a data block.
__aicore__ inline void FillColumns(const FloatTensor& dst, float value, int32_t from, int32_t to) {
    const int32_t lane = from % kFloatsPerRepeat;
    if (lane != 0 && from < to) {
        const int32_t last = Smaller(kFloatsPerRepeat, lane + to - from);
        uint64_t mask[2] = {(~uint64_t{0} >> (kFloatsPerRepeat - last)) & (~uint64_t{0} << lane),
                            0};
        AscendC::Duplicate(dst[from - lane], value, mask, 1, 1, kRepeatBytes / kDataBlockBytes);
        from += kFloatsPerRepeat - lane;
    }
    if (from < to) {
        AscendC::Duplicate(dst[from], value, to - from);
    }
}

// Strides of an instruction that folds [rows, 128] to [rows, 64].
__aicore__ inline AscendC::BinaryRepeatParams FoldStrides(int32_t columns) {
    const auto pitch = static_cast<uint8_t>(columns / kFloatsPerBlock);
    return {1, 1, 1, kFloatsPerRepeat / kFloatsPerBlock, pitch, pitch};
}

// dst[r] = max(src[r, :]). Columns are 128 or at most 64; `fold` is scratch of [rows, 64].
__aicore__ inline void RowMax(const FloatTensor& dst, const FloatTensor& src,
                              const FloatTensor& fold, int32_t rows, int32_t columns) {
    if (columns <= kFloatsPerRepeat) {
        AscendC::WholeReduceMax<float>(dst, src, columns, rows, 1, 1, columns / kFloatsPerBlock,
                                       AscendC::ReduceOrder::ORDER_ONLY_VALUE);
        return;
    }
    AscendC::Max(fold, src, src[kFloatsPerRepeat], kFloatsPerRepeat, static_cast<uint8_t>(rows),
                 FoldStrides(columns));
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::WholeReduceMax<float>(dst, fold, kFloatsPerRepeat, rows, 1, 1,
                                   kFloatsPerRepeat / kFloatsPerBlock,
                                   AscendC::ReduceOrder::ORDER_ONLY_VALUE);
}

// dst[r] = sum(src[r, :]). Columns are 128 or at most 64; `fold` is scratch of [rows, 64].
__aicore__ inline void RowSum(const FloatTensor& dst, const FloatTensor& src,
                              const FloatTensor& fold, int32_t rows, int32_t columns) {
    if (columns <= kFloatsPerRepeat) {
        AscendC::WholeReduceSum<float>(dst, src, columns, rows, 1, 1, columns / kFloatsPerBlock);
        return;
    }
    AscendC::Add(fold, src, src[kFloatsPerRepeat], kFloatsPerRepeat, static_cast<uint8_t>(rows),
                 FoldStrides(columns));
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::WholeReduceSum<float>(dst, fold, kFloatsPerRepeat, rows, 1, 1,
                                   kFloatsPerRepeat / kFloatsPerBlock);
}

}  // namespace attn
