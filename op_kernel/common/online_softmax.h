// SPDX-License-Identifier: Apache-2.0
// Softmax over tiles of columns, one row a query head: running maximum, running sums, and the
// factor that brings what was accumulated before a tile to the new maximum.
//
// A value of a row is kept eight times, as the data block that Rowwise takes. Sums are kept for
// each column of the tile and added up once, at the end. Algorithm: Milakov and Gimelshein, Online
// normalizer calculation for softmax, 2018.
#pragma once

#include "kernel_entry.h"
#include "online_softmax_size.h"
#include "vector_rows.h"
#include "vector_units.h"

namespace attn {

constexpr float kMinusInfinity = -__builtin_inff();

class OnlineSoftmax {
 public:
    // Tiles have 32, 64 or 128 columns. Takes OnlineSoftmaxFloats(rowCapacity, columns) floats.
    // BroadcastRows reads rows in groups of eight, so the values of rows that no task uses are set
    // here, once. A barrier on PIPE_V must follow.
    __aicore__ inline void Open(const FloatTensor& scratch, int32_t rowCapacity, int32_t columns) {
        const int32_t rows = RoundUp(rowCapacity, kFloatsPerBlock);
        columns_ = columns;
        rowValues_ = scratch;
        max_ = rowValues_[rows];
        newMax_ = max_[rows * kFloatsPerBlock];
        rescale_ = newMax_[rows * kFloatsPerBlock];
        sums_ = rescale_[rows * kFloatsPerBlock];
        AscendC::Duplicate(rowValues_, 0.0f, rows);
    }

    // Forgets all columns. The maximum starts finite, so that scores of -inf have probability
    // exp(-inf) = 0 and never exp(-inf - -inf).
    __aicore__ inline void Reset(int32_t rows) {
        AscendC::Duplicate(max_, kLowest, rows * kFloatsPerBlock);
        AscendC::Duplicate(sums_, 0.0f, rows * columns_);
    }

    // As if each row had seen one column: scores [rows, 8], each value eight times. A barrier on
    // PIPE_V has come before and must follow.
    __aicore__ inline void ResetTo(const FloatTensor& scores, int32_t rows) {
        const int32_t values = rows * kFloatsPerBlock;
        const AscendC::UnaryRepeatParams strides{
            1, 1, static_cast<uint8_t>(columns_ / kFloatsPerBlock), 1};
        AscendC::Maxs(max_, scores, kLowest, values);
        AscendC::Duplicate(sums_, 0.0f, rows * columns_);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(rescale_, scores, max_, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(rescale_, rescale_, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(sums_, rescale_, 1.0f / kFloatsPerBlock, kFloatsPerBlock,
                      static_cast<uint8_t>(rows), strides);
    }

    // Waits for scores [rows, columns], replaces them by exp(scores - new maximum), and takes them
    // into the sums. `fold` is scratch of [rows, 64].
    __aicore__ inline void Update(const FloatTensor& scores, const FloatTensor& fold,
                                  int32_t rows) {
        const int32_t values = rows * kFloatsPerBlock;
        AscendC::PipeBarrier<PIPE_V>();
        RowMax(rowValues_, scores, fold, rows, columns_);
        AscendC::PipeBarrier<PIPE_V>();
        BroadcastRows(rescale_, rowValues_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Max(newMax_, max_, rescale_, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(rescale_, max_, newMax_, values);
        Rowwise<RowOperation::kSub>(scores, scores, newMax_, rows, columns_);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Adds(max_, newMax_, 0.0f, values);
        AscendC::Exp(rescale_, rescale_, values);
        AscendC::Exp(scores, scores, rows * columns_);
        AscendC::PipeBarrier<PIPE_V>();
        Rescale(sums_, rows, columns_);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(sums_, sums_, scores, rows * columns_);
    }

    // accumulated [rows, columns] *= exp(old maximum - new maximum) of the last Update.
    __aicore__ inline void Rescale(const FloatTensor& accumulated, int32_t rows, int32_t columns) {
        Rowwise<RowOperation::kMul>(accumulated, accumulated, rescale_, rows, columns);
    }

    // result [rows, columns] = accumulated / sum; 0 for a row that has seen no finite score. The
    // caller has put a barrier after the last Update. `fold` is scratch of [rows, 64]. Sum() and
    // Max() can be read when it returns.
    __aicore__ inline void Finish(const FloatTensor& result, const FloatTensor& accumulated,
                                  const FloatTensor& fold, int32_t rows, int32_t columns) {
        RowSum(rowValues_, sums_, fold, rows, columns_);
        AscendC::PipeBarrier<PIPE_V>();
        BroadcastRows(rescale_, rowValues_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Maxs(newMax_, rescale_, kSmallest, rows * kFloatsPerBlock);
        AscendC::PipeBarrier<PIPE_V>();
        Rowwise<RowOperation::kDiv>(result, accumulated, newMax_, rows, columns);
    }

    // [rows, 8]: each value eight times. The sum is that of exp(score - maximum).
    __aicore__ inline const FloatTensor& Sum() const { return rescale_; }
    __aicore__ inline const FloatTensor& Max() const { return max_; }

 private:
    static constexpr float kLowest = -3.402823466e+38f;
    static constexpr float kSmallest = 1.175494351e-38f;  // divides the zeros of an empty row

    int32_t columns_;
    FloatTensor rowValues_;  // [rows], maximum or sum of each row
    FloatTensor max_;        // [rows, 8]
    FloatTensor newMax_;     // [rows, 8]
    FloatTensor rescale_;    // [rows, 8]
    FloatTensor sums_;       // [rows, columns]
};

}  // namespace attn
