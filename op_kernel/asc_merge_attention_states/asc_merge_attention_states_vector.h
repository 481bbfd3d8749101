// SPDX-License-Identifier: Apache-2.0
// AscMergeAttentionStates: attention over several sets of tokens from the results over each of
// them.
//
//   GM --MTE2--> queue of states --V--> output queue --MTE3--> GM
//
// With m the highest lse so far, a state weighs exp(lse - m); what was added under a lower m is
// scaled down. A state whose lse is -inf, or +inf, is empty: its output is not looked at.
#pragma once

#include "../common/kernel_entry.h"
#include "../common/vector_rows.h"
#include "asc_merge_attention_states_schedule.h"
#include "asc_merge_attention_states_tiling.h"

namespace attn {

struct MergeStatesArguments {
    GM_ADDR prefixOutput;  // [states, tokens, heads, headDim], by strides
    GM_ADDR prefixLse;     // [states, tokens, heads] float, by strides
    GM_ADDR suffixOutput;  // one more state; may be null
    GM_ADDR suffixLse;
    GM_ADDR output;
    GM_ADDR outputLse;  // may be null
};

template <class Element>
class MergeStatesVector {
 public:
    __aicore__ inline MergeStatesVector(const AscMergeAttentionStatesTiling& tiling,
                                        const MergeStatesArguments& arguments, AscendC::TPipe* pipe)
        : tiling_(tiling) {
        prefix_.Open(arguments.prefixOutput, arguments.prefixLse, tiling.prefix);
        suffix_.Open(arguments.suffixOutput, arguments.suffixLse, tiling.suffix);
        output_.Open(arguments.output, arguments.outputLse, tiling.output);

        const int32_t rows = tiling_.rows.tokenTile * tiling_.rows.headTile;
        const MergeUb plan = MergeUbPlan(rows, tiling.pitch, kElementBytes);
        pipe->InitBuffer(stateQueue_, MergeUb::kStages, plan.stateBytes);
        pipe->InitBuffer(outputQueue_, 1, plan.stateBytes);
        pipe->InitBuffer(scratch_, plan.scratchBytes);
        lseOffset_ = plan.lse / kElementBytes;
        values_ = rows * kFloatsPerBlock;
        const FloatTensor scratch = scratch_.Get<float>();
        sum_ = scratch[plan.wide / kFloatBytes];
        state_ = sum_[rows * tiling.pitch];
        highest_ = scratch[plan.values / kFloatBytes];
        weights_ = highest_[2 * values_];
        scale_ = weights_[values_];
        other_ = scale_[values_];
        bits_ = other_[values_].template ReinterpretCast<int32_t>();
    }

    __aicore__ inline void Process(int32_t core, int32_t cores) {
        Load(core, 0);
        for (int32_t index = core; index < tiling_.rows.tiles; index += cores) {
            const RowTile tile = RowTileAt(tiling_.rows, index);
            for (int32_t state = 0; state < tiling_.states; ++state) {
                const bool isLast = state + 1 == tiling_.states;
                Load(isLast ? index + cores : index, isLast ? 0 : state + 1);
                AddState(tile.Rows(), state);
            }
            Finish(tile);
        }
    }

 private:
    using Rows = AscendC::LocalTensor<Element>;
    using Bits = AscendC::LocalTensor<int32_t>;

    struct States {
        AscendC::GlobalTensor<Element> rows;
        AscendC::GlobalTensor<float> lse;
        StateView view;

        __aicore__ inline void Open(GM_ADDR rowsAddress, GM_ADDR lseAddress,
                                    const StateView& strides) {
            rows.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(rowsAddress));
            lse.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(lseAddress));
            view = strides;
        }
        __aicore__ inline int64_t LseAt(int32_t state, int32_t token, int32_t head) const {
            return state * view.lseStateStride + token * view.lseTokenStride +
                   head * view.lseHeadStride;
        }
        __aicore__ inline uint32_t LseGapBytes() const {
            return static_cast<uint32_t>((view.lseHeadStride - 1) * kFloatBytes);
        }
    };

    __aicore__ inline void Load(int32_t index, int32_t state) {
        if (index < tiling_.rows.tiles) {
            const RowTile tile = RowTileAt(tiling_.rows, index);
            Rows rows = stateQueue_.template AllocTensor<Element>();
            if (tiling_.hasSuffix != 0 && state + 1 == tiling_.states) {
                LoadState(rows, suffix_, 0, tile);
            } else {
                LoadState(rows, prefix_, state, tile);
            }
            stateQueue_.EnQue(rows);
        }
    }

    // A burst of one float fills its data block with copies of it.
    __aicore__ inline void LoadState(const Rows& rows, const States& from, int32_t state,
                                     const RowTile& tile) const {
        const int32_t excess = tiling_.pitch - tiling_.headDim;
        const AscendC::DataCopyPadExtParams<Element> padding{
            excess > 0, 0, static_cast<uint8_t>(excess), Element{}};
        const AscendC::DataCopyPadExtParams<float> noPadding;
        const AscendC::DataCopyExtParams lseBurst{static_cast<uint16_t>(tile.heads), kFloatBytes,
                                                  from.LseGapBytes(), 0, 0};
        const FloatTensor lse = LseOf(rows);
        for (int32_t i = 0; i < tile.tokens; ++i) {
            const int64_t source = state * from.view.stateStride +
                                   (tile.token + i) * from.view.tokenStride +
                                   tile.head * tiling_.headDim;
            AscendC::DataCopyPad(rows[i * tile.heads * tiling_.pitch], from.rows[source],
                                 RowBurst(tile.heads), padding);
            AscendC::DataCopyPad(lse[i * tile.heads * kFloatsPerBlock],
                                 from.lse[from.LseAt(state, tile.token + i, tile.head)], lseBurst,
                                 noPadding);
        }
    }

    __aicore__ inline AscendC::DataCopyExtParams RowBurst(int32_t rows) const {
        return {static_cast<uint16_t>(rows), static_cast<uint32_t>(tiling_.headDim * kElementBytes),
                0, 0, 0};
    }

    // Adds the next state of a tile: its rows to sum_, its weights to weights_.
    __aicore__ inline void AddState(int32_t rows, int32_t state) {
        const int32_t values = rows * kFloatsPerBlock;
        Rows loaded = stateQueue_.template DeQue<Element>();
        const FloatTensor weight = LseOf(loaded);
        EmptyIfInfinite(weight, values);
        MakeMask(weight, values);
        if (state == 0) {
            AscendC::Duplicate(HighestBefore(0), kLowest, values);
            AscendC::Duplicate(weights_, 0.0f, values);
        }
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Max(HighestBefore(state + 1), HighestBefore(state), weight, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(weight, weight, HighestBefore(state + 1), values);
        AscendC::Sub(scale_, HighestBefore(state), HighestBefore(state + 1), values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(weight, weight, values);
        AscendC::Exp(scale_, scale_, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Mul(weights_, weights_, scale_, values);
        if (state > 0) {
            Rowwise<RowOperation::kMul>(sum_, sum_, scale_, rows, tiling_.pitch);
        }
        const Bits floats = BitsAsFloats(loaded, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(weights_, weights_, weight, values);
        ClearEmptyRows(floats, rows);
        AscendC::PipeBarrier<PIPE_V>();
        if (state > 0) {
            Rowwise<RowOperation::kMulAdd>(sum_, state_, weight, rows, tiling_.pitch);
        } else {
            Rowwise<RowOperation::kMul>(sum_, state_, weight, rows, tiling_.pitch);
        }
        stateQueue_.FreeTensor(loaded);
    }

    // The highest lse of so many states; kLowest if they are empty.
    __aicore__ inline FloatTensor HighestBefore(int32_t states) const {
        return highest_[states % 2 * values_];
    }

    // lse of +inf becomes -inf: both mean that there was nothing to attend to. The bits of +inf,
    // and no others, become 0 by a subtraction; then their sign is set.
    __aicore__ inline void EmptyIfInfinite(const FloatTensor& lse, int32_t count) const {
        const Bits lseBits = lse.template ReinterpretCast<int32_t>();
        AscendC::Adds(bits_, lseBits, -kInfinityBits, count);
        OnesUnlessZero(bits_, count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Adds(bits_, bits_, 1, count);
        AscendC::PipeBarrier<PIPE_V>();
        const auto sign = bits_.template ReinterpretCast<uint32_t>();
        AscendC::ShiftLeft(sign, sign, static_cast<uint32_t>(kSignShift), count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Or(Halves(lseBits), Halves(lseBits), Halves(bits_), 2 * count);
    }

    // Every bit of a value becomes 1, unless all are 0: the sign of x | -x, 32 times. Waits for
    // the values.
    __aicore__ inline void OnesUnlessZero(const Bits& bits, int32_t count) const {
        const Bits negative = other_.template ReinterpretCast<int32_t>();
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(negative, bits, -1, count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Or(Halves(bits), Halves(bits), Halves(negative), 2 * count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::ShiftRight(bits, bits, kSignShift, count);
    }

    static __aicore__ inline AscendC::LocalTensor<uint16_t> Halves(const Bits& bits) {
        return bits.template ReinterpretCast<uint16_t>();
    }

    // Every bit of bits_ becomes 1, or 0 where lse is -inf.
    __aicore__ inline void MakeMask(const FloatTensor& lse, int32_t count) const {
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Adds(bits_, lse.template ReinterpretCast<int32_t>(), -kMinusInfinityBits, count);
        OnesUnlessZero(bits_, count);
    }

    // The bits of rows as floats: their own, or those of state_.
    __aicore__ inline Bits BitsAsFloats(const Rows& rows, int32_t count) const {
        if constexpr (kElementBytes == kFloatBytes) {
            return rows.template ReinterpretCast<int32_t>();
        } else {
            AscendC::Cast(state_, rows, AscendC::RoundMode::CAST_NONE, count * tiling_.pitch);
            return state_.template ReinterpretCast<int32_t>();
        }
    }

    // state_ = floats, with 0 for the rows that the mask in bits_ hides, whatever they hold.
    __aicore__ inline void ClearEmptyRows(const Bits& floats, int32_t count) const {
        // Block stride 0 spreads the block of a row over its columns.
        const auto pitch = static_cast<uint8_t>(tiling_.pitch / kFloatsPerBlock);
        for (int32_t column = 0; column < tiling_.pitch; column += kFloatsPerRepeat) {
            const uint64_t halves = 2 * Smaller(tiling_.pitch - column, kFloatsPerRepeat);
            AscendC::And(Halves(state_[column].template ReinterpretCast<int32_t>()),
                         Halves(floats[column]), Halves(bits_), halves, static_cast<uint8_t>(count),
                         {1, 1, 0, pitch, pitch, 1});
        }
    }

    __aicore__ inline void Finish(const RowTile& tile) {
        const int32_t rows = tile.Rows();
        const int32_t values = rows * kFloatsPerBlock;
        Rows result = outputQueue_.template AllocTensor<Element>();
        const FloatTensor lse = LseOf(result);
        if (tiling_.writeLse != 0) {
            AscendC::Ln(lse, weights_, values);
        }
        AscendC::Maxs(other_, weights_, kSmallest, values);
        AscendC::PipeBarrier<PIPE_V>();
        Rowwise<RowOperation::kDiv>(sum_, sum_, other_, rows, tiling_.pitch);
        if (tiling_.writeLse != 0) {
            AscendC::Add(lse, lse, HighestBefore(tiling_.states), values);
        }
        AscendC::PipeBarrier<PIPE_V>();
        if constexpr (kElementBytes == kFloatBytes) {
            AscendC::Adds(result, sum_, 0.0f, rows * tiling_.pitch);
        } else {
            AscendC::Cast(result, sum_, AscendC::RoundMode::CAST_RINT, rows * tiling_.pitch);
        }
        outputQueue_.EnQue(result);
        Store(tile);
    }

    __aicore__ inline void Store(const RowTile& tile) {
        Rows result = outputQueue_.template DeQue<Element>();
        const FloatTensor lse = LseOf(result);
        for (int32_t i = 0; i < tile.tokens; ++i) {
            const int64_t target =
                (tile.token + i) * output_.view.tokenStride + tile.head * tiling_.headDim;
            AscendC::DataCopyPad(output_.rows[target], result[i * tile.heads * tiling_.pitch],
                                 RowBurst(tile.heads));
            if (tiling_.writeLse != 0) {
                AscendC::DataCopyPad(
                    output_.lse[output_.LseAt(0, tile.token + i, tile.head)],
                    lse[i * tile.heads * kFloatsPerBlock],
                    AscendC::DataCopyExtParams{static_cast<uint16_t>(tile.heads), kFloatBytes, 0,
                                               output_.LseGapBytes(), 0});
            }
        }
        outputQueue_.FreeTensor(result);
    }

    __aicore__ inline FloatTensor LseOf(const Rows& rows) const {
        return rows[lseOffset_].template ReinterpretCast<float>();
    }

    static constexpr int32_t kElementBytes = sizeof(Element);
    static constexpr int32_t kSignShift = 31;
    static constexpr int32_t kInfinityBits = 0x7F800000;
    static constexpr int32_t kMinusInfinityBits = -0x00800000;
    static constexpr float kLowest = -3.402823466e+38f;   // keeps -inf - -inf away
    static constexpr float kSmallest = 1.175494351e-38f;  // divides the zeros of empty states

    const AscMergeAttentionStatesTiling& tiling_;
    States prefix_;
    States suffix_;
    States output_;
    AscendC::TQue<AscendC::TPosition::VECIN, MergeUb::kStages> stateQueue_;
    AscendC::TQue<AscendC::TPosition::VECOUT, 1> outputQueue_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> scratch_;

    int32_t lseOffset_;    // of the lse in a state, in Elements
    int32_t values_;       // rows * 8 of the largest tile
    FloatTensor sum_;      // [rows, pitch]
    FloatTensor state_;    // [rows, pitch]
    FloatTensor highest_;  // [2, rows, 8]
    FloatTensor weights_;  // [rows, 8], the sum over states
    FloatTensor scale_;    // [rows, 8]
    FloatTensor other_;    // [rows, 8]
    Bits bits_;            // [rows, 8]
};

}  // namespace attn
