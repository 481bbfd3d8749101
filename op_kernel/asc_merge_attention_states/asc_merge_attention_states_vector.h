// SPDX-License-Identifier: Apache-2.0
// AscMergeAttentionStates: attention over two sets of tokens from the results over each of them.
//
//   GM --MTE2--> queue of both states --V--> output queue --MTE3--> GM
//
// With m = max(lse), a state weighs exp(lse - m). A state whose lse is -inf, or +inf, is empty: its
// output is not looked at.
#pragma once

#include "../common/kernel_entry.h"
#include "../common/vector_rows.h"
#include "asc_merge_attention_states_schedule.h"
#include "asc_merge_attention_states_tiling.h"

namespace attn {

struct MergeStatesArguments {
    GM_ADDR prefixOutput;  // [tokens, heads, headDim]
    GM_ADDR prefixLse;     // [tokens, heads] float, by strides
    GM_ADDR suffixOutput;
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

        const int32_t rows = tiling_.tokenTile * tiling_.headTile;
        const MergeUb plan = MergeUbPlan(rows, tiling.pitch, kElementBytes);
        pipe->InitBuffer(stateQueue_, MergeUb::kStages, 2 * plan.stateBytes);
        pipe->InitBuffer(outputQueue_, 1, plan.stateBytes);
        pipe->InitBuffer(scratch_, plan.scratchBytes);
        suffixOffset_ = plan.stateBytes / kElementBytes;
        lseOffset_ = plan.lse / kElementBytes;
        const FloatTensor scratch = scratch_.Get<float>();
        wide_ = scratch[plan.wide / kFloatBytes];
        otherWide_ = wide_[rows * tiling.pitch];
        highest_ = scratch[plan.values / kFloatBytes];
        sum_ = highest_[rows * kFloatsPerBlock];
        divisor_ = sum_[rows * kFloatsPerBlock];
        bits_ = divisor_[rows * kFloatsPerBlock].template ReinterpretCast<int32_t>();
    }

    __aicore__ inline void Process(int32_t core, int32_t cores) {
        Load(core);
        for (int32_t index = core; index < tiling_.tiles; index += cores) {
            Load(index + cores);
            Merge(MergeTileAt(tiling_, index));
        }
    }

 private:
    using Rows = AscendC::LocalTensor<Element>;
    using Bits = AscendC::LocalTensor<int32_t>;

    struct State {
        AscendC::GlobalTensor<Element> rows;
        AscendC::GlobalTensor<float> lse;
        StateView view;

        __aicore__ inline void Open(GM_ADDR rowsAddress, GM_ADDR lseAddress,
                                    const StateView& strides) {
            rows.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(rowsAddress));
            lse.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(lseAddress));
            view = strides;
        }
        __aicore__ inline int64_t LseAt(int32_t token, int32_t head) const {
            return token * view.lseTokenStride + head * view.lseHeadStride;
        }
        __aicore__ inline uint32_t LseGapBytes() const {
            return static_cast<uint32_t>((view.lseHeadStride - 1) * kFloatBytes);
        }
    };

    __aicore__ inline void Load(int32_t index) {
        if (index < tiling_.tiles) {
            const MergeTile tile = MergeTileAt(tiling_, index);
            Rows states = stateQueue_.template AllocTensor<Element>();
            LoadState(states, prefix_, tile);
            LoadState(states[suffixOffset_], suffix_, tile);
            stateQueue_.EnQue(states);
        }
    }

    // A burst of one float fills its data block with copies of it.
    __aicore__ inline void LoadState(const Rows& rows, const State& state,
                                     const MergeTile& tile) const {
        const int32_t excess = tiling_.pitch - tiling_.headDim;
        const AscendC::DataCopyPadExtParams<Element> padding{
            excess > 0, 0, static_cast<uint8_t>(excess), Element{}};
        const AscendC::DataCopyPadExtParams<float> noPadding;
        const AscendC::DataCopyExtParams lseBurst{static_cast<uint16_t>(tile.heads), kFloatBytes,
                                                  state.LseGapBytes(), 0, 0};
        const FloatTensor lse = LseOf(rows);
        for (int32_t i = 0; i < tile.tokens; ++i) {
            const int64_t source =
                (tile.token + i) * state.view.tokenStride + tile.head * tiling_.headDim;
            AscendC::DataCopyPad(rows[i * tile.heads * tiling_.pitch], state.rows[source],
                                 RowBurst(tile.heads), padding);
            AscendC::DataCopyPad(lse[i * tile.heads * kFloatsPerBlock],
                                 state.lse[state.LseAt(tile.token + i, tile.head)], lseBurst,
                                 noPadding);
        }
    }

    __aicore__ inline AscendC::DataCopyExtParams RowBurst(int32_t rows) const {
        return {static_cast<uint16_t>(rows), static_cast<uint32_t>(tiling_.headDim * kElementBytes),
                0, 0, 0};
    }

    __aicore__ inline void Merge(const MergeTile& tile) {
        const int32_t rows = tile.Rows();
        const int32_t values = rows * kFloatsPerBlock;
        Rows states = stateQueue_.template DeQue<Element>();
        const Rows prefix = states;
        const Rows suffix = states[suffixOffset_];
        const FloatTensor prefixWeight = LseOf(prefix);
        const FloatTensor suffixWeight = LseOf(suffix);
        EmptyIfInfinite(prefixWeight, values);
        AscendC::PipeBarrier<PIPE_V>();
        EmptyIfInfinite(suffixWeight, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Max(highest_, prefixWeight, suffixWeight, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Maxs(highest_, highest_, kLowest, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(prefixWeight, prefixWeight, highest_, values);
        AscendC::Sub(suffixWeight, suffixWeight, highest_, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(prefixWeight, prefixWeight, values);
        AscendC::Exp(suffixWeight, suffixWeight, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(sum_, prefixWeight, suffixWeight, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Maxs(divisor_, sum_, kSmallest, values);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Div(prefixWeight, prefixWeight, divisor_, values);
        AscendC::Div(suffixWeight, suffixWeight, divisor_, values);
        AscendC::PipeBarrier<PIPE_V>();
        ClearEmptyRows(wide_, prefix, prefixWeight, rows);
        AscendC::PipeBarrier<PIPE_V>();
        ClearEmptyRows(otherWide_, suffix, suffixWeight, rows);
        Rowwise<RowOperation::kMul>(wide_, wide_, prefixWeight, rows, tiling_.pitch);
        AscendC::PipeBarrier<PIPE_V>();
        Rowwise<RowOperation::kMulAdd>(wide_, otherWide_, suffixWeight, rows, tiling_.pitch);
        stateQueue_.FreeTensor(states);
        Finish(tile);
    }

    // lse of +inf becomes -inf: both mean that there was nothing to attend to. The bits of +inf,
    // and no others, become 0 by a subtraction; then their sign is set.
    __aicore__ inline void EmptyIfInfinite(const FloatTensor& lse, int32_t count) const {
        constexpr int32_t kInfinityBits = 0x7F800000;
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
        const Bits negative = divisor_.template ReinterpretCast<int32_t>();
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

    // wide = rows as floats, with 0 for rows of weight 0, whatever they hold.
    __aicore__ inline void ClearEmptyRows(const FloatTensor& wide, const Rows& rows,
                                          const FloatTensor& weights, int32_t count) const {
        AscendC::Adds(bits_, weights.template ReinterpretCast<int32_t>(), 0,
                      count * kFloatsPerBlock);
        Bits source = wide.template ReinterpretCast<int32_t>();
        if constexpr (kElementBytes == kFloatBytes) {
            source = rows.template ReinterpretCast<int32_t>();
        } else {
            AscendC::Cast(wide, rows, AscendC::RoundMode::CAST_NONE, count * tiling_.pitch);
        }
        OnesUnlessZero(bits_, count * kFloatsPerBlock);
        AscendC::PipeBarrier<PIPE_V>();
        // Block stride 0 spreads the block of a row over its columns.
        const auto pitch = static_cast<uint8_t>(tiling_.pitch / kFloatsPerBlock);
        for (int32_t column = 0; column < tiling_.pitch; column += kFloatsPerRepeat) {
            const uint64_t halves = 2 * Smaller(tiling_.pitch - column, kFloatsPerRepeat);
            AscendC::And(Halves(wide[column].template ReinterpretCast<int32_t>()),
                         Halves(source[column]), Halves(bits_), halves, static_cast<uint8_t>(count),
                         {1, 1, 0, pitch, pitch, 1});
        }
    }

    __aicore__ inline void Finish(const MergeTile& tile) {
        const int32_t rows = tile.Rows();
        Rows result = outputQueue_.template AllocTensor<Element>();
        const FloatTensor lse = LseOf(result);
        if (tiling_.writeLse != 0) {
            AscendC::Ln(lse, sum_, rows * kFloatsPerBlock);
        }
        AscendC::PipeBarrier<PIPE_V>();
        if constexpr (kElementBytes == kFloatBytes) {
            AscendC::Adds(result, wide_, 0.0f, rows * tiling_.pitch);
        } else {
            AscendC::Cast(result, wide_, AscendC::RoundMode::CAST_RINT, rows * tiling_.pitch);
        }
        if (tiling_.writeLse != 0) {
            AscendC::Add(lse, lse, highest_, rows * kFloatsPerBlock);
        }
        outputQueue_.EnQue(result);
        Store(tile);
    }

    __aicore__ inline void Store(const MergeTile& tile) {
        Rows result = outputQueue_.template DeQue<Element>();
        const FloatTensor lse = LseOf(result);
        for (int32_t i = 0; i < tile.tokens; ++i) {
            const int64_t target =
                (tile.token + i) * output_.view.tokenStride + tile.head * tiling_.headDim;
            AscendC::DataCopyPad(output_.rows[target], result[i * tile.heads * tiling_.pitch],
                                 RowBurst(tile.heads));
            if (tiling_.writeLse != 0) {
                AscendC::DataCopyPad(
                    output_.lse[output_.LseAt(tile.token + i, tile.head)],
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
    static constexpr float kLowest = -3.402823466e+38f;   // keeps -inf - -inf away
    static constexpr float kSmallest = 1.175494351e-38f;  // divides the zeros of two empty states

    const AscMergeAttentionStatesTiling& tiling_;
    State prefix_;
    State suffix_;
    State output_;
    AscendC::TQue<AscendC::TPosition::VECIN, MergeUb::kStages> stateQueue_;
    AscendC::TQue<AscendC::TPosition::VECOUT, 1> outputQueue_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> scratch_;

    int32_t suffixOffset_;   // of the second state in a buffer, in Elements
    int32_t lseOffset_;      // of the lse in a state, in Elements
    FloatTensor wide_;       // [rows, pitch]
    FloatTensor otherWide_;  // [rows, pitch]
    FloatTensor highest_;    // [rows, 8]
    FloatTensor sum_;        // [rows, 8]
    FloatTensor divisor_;    // [rows, 8]
    Bits bits_;              // [rows, 8]
};

}  // namespace attn
