// SPDX-License-Identifier: Apache-2.0
// The last phase of attention with partial results: the outputs of the partitions of a row,
// weighted by the softmax of their log-sum-exp.
//
//   GM --MTE2--> queues of states and of outputs --V--> output queue --MTE3--> GM
//
// A row is a head of a query token. Rows of sequences with several partitions lie on a line, as
// long as they have partitions; cores take those that begin in their share.
#pragma once

#include "attention_accumulator.h"
#include "kernel_entry.h"
#include "partial_results.h"
#include "partials_combine_size.h"
#include "token_view.h"

namespace attn {

// What is combined and where it goes. Partial results are [.., tokens, heads, maxPartitions].
struct PartialsCombineTask {
    TokenView output;
    TokenView lse;
    int32_t batch;
    int32_t tokens;  // between two `row`s of SplitSequence
    int32_t heads;
    int32_t headDim;        // of outputs
    int32_t pitch;          // headDim in whole data blocks of UB
    int32_t maxPartitions;  // of a sequence
    bool isRounded;         // the outputs of PartialResults
    bool writeLse;
};

// Query tokens of a sequence, and the partitions that its keys lie in.
struct SplitSequence {
    int32_t row;    // of output and lse
    int32_t begin;  // first query token in that row
    int32_t tokens;
    int32_t firstPartition;
    int32_t partitions;  // 1: the output has been written
};

// `Sequences` answers Of(index) with a SplitSequence.
template <class Element, class Sequences>
class PartialsCombine {
 public:
    __aicore__ inline PartialsCombine(const PartialsCombineTask& task, const Sequences& sequences,
                                      const PartialResults<Element>& partials, GM_ADDR output,
                                      GM_ADDR lse, AscendC::TPipe* pipe)
        : task_(task), sequences_(sequences), partials_(partials) {
        output_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(output));
        lse_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(lse));

        const PartialsCombineUb plan = PartialsCombineUbPlan(task_.pitch);
        pipe->InitBuffer(stateQueue_, kStages, plan.statesBytes);
        pipe->InitBuffer(valueQueue_, kStages, plan.valuesBytes);
        pipe->InitBuffer(outputQueue_, 1, plan.outputBytes);
        pipe->InitBuffer(scratch_, plan.scratchBytes);
        const FloatTensor scratch = scratch_.Get<float>();
        wide_ = scratch[plan.wide / kFloatBytes];
        accumulator_.Open(scratch[plan.accumulator / kFloatBytes], 1, kCombineTile, task_.pitch);
        AscendC::PipeBarrier<PIPE_V>();
    }

    __aicore__ inline void Process(int32_t core, int32_t cores) {
        int64_t total = 0;
        for (int32_t index = 0; index < task_.batch; ++index) {
            const SplitSequence sequence = sequences_.Of(index);
            total += int64_t{RowsOf(sequence)} * sequence.partitions;
        }
        const int64_t begin = total * core / cores;
        const int64_t end = total * (core + 1) / cores;
        int64_t at = 0;  // where the rows of the sequence begin
        for (int32_t index = 0; index < task_.batch && at < end; ++index) {
            const SplitSequence sequence = sequences_.Of(index);
            const int32_t rows = RowsOf(sequence);
            const int32_t count = sequence.partitions;
            const int32_t first = RowAt(begin - at, count);
            const int32_t last = Smaller(RowAt(end - at, count), rows);
            Combine(sequence, first, last);
            at += int64_t{rows} * count;
        }
    }

 private:
    // `count` partial results of a row.
    struct Step {
        int32_t row;    // of the sequence
        int32_t begin;  // of the partitions of the sequence
        int32_t count;
    };

    // Token by token; none if there is nothing to combine.
    __aicore__ inline int32_t RowsOf(const SplitSequence& sequence) const {
        return sequence.partitions > 1 ? sequence.tokens * task_.heads : 0;
    }

    // The first row that begins at `offset` or later, where each takes `count`.
    static __aicore__ inline int32_t RowAt(int64_t offset, int32_t count) {
        return offset <= 0 ? 0 : static_cast<int32_t>((offset + count - 1) / count);
    }

    // Rows [first, last) of a sequence. A step is loaded while the one before it is computed.
    __aicore__ inline void Combine(const SplitSequence& sequence, int32_t first, int32_t last) {
        Step ahead{first, 0, Smaller(sequence.partitions, kCombineTile)};
        if (first < last) {
            Load(sequence, ahead);
        }
        while (ahead.row < last) {
            const Step step = ahead;
            ahead = StepAfter(sequence, step);
            if (ahead.row < last) {
                Load(sequence, ahead);
            }
            Compute(sequence, step);
        }
    }

    __aicore__ inline Step StepAfter(const SplitSequence& sequence, const Step& step) const {
        const int32_t next = step.begin + step.count;
        const bool rowEnds = next == sequence.partitions;
        const int32_t begin = rowEnds ? 0 : next;
        return {step.row + (rowEnds ? 1 : 0), begin,
                Smaller(sequence.partitions - begin, kCombineTile)};
    }

    __aicore__ inline void Load(const SplitSequence& sequence, const Step& step) {
        const int64_t token = int64_t{sequence.row} * task_.tokens + sequence.begin;
        const int64_t source = (token * task_.heads + step.row) * task_.maxPartitions +
                               sequence.firstPartition + step.begin;
        const AscendC::DataCopyExtParams burst{1, static_cast<uint32_t>(step.count * kFloatBytes),
                                               0, 0, 0};
        const AscendC::DataCopyPadExtParams<float> noPadding;
        FloatTensor states = stateQueue_.template AllocTensor<float>();
        AscendC::DataCopyPad(states, partials_.sums[source], burst, noPadding);
        AscendC::DataCopyPad(states[kCombineTile], partials_.maxima[source], burst, noPadding);
        stateQueue_.EnQue(states);

        if (task_.isRounded) {
            LoadValues(partials_.roundedOutputs[source * task_.headDim], step.count);
        } else {
            LoadValues(partials_.outputs[source * task_.headDim], step.count);
        }
    }

    template <class Value>
    __aicore__ inline void LoadValues(const AscendC::GlobalTensor<Value>& source, int32_t count) {
        const int32_t excess = task_.pitch - task_.headDim;
        const AscendC::DataCopyPadExtParams<Value> padding{excess > 0, 0,
                                                           static_cast<uint8_t>(excess), Value{}};
        AscendC::LocalTensor<Value> values = valueQueue_.template AllocTensor<Value>();
        AscendC::DataCopyPad(values, source, Rows(count, sizeof(Value)), padding);
        valueQueue_.EnQue(values);
    }

    __aicore__ inline AscendC::DataCopyExtParams Rows(int32_t rows, int32_t elementBytes) const {
        return {static_cast<uint16_t>(rows), static_cast<uint32_t>(task_.headDim * elementBytes), 0,
                0, 0};
    }

    // scores = ln(sum) + maximum: the log-sum-exp of each partition.
    __aicore__ inline void Compute(const SplitSequence& sequence, const Step& step) {
        if (step.begin == 0) {
            accumulator_.Begin(1);
        }
        const FloatTensor scores = accumulator_.Scores();
        FloatTensor states = stateQueue_.template DeQue<float>();
        AscendC::Duplicate(scores, kMinusInfinity, kCombineTile);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Ln(scores, states, step.count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(scores, scores, states[kCombineTile], step.count);
        stateQueue_.FreeTensor(states);
        accumulator_.Weigh(1);
        AddValues(step.count);
        if (step.begin + step.count == sequence.partitions) {
            FinishRow(sequence, step.row);
        }
    }

    __aicore__ inline void AddValues(int32_t count) {
        if (kIsFloat || !task_.isRounded) {
            FloatTensor values = valueQueue_.template DeQue<float>();
            accumulator_.Add(0, values, count);
            valueQueue_.FreeTensor(values);
        } else {
            AscendC::LocalTensor<Element> values = valueQueue_.template DeQue<Element>();
            Widen(values, count * task_.pitch);
            valueQueue_.FreeTensor(values);
            accumulator_.Add(0, wide_, count);
        }
    }

    __aicore__ inline void Widen(const AscendC::LocalTensor<Element>& values, int32_t count) const {
        if constexpr (!kIsFloat) {
            AscendC::Cast(wide_, values, AscendC::RoundMode::CAST_NONE, count);
        }
    }

    __aicore__ inline void FinishRow(const SplitSequence& sequence, int32_t row) {
        AscendC::LocalTensor<Element> result = outputQueue_.template AllocTensor<Element>();
        const FloatTensor lse = result.template ReinterpretCast<float>()[task_.pitch];
        if constexpr (kIsFloat) {
            accumulator_.Finish(result, 1);
        } else {
            accumulator_.Finish(accumulator_.Output(), 1);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Cast(result, accumulator_.Output(), AscendC::RoundMode::CAST_RINT,
                          task_.pitch);
        }
        // The next row begins where this one was: a barrier in between, GetLogSumExp has one.
        if (task_.writeLse) {
            accumulator_.GetSoftmax().GetLogSumExp(lse, 1);
        } else {
            AscendC::PipeBarrier<PIPE_V>();
        }
        outputQueue_.EnQue(result);
        result = outputQueue_.template DeQue<Element>();
        AscendC::DataCopyPad(output_[OffsetOf(task_.output, sequence, row)], result,
                             Rows(1, sizeof(Element)));
        if (task_.writeLse) {
            AscendC::DataCopyPad(lse_[OffsetOf(task_.lse, sequence, row)], lse,
                                 AscendC::DataCopyExtParams{1, kFloatBytes, 0, 0, 0});
        }
        outputQueue_.FreeTensor(result);
    }

    __aicore__ inline int64_t OffsetOf(const TokenView& view, const SplitSequence& sequence,
                                       int32_t row) const {
        const int32_t token = row / task_.heads;
        return sequence.row * view.rowStride + (sequence.begin + token) * view.tokenStride +
               (row - token * task_.heads) * view.headStride;
    }

    static constexpr int32_t kStages = PartialsCombineUb::kStages;
    static constexpr bool kIsFloat = sizeof(Element) == kFloatBytes;

    PartialsCombineTask task_;
    const Sequences& sequences_;
    PartialResults<Element> partials_;
    AscendC::GlobalTensor<Element> output_;
    AscendC::GlobalTensor<float> lse_;

    AscendC::TQue<AscendC::TPosition::VECIN, kStages> stateQueue_;
    AscendC::TQue<AscendC::TPosition::VECIN, kStages> valueQueue_;
    AscendC::TQue<AscendC::TPosition::VECOUT, 1> outputQueue_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> scratch_;

    FloatTensor wide_;
    AttentionAccumulator accumulator_;
};

}  // namespace attn
