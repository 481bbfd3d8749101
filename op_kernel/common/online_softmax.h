// SPDX-License-Identifier: Apache-2.0
// Softmax over tiles of columns, one row a query head: running maximum, running sum, and the factor
// that brings what was accumulated before a tile to the new maximum.
//
// Algorithm: Milakov and Gimelshein, Online normalizer calculation for softmax, 2018.
#pragma once

#include "kernel_entry.h"
#include "online_softmax_size.h"
#include "vector_rows.h"
#include "vector_units.h"

namespace attn {

constexpr float kMinusInfinity = -__builtin_inff();

class OnlineSoftmax {
 public:
    // Takes OnlineSoftmaxFloats(rowCapacity) floats. BroadcastRows reads rows in groups of eight, so
    // the values of rows that no task uses are set once. A PipeBarrier<PIPE_V> must follow.
    __aicore__ inline void Open(const FloatTensor& scratch, int32_t rowCapacity) {
        const int32_t rows = RoundUp(rowCapacity, kFloatsPerBlock);
        max_ = scratch;
        newMax_ = scratch[rows];
        sum_ = scratch[2 * rows];
        rescale_ = scratch[3 * rows];
        tileStatistic_ = scratch[4 * rows];
        blocks_ = scratch[5 * rows];
        AscendC::Duplicate(scratch, 0.0f, 5 * rows);
    }

    // Forgets all columns. The maximum starts finite, so that scores of -inf have probability
    // exp(-inf) = 0 and never exp(-inf - -inf).
    __aicore__ inline void Reset(int32_t rows) {
        AscendC::Duplicate(max_, kLowest, rows);
        AscendC::Duplicate(sum_, 0.0f, rows);
    }

    // Replaces scores [rows, columns] by exp(scores - new maximum) and takes them into the sum.
    // Waits for the scores. Columns are 32, 64 or 128; `fold` is scratch of [rows, 64].
    __aicore__ inline void Update(const FloatTensor& scores, const FloatTensor& fold, int32_t rows,
                                  int32_t columns) {
        AscendC::PipeBarrier<PIPE_V>();
        RowMax(tileStatistic_, scores, fold, rows, columns);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Max(newMax_, max_, tileStatistic_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(rescale_, max_, newMax_, rows);
        BroadcastRows(blocks_, newMax_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(rescale_, rescale_, rows);
        Rowwise<RowOperation::kSub>(scores, scores, blocks_, rows, columns);
        AscendC::Max(max_, max_, tileStatistic_, rows);  // = newMax_; in place costs no barrier
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(scores, scores, rows * columns);
        AscendC::Mul(sum_, sum_, rescale_, rows);
        BroadcastRows(blocks_, rescale_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        RowSum(tileStatistic_, scores, fold, rows, columns);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(sum_, sum_, tileStatistic_, rows);
    }

    // accumulated [rows, columns] *= exp(old maximum - new maximum) of the last Update.
    __aicore__ inline void Rescale(const FloatTensor& accumulated, int32_t rows, int32_t columns) {
        Rowwise<RowOperation::kMul>(accumulated, accumulated, blocks_, rows, columns);
    }

    // accumulated [rows, columns] /= sum, and logSumExp [rows] = ln(sum) + maximum. The caller has
    // put a barrier after the last Update.
    __aicore__ inline void Finish(const FloatTensor& accumulated, const FloatTensor& logSumExp,
                                  int32_t rows, int32_t columns) {
        BroadcastRows(blocks_, sum_, rows);
        AscendC::Ln(logSumExp, sum_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        Rowwise<RowOperation::kDiv>(accumulated, accumulated, blocks_, rows, columns);
        AscendC::Add(logSumExp, logSumExp, max_, rows);
    }

 private:
    static constexpr float kLowest = -3.402823466e+38f;

    FloatTensor max_;            // [rows]
    FloatTensor newMax_;         // [rows]
    FloatTensor sum_;            // [rows]
    FloatTensor rescale_;        // [rows]
    FloatTensor tileStatistic_;  // [rows], maximum or sum of the tile
    FloatTensor blocks_;         // [rows, 8], a value of each row eight times
};

}  // namespace attn
