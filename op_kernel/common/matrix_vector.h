// SPDX-License-Identifier: Apache-2.0
// Products of a float matrix in UB with one vector, on the vector pipe: the two halves of attention
// for one query head. `scratch` is overwritten; both return with their last instruction in flight.
#pragma once

#include "kernel_entry.h"
#include "vector_rows.h"
#include "vector_units.h"

namespace attn {

// dst[r] = dot(matrix[r, :], vector), for rows <= 128 and columns a multiple of 8, at most 256.
//
// The 64 lanes of a repeat first add up the columns 64 apart; two block reductions then add the
// lanes, eight at a time. Lanes without a column are zero. products: [rows, 64] and partials:
// [rows, 8] are scratch.
__aicore__ inline void DotRows(const FloatTensor& dst, const FloatTensor& matrix,
                               const FloatTensor& vector, const FloatTensor& products,
                               const FloatTensor& partials, int32_t rows, int32_t columns) {
    constexpr int32_t kBlocksPerRepeat = kFloatsPerRepeat / kFloatsPerBlock;
    const auto repeats = static_cast<uint8_t>(rows);
    const auto pitch = static_cast<uint8_t>(columns / kFloatsPerBlock);
    const AscendC::BinaryRepeatParams strides{1, 1, 1, kBlocksPerRepeat, pitch, 0};

    if (columns < kFloatsPerRepeat) {
        AscendC::Duplicate(products, 0.0f, rows * kFloatsPerRepeat);
        AscendC::PipeBarrier<PIPE_V>();
    }
    AscendC::Mul(products, matrix, vector, Smaller(columns, kFloatsPerRepeat), repeats, strides);
    for (int32_t column = kFloatsPerRepeat; column < columns; column += kFloatsPerRepeat) {
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::MulAddDst(products, matrix[column], vector[column],
                           Smaller(columns - column, kFloatsPerRepeat), repeats, strides);
    }
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::BlockReduceSum<float>(partials, products, rows, kFloatsPerRepeat, 1, 1,
                                   kBlocksPerRepeat);
    AscendC::PipeBarrier<PIPE_V>();
    // A repeat makes eight results. A last group of fewer is masked, because the inputs and outputs
    // next to it hold something else.
    const int32_t groups = rows / kFloatsPerBlock;
    const int32_t rest = rows % kFloatsPerBlock;
    AscendC::BlockReduceSum<float>(dst, partials, groups, kFloatsPerRepeat, 1, 1, kBlocksPerRepeat);
    if (rest > 0) {
        AscendC::BlockReduceSum<float>(dst[groups * kFloatsPerBlock],
                                       partials[groups * kFloatsPerRepeat], 1,
                                       rest * kFloatsPerBlock, 1, 1, kBlocksPerRepeat);
    }
}

// The smallest power of two that is at least half of `rows`.
__aicore__ inline int32_t FirstHalf(int32_t rows) {
    int32_t half = 1;
    while (2 * half < rows) {
        half *= 2;
    }
    return half;
}

// dst += sum over r of weights[r] * matrix[r, :], for rows <= 128, columns a multiple of 8.
//
// The rows are split at a power of two: the first part is multiplied, the second multiplied and
// added to it, and what is left is halved until one row remains. Exactly `rows` rows are read.
// weights is readable up to the next multiple of 8. blocks: [rows, 8] rounded up to 8 rows and
// products: [FirstHalf(rows), columns] are scratch.
__aicore__ inline void AddWeightedRows(const FloatTensor& dst, const FloatTensor& matrix,
                                       const FloatTensor& weights, const FloatTensor& blocks,
                                       const FloatTensor& products, int32_t rows, int32_t columns) {
    const int32_t half = FirstHalf(rows);

    BroadcastRows(blocks, weights, rows);
    AscendC::PipeBarrier<PIPE_V>();
    Rowwise<RowOperation::kMul>(products, matrix, blocks, half, columns);
    if (rows > half) {
        AscendC::PipeBarrier<PIPE_V>();
        Rowwise<RowOperation::kMulAdd>(products, matrix[half * columns],
                                       blocks[half * kFloatsPerBlock], rows - half, columns);
    }
    for (int32_t left = half / 2; left > 0; left /= 2) {
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(products, products, products[left * columns], left * columns);
    }
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Add(dst, dst, products, columns);
}

}  // namespace attn
