// SPDX-License-Identifier: Apache-2.0
// Weighted sums of rows for several query rows, with weights softmax(scores), tile after tile: the
// half of attention that follows the scores. Also what adds up partial results of attention.
#pragma once

#include "attention_accumulator_size.h"
#include "kernel_entry.h"
#include "matrix_vector.h"
#include "online_softmax.h"

namespace attn {

class AttentionAccumulator {
 public:
    using Softmax = OnlineSoftmax<SoftmaxSums::kOfColumns>;

    // Tiles have 16, 32, 64 or 128 tokens of `pitch` floats. Takes AttentionAccumulatorFloats. A
    // barrier on PIPE_V must follow.
    __aicore__ inline void Open(const FloatTensor& scratch, int32_t rowCapacity, int32_t tile,
                                int32_t pitch) {
        tile_ = tile;
        pitch_ = pitch;
        output_ = scratch;
        scores_ = output_[rowCapacity * pitch];
        products_ = scores_[rowCapacity * tile];
        lanes_ = products_[ProductFloats(tile, pitch)];
        const int32_t rows = RoundUp(rowCapacity, kFloatsPerBlock);
        state_.shift = lanes_[tile * kFloatsPerBlock];
        state_.rescale = state_.shift[rows];
        state_.sums = state_.rescale[rows];
        AscendC::Duplicate(state_.shift, 0.0f, 2 * rows);
        softmax_.Open(state_.sums[rowCapacity * tile], rowCapacity, tile, 1.0f);
    }

    __aicore__ inline void Begin(int32_t rows) {
        AscendC::Duplicate(output_, 0.0f, rows * pitch_);
        softmax_.Reset(state_, rows);
    }

    // Begins with one score a row that has no value: sinks [rows, 8]. Barriers as ResetTo.
    __aicore__ inline void BeginWith(const FloatTensor& sinks, int32_t rows) {
        AscendC::Duplicate(output_, 0.0f, rows * pitch_);
        softmax_.ResetTo(state_, sinks, rows);
    }

    // To be filled with [rows, tile] scores; -inf leaves a token out.
    __aicore__ inline const FloatTensor& Scores() const { return scores_; }
    __aicore__ inline FloatTensor ScoresOf(int32_t row) const { return scores_[row * tile_]; }

    // Scratch between Open and Weigh: 64 floats a token of the tile.
    __aicore__ inline const FloatTensor& Products() const { return products_; }
    __aicore__ inline const FloatTensor& Lanes() const { return lanes_; }

    // Waits for the scores; they become weights.
    __aicore__ inline void Weigh(int32_t rows) {
        softmax_.Update(state_, scores_, products_, rows, tile_);
        softmax_.Rescale(output_, rows, pitch_);
    }

    // output[row] += sum over the first `tokens` of weight * values, after Weigh.
    __aicore__ inline void Add(int32_t row, const FloatTensor& values, int32_t tokens) const {
        AddWeightedRows(output_[row * pitch_], values, ScoresOf(row), lanes_, products_, tokens,
                        pitch_);
    }

    // result [rows, pitch] = output / sum, after Add. `result` may be Output().
    __aicore__ inline void Finish(const FloatTensor& result, int32_t rows) const {
        softmax_.Finish(state_, scores_, rows);
        softmax_.Normalize(result, output_, scores_, rows, pitch_);
    }
    __aicore__ inline const FloatTensor& Output() const { return output_; }
    // What it says of sums and maxima holds after Finish.
    __aicore__ inline const Softmax& GetSoftmax() const { return softmax_; }

 private:
    int32_t tile_;
    int32_t pitch_;
    FloatTensor output_;    // [rowCapacity, pitch]
    FloatTensor scores_;    // [rowCapacity, tile]
    FloatTensor products_;  // ProductFloats
    FloatTensor lanes_;     // [tile, 8]
    SoftmaxRows state_;
    Softmax softmax_;
};

}  // namespace attn
