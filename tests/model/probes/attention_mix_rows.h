// SPDX-License-Identifier: Apache-2.0
// Operations on the rows of a float matrix in UB, on the vector pipe. What a caller reads or
// overwrites next needs a PipeBarrier<PIPE_V> of its own.
#pragma once

#include "attention_mix_schedule.h"

namespace probe {

using FloatTensor = AscendC::LocalTensor<float>;

constexpr int32_t kBlockFloats = 8;    // of a data block
constexpr int32_t kRepeatFloats = 64;  // of one repeat of a vector instruction
constexpr float kMinusInfinity = -__builtin_inff();
// Where maxima start: finite, so that exp(old - new) is never exp(-inf - -inf).
constexpr float kLowest = -3.402823466e+38f;

// blocks[r, 0..8) = values[r]. Reads and writes whole groups of eight rows.
__aicore__ inline void SpreadRows(const FloatTensor& blocks, const FloatTensor& values,
                                  int32_t rows) {
    AscendC::Brcb(blocks, values, static_cast<uint8_t>(CeilDiv(rows, kBlockFloats)),
                  {1, kBlockFloats});
}

enum class RowOperation { kMul, kSub, kDiv };

// dst[r, :] = src[r, :] op blocks[r]. Columns are a multiple of 64.
template <RowOperation kOperation>
__aicore__ inline void Rowwise(const FloatTensor& dst, const FloatTensor& src,
                               const FloatTensor& blocks, int32_t rows, int32_t columns) {
    const auto pitch = static_cast<uint8_t>(columns / kBlockFloats);
    const auto repeats = static_cast<uint8_t>(rows);
    const AscendC::BinaryRepeatParams strides(1, 1, 0, pitch, pitch, 1);
    constexpr uint64_t kAll = kRepeatFloats;
    for (int32_t column = 0; column < columns; column += kRepeatFloats) {
        if constexpr (kOperation == RowOperation::kMul) {
            AscendC::Mul(dst[column], src[column], blocks, kAll, repeats, strides);
        } else if constexpr (kOperation == RowOperation::kSub) {
            AscendC::Sub(dst[column], src[column], blocks, kAll, repeats, strides);
        } else {
            AscendC::Div(dst[column], src[column], blocks, kAll, repeats, strides);
        }
    }
}

// Strides of an instruction that folds [rows, kKvTile] to [rows, 64].
__aicore__ inline AscendC::BinaryRepeatParams FoldStrides() {
    constexpr uint8_t kPitch = kKvTile / kBlockFloats;
    return {1, 1, 1, kRepeatFloats / kBlockFloats, kPitch, kPitch};
}
static_assert(kKvTile == 2 * kRepeatFloats, "one instruction folds a tile");

// dst[r] = max(src[r, :]) of [rows, kKvTile]; `fold` is scratch of [rows, 64].
__aicore__ inline void MaximumOfRows(const FloatTensor& dst, const FloatTensor& src,
                                     const FloatTensor& fold, int32_t rows) {
    AscendC::Max(fold, src, src[kRepeatFloats], uint64_t{kRepeatFloats}, static_cast<uint8_t>(rows),
                 FoldStrides());
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::WholeReduceMax<float>(dst, fold, kRepeatFloats, rows, 1, 1,
                                   kRepeatFloats / kBlockFloats,
                                   AscendC::ReduceOrder::ORDER_ONLY_VALUE);
}

// dst[r] = sum(src[r, :]), likewise.
__aicore__ inline void SumOfRows(const FloatTensor& dst, const FloatTensor& src,
                                 const FloatTensor& fold, int32_t rows) {
    AscendC::Add(fold, src, src[kRepeatFloats], uint64_t{kRepeatFloats}, static_cast<uint8_t>(rows),
                 FoldStrides());
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::WholeReduceSum<float>(dst, fold, kRepeatFloats, rows, 1, 1,
                                   kRepeatFloats / kBlockFloats);
}

// dst[r, c] = value for c from the next multiple of 8 of `begin` on, of [rows, columns].
__aicore__ inline void FillColumns(const FloatTensor& dst, float value, int32_t begin, int32_t rows,
                                   int32_t columns) {
    for (int32_t column = 0; column < columns; column += kRepeatFloats) {
        const int32_t skipped = RoundUp(begin, kBlockFloats) - column;
        if (skipped < kRepeatFloats) {
            uint64_t mask[2] = {skipped > 0 ? ~uint64_t{0} << skipped : ~uint64_t{0}, 0};
            AscendC::Duplicate(dst[column], value, mask, static_cast<uint8_t>(rows), 1,
                               static_cast<uint8_t>(columns / kBlockFloats));
        }
    }
}

}  // namespace probe
