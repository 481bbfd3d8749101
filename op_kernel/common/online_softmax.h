// SPDX-License-Identifier: Apache-2.0
// Softmax over tiles of columns, row by row: running maximum, running sums, and the factor that
// brings what was accumulated before a tile to the new maximum. Algorithm: Milakov and Gimelshein,
// Online normalizer calculation for softmax, 2018.
#pragma once

#include "kernel_entry.h"
#include "online_softmax_size.h"
#include "vector_rows.h"
#include "vector_units.h"

namespace attn {

constexpr float kMinusInfinity = -__builtin_inff();

// How the sums of a row are kept: added up in every tile, or one for each column of a tile and
// added up once, at the end.
enum class SoftmaxSums { kOfRows, kOfColumns };

// What is kept of rows from tile to tile, rows in groups of eight. BroadcastRows reads whole
// groups: their values have to be defined before the first Update, also those of unused rows.
struct SoftmaxRows {
    FloatTensor shift;    // [rows], minus the maximum
    FloatTensor sums;     // [rows], or [rows, columns] with kOfColumns
    FloatTensor rescale;  // [rows], exp(old maximum - new maximum) of the last Update
};

template <SoftmaxSums kSums>
class OnlineSoftmax {
 public:
    // Takes OnlineSoftmaxFloats(rowCapacity). A row has `sums` sums: 1, or the columns of a tile.
    // Scores are multiplied by `scale`, which is above 0. A barrier on PIPE_V must follow.
    __aicore__ inline void Open(const FloatTensor& scratch, int32_t rowCapacity, int32_t sums,
                                float scale) {
        const int32_t rows = RoundUp(rowCapacity, kFloatsPerBlock);
        sums_ = sums;
        scale_ = scale;
        values_ = scratch;
        blocks_ = values_[rows];
        shiftBlocks_ = blocks_[rows * kFloatsPerBlock];
        scales_ = shiftBlocks_[rows * kFloatsPerBlock];
        AscendC::Duplicate(values_, 0.0f, rows);
        AscendC::Duplicate(scales_, scale, kFloatsPerRepeat);
    }

    // Forgets all columns. The maximum starts finite, so that scores of -inf have probability
    // exp(-inf) = 0 and never exp(-inf - -inf).
    __aicore__ inline void Reset(const SoftmaxRows& state, int32_t rows) const {
        AscendC::Duplicate(state.shift, kLargest, rows);
        AscendC::Duplicate(state.sums, 0.0f, rows * sums_);
    }

    // As if each row had seen one column: scaled scores [rows, 8], each value eight times. A
    // barrier on PIPE_V has come before and must follow.
    __aicore__ inline void ResetTo(const SoftmaxRows& state, const FloatTensor& scores,
                                   int32_t rows) const {
        const int32_t values = rows * kFloatsPerBlock;
        ReduceRowBlocks<RowReduction::kMax>(values_, scores, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(state.shift, values_, -1.0f, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Mins(state.shift, state.shift, kLargest, rows);
        AscendC::PipeBarrier<PIPE_V>();
        if constexpr (kSums == SoftmaxSums::kOfRows) {
            AscendC::Add(state.sums, values_, state.shift, rows);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Exp(state.sums, state.sums, rows);
        } else {
            BroadcastRows(blocks_, state.shift, rows);
            AscendC::Duplicate(state.sums, 0.0f, rows * sums_);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Add(blocks_, scores, blocks_, values);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Exp(blocks_, blocks_, values);
            AscendC::PipeBarrier<PIPE_V>();
            const AscendC::UnaryRepeatParams strides{
                1, 1, static_cast<uint8_t>(sums_ / kFloatsPerBlock), 1};
            AscendC::Muls(state.sums, blocks_, 1.0f / kFloatsPerBlock, kFloatsPerBlock,
                          static_cast<uint8_t>(rows), strides);
        }
    }

    // Waits for scores [rows, columns], replaces them by exp(scale * scores - new maximum), and
    // takes them into the sums. `fold` is scratch for RowMax.
    __aicore__ inline void Update(const SoftmaxRows& state, const FloatTensor& scores,
                                  const FloatTensor& fold, int32_t rows, int32_t columns) const {
        AscendC::PipeBarrier<PIPE_V>();
        RowMax(values_, scores, fold, blocks_, rows, columns);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(values_, values_, -scale_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Min(values_, state.shift, values_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(state.rescale, values_, state.shift, rows);
        BroadcastRows(blocks_, values_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Adds(state.shift, values_, 0.0f, rows);
        AscendC::Exp(state.rescale, state.rescale, rows);
        if (scale_ == 1.0f) {
            Rowwise<RowOperation::kAdd>(scores, scores, blocks_, rows, columns);
        } else {
            ScaleAndShift(scores, scales_, blocks_, rows, columns);
        }
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(scores, scores, rows * columns);
        if constexpr (kSums == SoftmaxSums::kOfRows) {
            AscendC::PipeBarrier<PIPE_V>();
            RowSum(values_, scores, fold, blocks_, rows, columns);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::FusedMulAdd(state.sums, state.rescale, values_, rows);
        } else {
            BroadcastRows(blocks_, state.rescale, rows);
            AscendC::PipeBarrier<PIPE_V>();
            Rescale(state.sums, rows, columns);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Add(state.sums, state.sums, scores, rows * columns);
        }
    }

    // accumulated [rows, columns] *= exp(old maximum - new maximum) of the last Update. With
    // kOfColumns.
    __aicore__ inline void Rescale(const FloatTensor& accumulated, int32_t rows,
                                   int32_t columns) const {
        Rowwise<RowOperation::kMul>(accumulated, accumulated, blocks_, rows, columns);
    }

    // Sums and maxima can be read when it returns. The caller has put a barrier after the last
    // Update. With kOfRows.
    __aicore__ inline void Finish(const SoftmaxRows& state, int32_t rows) const {
        BroadcastRows(shiftBlocks_, state.shift, rows);
        BroadcastRows(blocks_, state.sums, rows);
        AscendC::PipeBarrier<PIPE_V>();
    }
    // The same with kOfColumns. `fold` is scratch for RowSum.
    __aicore__ inline void Finish(const SoftmaxRows& state, const FloatTensor& fold,
                                  int32_t rows) const {
        BroadcastRows(shiftBlocks_, state.shift, rows);
        RowSum(values_, state.sums, fold, blocks_, rows, sums_);
        AscendC::PipeBarrier<PIPE_V>();
        BroadcastRows(blocks_, values_, rows);
        AscendC::PipeBarrier<PIPE_V>();
    }

    // The rest comes after Finish.

    // result [rows, columns] = accumulated / sum; 0 for a row that has seen no finite score.
    // `divisors` is scratch of [rows, 8].
    __aicore__ inline void Normalize(const FloatTensor& result, const FloatTensor& accumulated,
                                     const FloatTensor& divisors, int32_t rows,
                                     int32_t columns) const {
        AscendC::Maxs(divisors, blocks_, kSmallest, rows * kFloatsPerBlock);
        AscendC::PipeBarrier<PIPE_V>();
        Rowwise<RowOperation::kDiv>(result, accumulated, divisors, rows, columns);
    }

    // [rows, 8], each value eight times. The sum is that of exp(score - maximum).
    __aicore__ inline void GetSums(const FloatTensor& sums, int32_t rows) const {
        AscendC::Adds(sums, blocks_, 0.0f, rows * kFloatsPerBlock);
    }
    __aicore__ inline void GetMaxima(const FloatTensor& maxima, int32_t rows) const {
        AscendC::Muls(maxima, shiftBlocks_, -1.0f, rows * kFloatsPerBlock);
    }
    // ln(sum) + maximum
    __aicore__ inline void GetLogSumExp(const FloatTensor& lse, int32_t rows) const {
        const int32_t values = rows * kFloatsPerBlock;
        AscendC::Ln(lse, blocks_, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(lse, lse, shiftBlocks_, values);
    }

 private:
    static constexpr float kLargest = 3.402823466e+38f;
    static constexpr float kSmallest = 1.175494351e-38f;  // divides the zeros of an empty row

    int32_t sums_;
    float scale_;
    FloatTensor values_;       // [rows]
    FloatTensor blocks_;       // [rows, 8]
    FloatTensor shiftBlocks_;  // [rows, 8]
    FloatTensor scales_;       // [64]
};

}  // namespace attn
