// SPDX-License-Identifier: Apache-2.0
// Vector side of probe_attention_mix: probabilities = exp(scores - maximum) step by step, and the
// output, rescaled whenever the maximum of a row grows. Each of the two vector cores has half of
// the rows of a tile; a core without rows still takes part in the flags.
//
//   GM --MTE2--> scores, partial output --V--> outgoing --MTE3--> GM
//
// Online softmax: Milakov and Gimelshein, Online normalizer calculation for softmax, 2018.
#pragma once

#include "../../../op_kernel/common/event_ring.h"
#include "attention_mix_rows.h"
#include "attention_mix_schedule.h"

namespace probe {

template <class Element>
class AttentionMixVector {
 public:
    __aicore__ inline AttentionMixVector(const AttentionMixTiling& tiling, const Schedule& schedule,
                                         const Workspace<Element>& workspace)
        : tiling_(tiling), schedule_(schedule), workspace_(workspace) {}

    __aicore__ inline void Process(GM_ADDR output, int32_t subBlock) {
        subBlock_ = subBlock;
        output_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(output));
        AscendC::TPipe pipe;
        Open(&pipe);
        const int32_t steps = schedule_.Steps();
        for (int32_t index = 0; index < steps + kLookahead; ++index) {
            if (index < steps) {
                ComputeProbabilities(schedule_.At(index));
            }
            if (index >= kLookahead && index - kLookahead < steps) {
                AccumulateOutput(schedule_.At(index - kLookahead));
            }
        }
        scores_.Close(&pipe);
        partials_.Close(&pipe);
        outgoing_.Close(&pipe);
    }

 private:
    using Event = AscendC::HardEvent;

    // Of the tile of a step, this core has rows [first, first + count).
    struct Part {
        int32_t first;
        int32_t count;
    };
    __aicore__ inline Part PartOf(const Step& step) const {
        const int32_t half = CeilDiv(step.rows, kVectorCores);
        return subBlock_ == 0 ? Part{0, half} : Part{half, step.rows - half};
    }

    static constexpr int32_t kSlots = 2;
    static constexpr int32_t kTile = kVectorRows * kKvTile;
    static constexpr int32_t kOutput = kVectorRows * kMaxHeadDim;
    static constexpr int32_t kFold = kVectorRows * kRepeatFloats;
    static constexpr int32_t kBlocks = kVectorRows * kBlockFloats;
    static constexpr int32_t kRowValues = 4 + 2 * kScoreSlots;  // vectors of one value a row

    __aicore__ inline void Open(AscendC::TPipe* pipe) {
        constexpr int32_t kFloats =
            kSlots * kTile + 2 * kOutput + kFold + kBlocks + kRowValues * kVectorRows;
        pipe->InitBuffer(floatBuffer_, kFloats * sizeof(float));
        pipe->InitBuffer(outgoingBuffer_, kSlots * kTile * sizeof(Element));
        tiles_ = floatBuffer_.template Get<float>();
        partial_ = tiles_[kSlots * kTile];
        accumulated_ = partial_[kOutput];
        fold_ = accumulated_[kOutput];
        blocks_ = fold_[kFold];
        maximum_ = blocks_[kBlocks];
        newMaximum_ = maximum_[kVectorRows];
        sum_ = newMaximum_[kVectorRows];
        rowValues_ = sum_[kVectorRows];
        rescale_ = rowValues_[kVectorRows];
        total_ = rescale_[kScoreSlots * kVectorRows];
        outputs_ = outgoingBuffer_.template Get<Element>();
        // SpreadRows reads rows in groups of eight, some of which no tile may ever use.
        AscendC::Duplicate(maximum_, 0.0f, kRowValues * kVectorRows);
        scores_.Open(pipe);
        partials_.Open(pipe);
        outgoing_.Open(pipe);
    }

    __aicore__ inline void ComputeProbabilities(const Step& step) {
        const Part part = PartOf(step);
        FloatTensor tile;
        AscendC::CrossCoreWaitFlag(kScoresReady);
        if (part.count > 0) {
            LoadScores(step, part);
            tile = tiles_[scores_.Wait() * kTile];
            Softmax(tile, step, part.count);
            const int32_t slot = outgoing_.Acquire();
            AscendC::Cast(outputs_[slot * kTile], tile, AscendC::RoundMode::CAST_RINT,
                          part.count * kKvTile);
            Store(workspace_.Probabilities(step)[part.first * kKvTile], part.count * kKvTile);
        }
        AscendC::CrossCoreSetFlag<kWithinBlock, PIPE_MTE3>(kProbabilitiesReady);
        if (part.count > 0) {
            AddSums(tile, step, part.count);
            scores_.Release();
        }
    }

    // Columns past the keys become -inf up to the next block; FillColumns does the rest.
    __aicore__ inline void LoadScores(const Step& step, const Part& part) {
        const int32_t padded = RoundUp(step.kvRows, kBlockFloats);
        const AscendC::DataCopyExtParams rows(part.count, step.kvRows * sizeof(float),
                                              (kKvTile - step.kvRows) * sizeof(float),
                                              (kKvTile - padded) / kBlockFloats, 0);
        const AscendC::DataCopyPadExtParams<float> pad(padded > step.kvRows, 0,
                                                       padded - step.kvRows, kMinusInfinity);
        const int32_t slot = scores_.Acquire();
        AscendC::DataCopyPad(tiles_[slot * kTile], workspace_.Scores(step)[part.first * kKvTile],
                             rows, pad);
        scores_.Commit();
    }

    // tile = exp(scale * tile - new maximum), and the factor for what was accumulated before.
    __aicore__ inline void Softmax(const FloatTensor& tile, const Step& step, int32_t rows) {
        const FloatTensor rescale = rescale_[step.ScoreSlot() * kVectorRows];
        AscendC::PipeBarrier<PIPE_V>();
        if (step.kvRows < kKvTile) {
            FillColumns(tile, kMinusInfinity, step.kvRows, rows, kKvTile);
            AscendC::PipeBarrier<PIPE_V>();
        }
        AscendC::Muls(tile, tile, tiling_.scale, rows * kKvTile);
        if (step.first) {
            AscendC::Duplicate(maximum_, kLowest, rows);
            AscendC::Duplicate(sum_, 0.0f, rows);
        }
        AscendC::PipeBarrier<PIPE_V>();
        MaximumOfRows(rowValues_, tile, fold_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Max(newMaximum_, maximum_, rowValues_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Sub(rescale, maximum_, newMaximum_, rows);
        SpreadRows(blocks_, newMaximum_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(rescale, rescale, rows);
        AscendC::Adds(maximum_, newMaximum_, 0.0f, rows);
        Rowwise<RowOperation::kSub>(tile, tile, blocks_, rows, kKvTile);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Exp(tile, tile, rows * kKvTile);
        AscendC::Mul(sum_, sum_, rescale, rows);
        AscendC::PipeBarrier<PIPE_V>();
    }

    // sum += sums of the rows of the tile; the total of a task is kept for its last output.
    __aicore__ inline void AddSums(const FloatTensor& tile, const Step& step, int32_t rows) {
        SumOfRows(rowValues_, tile, fold_, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(sum_, sum_, rowValues_, rows);
        if (step.last) {
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Adds(total_[step.ScoreSlot() * kVectorRows], sum_, 0.0f, rows);
        }
    }

    // accumulated = accumulated * rescale + the product of this step, and the end of a task.
    __aicore__ inline void AccumulateOutput(const Step& step) {
        const Part part = PartOf(step);
        const int32_t count = part.count * tiling_.headDim;
        AscendC::CrossCoreWaitFlag(kOutputReady);
        if (part.count > 0) {
            partials_.Acquire();
            AscendC::DataCopy(partial_, workspace_.Outputs(step)[part.first * tiling_.headDim],
                              count);
            partials_.Commit();
        }
        if (step.index + kOutputSlots < schedule_.Steps()) {
            AscendC::CrossCoreSetFlag<kWithinBlock, PIPE_MTE2>(kOutputFree);
        }
        if (part.count == 0) {
            return;
        }
        if (step.first) {
            AscendC::PipeBarrier<PIPE_V>();
            partials_.Wait();
            AscendC::Adds(accumulated_, partial_, 0.0f, count);
        } else {
            SpreadRows(blocks_, rescale_[step.ScoreSlot() * kVectorRows], part.count);
            AscendC::PipeBarrier<PIPE_V>();
            Rowwise<RowOperation::kMul>(accumulated_, accumulated_, blocks_, part.count,
                                        tiling_.headDim);
            AscendC::PipeBarrier<PIPE_V>();
            partials_.Wait();
            AscendC::Add(accumulated_, accumulated_, partial_, count);
        }
        partials_.Release();
        if (step.last) {
            FinishTask(step, part);
        }
    }

    // output = accumulated / total
    __aicore__ inline void FinishTask(const Step& step, const Part& part) {
        const int32_t count = part.count * tiling_.headDim;
        SpreadRows(blocks_, total_[step.ScoreSlot() * kVectorRows], part.count);
        AscendC::PipeBarrier<PIPE_V>();
        Rowwise<RowOperation::kDiv>(accumulated_, accumulated_, blocks_, part.count,
                                    tiling_.headDim);
        AscendC::PipeBarrier<PIPE_V>();
        const int32_t slot = outgoing_.Acquire();
        AscendC::Cast(outputs_[slot * kTile], accumulated_, AscendC::RoundMode::CAST_RINT, count);
        const int64_t row = int64_t{step.head} * tiling_.queryRows + step.row + part.first;
        Store(output_[row * tiling_.headDim], count);
    }

    // Writes the outgoing slot that was acquired last.
    __aicore__ inline void Store(const AscendC::GlobalTensor<Element>& dst, int32_t count) {
        outgoing_.Commit();
        const int32_t slot = outgoing_.Wait();
        AscendC::DataCopy(dst, outputs_[slot * kTile], count);
        outgoing_.Release();
    }

    const AttentionMixTiling& tiling_;
    const Schedule& schedule_;
    const Workspace<Element>& workspace_;
    int32_t subBlock_ = 0;
    AscendC::GlobalTensor<Element> output_;  // [heads, queryRows, headDim]

    AscendC::TBuf<AscendC::TPosition::VECCALC> floatBuffer_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> outgoingBuffer_;
    FloatTensor tiles_;        // [kSlots][kVectorRows, kKvTile], scores and then probabilities
    FloatTensor partial_;      // [kVectorRows, headDim], product of one step
    FloatTensor accumulated_;  // [kVectorRows, headDim]
    FloatTensor fold_;         // [kVectorRows, 64], scratch of row reductions
    FloatTensor blocks_;       // [kVectorRows, 8], a row's value for Rowwise
    FloatTensor maximum_;      // [kVectorRows]
    FloatTensor newMaximum_;   // [kVectorRows]
    FloatTensor sum_;          // [kVectorRows]
    FloatTensor rowValues_;    // [kVectorRows]
    FloatTensor rescale_;      // [kScoreSlots][kVectorRows], until the output of the step is there
    FloatTensor total_;        // [kScoreSlots][kVectorRows], of tasks that end in that step
    AscendC::LocalTensor<Element> outputs_;  // [kSlots][kTile], probabilities or the output

    attn::EventRing<Event::MTE2_V, Event::V_MTE2, kSlots> scores_;
    attn::EventRing<Event::MTE2_V, Event::V_MTE2, 1> partials_;
    attn::EventRing<Event::V_MTE3, Event::MTE3_V, kSlots> outgoing_;
};

}  // namespace probe
