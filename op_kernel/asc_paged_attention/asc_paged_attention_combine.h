// SPDX-License-Identifier: Apache-2.0
// The last phase of AscPagedAttention with partial results: the outputs of the partitions of a row,
// weighted by the softmax of their log-sum-exp.
//
//   GM --MTE2--> queues of states and of outputs --V--> output queue --MTE3--> GM
//
// Rows of sequences with several partitions lie on a line, as long as they have partitions; cores
// take those that begin in their share.
#pragma once

#include "../common/attention_accumulator.h"
#include "../common/kernel_entry.h"
#include "asc_paged_attention_partials.h"
#include "asc_paged_attention_schedule.h"
#include "asc_paged_attention_ub.h"

namespace attn {

template <class Element>
class PagedAttentionCombine {
 public:
    __aicore__ inline PagedAttentionCombine(const AscPagedAttentionTiling& tiling,
                                            const PagedAttentionArguments& arguments,
                                            AscendC::TPipe* pipe)
        : tiling_(tiling) {
        output_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.output));
        lse_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.lse));
        partials_.Open(tiling, arguments);
        spans_.Open(arguments, tiling.hasQueryStarts != 0);

        const PagedCombineUb plan = PagedCombineUbPlan(tiling_.pitch);
        pipe->InitBuffer(stateQueue_, kStages, plan.statesBytes);
        pipe->InitBuffer(valueQueue_, kStages, plan.valuesBytes);
        pipe->InitBuffer(outputQueue_, 1, plan.outputBytes);
        pipe->InitBuffer(scratch_, plan.scratchBytes);
        const FloatTensor scratch = scratch_.Get<float>();
        wide_ = scratch[plan.wide / kFloatBytes];
        accumulator_.Open(scratch[plan.accumulator / kFloatBytes], 1, kCombineTile, tiling_.pitch);
    }

    __aicore__ inline void Process(int32_t core, int32_t cores) {
        int64_t total = 0;
        for (int32_t sequence = 0; sequence < tiling_.batch; ++sequence) {
            const Split split = SplitOf(sequence);
            total += int64_t{split.rows} * split.partitions.count;
        }
        const int64_t begin = total * core / cores;
        const int64_t end = total * (core + 1) / cores;
        int64_t at = 0;  // where the rows of the sequence begin
        for (int32_t sequence = 0; sequence < tiling_.batch && at < end; ++sequence) {
            const Split split = SplitOf(sequence);
            const int32_t count = split.partitions.count;
            const int32_t first = RowAt(begin - at, count);
            const int32_t last = Smaller(RowAt(end - at, count), split.rows);
            Combine(split, first, last);
            at += int64_t{split.rows} * count;
        }
    }

 private:
    // The rows of a sequence, query token by query token; none if it has a single partition.
    struct Split {
        int64_t firstRow;  // counted over all sequences
        int32_t rows;
        PartitionRange partitions;
    };

    // `count` partial results of a row.
    struct Step {
        int32_t row;    // of the sequence
        int32_t begin;  // of the partitions of the sequence
        int32_t count;
    };

    __aicore__ inline Split SplitOf(int32_t sequence) const {
        const SequenceSpan span = spans_.Of(sequence);
        const PartitionRange partitions = PartitionsOf(tiling_, span);
        const int32_t rows = partitions.count > 1 ? span.queryTokens * tiling_.heads : 0;
        return {int64_t{span.queryBegin} * tiling_.heads, rows, partitions};
    }

    // The first row that begins at `offset` or later, where each takes `count`.
    static __aicore__ inline int32_t RowAt(int64_t offset, int32_t count) {
        return offset <= 0 ? 0 : static_cast<int32_t>((offset + count - 1) / count);
    }

    // Rows [first, last) of a sequence. A step is loaded while the one before it is computed.
    __aicore__ inline void Combine(const Split& split, int32_t first, int32_t last) {
        Step ahead{first, 0, Smaller(split.partitions.count, kCombineTile)};
        if (first < last) {
            Load(split, ahead);
        }
        while (ahead.row < last) {
            const Step step = ahead;
            ahead = StepAfter(split, step);
            if (ahead.row < last) {
                Load(split, ahead);
            }
            Compute(split, step);
        }
    }

    __aicore__ inline Step StepAfter(const Split& split, const Step& step) const {
        const int32_t next = step.begin + step.count;
        const bool rowEnds = next == split.partitions.count;
        const int32_t begin = rowEnds ? 0 : next;
        return {step.row + (rowEnds ? 1 : 0), begin,
                Smaller(split.partitions.count - begin, kCombineTile)};
    }

    __aicore__ inline void Load(const Split& split, const Step& step) {
        const int64_t source = (split.firstRow + step.row) * tiling_.maxPartitions +
                               split.partitions.first + step.begin;
        const AscendC::DataCopyExtParams burst{1, static_cast<uint32_t>(step.count * kFloatBytes),
                                               0, 0, 0};
        const AscendC::DataCopyPadExtParams<float> noPadding;
        FloatTensor states = stateQueue_.template AllocTensor<float>();
        AscendC::DataCopyPad(states, partials_.sums[source], burst, noPadding);
        AscendC::DataCopyPad(states[kCombineTile], partials_.maxima[source], burst, noPadding);
        stateQueue_.EnQue(states);

        if (tiling_.partialsAreOutputs != 0) {
            LoadValues(partials_.roundedOutputs[source * tiling_.headDim], step.count);
        } else {
            LoadValues(partials_.outputs[source * tiling_.headDim], step.count);
        }
    }

    template <class Value>
    __aicore__ inline void LoadValues(const AscendC::GlobalTensor<Value>& source, int32_t count) {
        const int32_t excess = tiling_.pitch - tiling_.headDim;
        const AscendC::DataCopyPadExtParams<Value> padding{excess > 0, 0,
                                                           static_cast<uint8_t>(excess), Value{}};
        AscendC::LocalTensor<Value> values = valueQueue_.template AllocTensor<Value>();
        AscendC::DataCopyPad(values, source, Rows(count, sizeof(Value)), padding);
        valueQueue_.EnQue(values);
    }

    __aicore__ inline AscendC::DataCopyExtParams Rows(int32_t rows, int32_t elementBytes) const {
        return {static_cast<uint16_t>(rows), static_cast<uint32_t>(tiling_.headDim * elementBytes),
                0, 0, 0};
    }

    // scores = ln(sum) + maximum: the log-sum-exp of each partition.
    __aicore__ inline void Compute(const Split& split, const Step& step) {
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
        if (step.begin + step.count == split.partitions.count) {
            FinishRow(split.firstRow + step.row);
        }
    }

    __aicore__ inline void AddValues(int32_t count) {
        if (kIsFloat || tiling_.partialsAreOutputs == 0) {
            FloatTensor values = valueQueue_.template DeQue<float>();
            accumulator_.Add(0, values, count);
            valueQueue_.FreeTensor(values);
        } else {
            AscendC::LocalTensor<Element> values = valueQueue_.template DeQue<Element>();
            Widen(values, count * tiling_.pitch);
            valueQueue_.FreeTensor(values);
            accumulator_.Add(0, wide_, count);
        }
    }

    __aicore__ inline void Widen(const AscendC::LocalTensor<Element>& values, int32_t count) const {
        if constexpr (!kIsFloat) {
            AscendC::Cast(wide_, values, AscendC::RoundMode::CAST_NONE, count);
        }
    }

    __aicore__ inline void FinishRow(int64_t row) {
        AscendC::LocalTensor<Element> result = outputQueue_.template AllocTensor<Element>();
        const FloatTensor lse = result.template ReinterpretCast<float>()[tiling_.pitch];
        if constexpr (kIsFloat) {
            accumulator_.Finish(result, 1);
        } else {
            accumulator_.Finish(accumulator_.Output(), 1);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Cast(result, accumulator_.Output(), AscendC::RoundMode::CAST_RINT,
                          tiling_.pitch);
        }
        if (tiling_.writeLse != 0) {
            accumulator_.LogSumExp(lse, 1);
        }
        AscendC::PipeBarrier<PIPE_V>();  // the next row begins where this one was
        outputQueue_.EnQue(result);
        result = outputQueue_.template DeQue<Element>();
        AscendC::DataCopyPad(output_[row * tiling_.headDim], result, Rows(1, sizeof(Element)));
        if (tiling_.writeLse != 0) {
            AscendC::DataCopyPad(lse_[row], lse,
                                 AscendC::DataCopyExtParams{1, kFloatBytes, 0, 0, 0});
        }
        outputQueue_.FreeTensor(result);
    }

    static constexpr int32_t kStages = PagedCombineUb::kStages;
    static constexpr bool kIsFloat = sizeof(Element) == kFloatBytes;

    const AscPagedAttentionTiling& tiling_;
    AscendC::GlobalTensor<Element> output_;
    AscendC::GlobalTensor<float> lse_;
    PagedAttentionPartials<Element> partials_;
    DeviceSpans spans_;

    AscendC::TQue<AscendC::TPosition::VECIN, kStages> stateQueue_;
    AscendC::TQue<AscendC::TPosition::VECIN, kStages> valueQueue_;
    AscendC::TQue<AscendC::TPosition::VECOUT, 1> outputQueue_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> scratch_;

    FloatTensor wide_;
    AttentionAccumulator accumulator_;
};

}  // namespace attn
