// SPDX-License-Identifier: Apache-2.0
// AscPagedAttention on the vector cores alone: softmax(q K^T) V of one query token a sequence.
//
//   GM --MTE2--> query, K and V queues --V--> scores, output --V--> output queue --MTE3--> GM
//
// K and V arrive kvTile tokens at a time, the next step while this one is computed. They become
// floats once for all query heads of the task; everything from there to the output is float.
// Who owns which task, and the plan of UB: asc_paged_attention_schedule.h.
#pragma once

#include "../common/kernel_entry.h"
#include "../common/matrix_vector.h"
#include "../common/online_softmax.h"
#include "../common/paged_cache.h"
#include "asc_paged_attention_schedule.h"
#include "asc_paged_attention_tiling.h"

namespace attn {

struct PagedAttentionArguments {
    GM_ADDR query;        // [batch, heads, headDim]
    GM_ADDR keyCache;     // [blocks, blockSize, kvHeads, headDim]
    GM_ADDR valueCache;   // [blocks, blockSize, kvHeads, headDim]
    GM_ADDR blockTables;  // [batch, maxBlocks] int32
    GM_ADDR seqLens;      // [batch] int32
    GM_ADDR output;       // [batch, heads, headDim]
    GM_ADDR lse;          // [batch, heads] float, may be null
};

template <class Element>
class PagedAttentionVector {
 public:
    __aicore__ inline PagedAttentionVector(const AscPagedAttentionTiling& tiling,
                                           const PagedAttentionArguments& arguments,
                                           AscendC::TPipe* pipe)
        : tiling_(tiling) {
        query_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.query));
        seqLens_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.seqLens));
        output_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.output));
        lse_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.lse));
        keyCache_.Open(arguments.keyCache, arguments.blockTables, tiling.key, tiling.blockSize,
                       tiling.headDim);
        valueCache_.Open(arguments.valueCache, arguments.blockTables, tiling.value,
                         tiling.blockSize, tiling.headDim);
        PlaceInUb(pipe);
    }

    // Runs every task of `core`. One loop over all its steps, whatever task they belong to: a step
    // is loaded while the one before it is computed.
    __aicore__ inline void Process(int32_t core, int32_t cores) {
        Step ahead = FirstStepOf(core);
        Load(ahead);
        while (ahead.index < tiling_.taskCount) {
            const Step step = ahead;
            ahead = StepAfter(step, cores);
            Load(ahead);
            Compute(step);
        }
    }

 private:
    // Tokens [begin, begin + tokens) of the sequence of one task. A sequence of length 0 has one
    // step without tokens, which writes its empty result.
    struct Step {
        int32_t index;  // of the task; taskCount or more: no step left
        int32_t length;
        int32_t begin;
        int32_t tokens;
        PagedAttentionTask task;

        __aicore__ inline bool IsFirst() const { return begin == 0; }
        __aicore__ inline bool IsLast() const { return begin + tokens == length; }
    };

    __aicore__ inline void PlaceInUb(AscendC::TPipe* pipe) {
        const PagedAttentionUb plan =
            PagedAttentionUbPlan(tiling_.headDim, tiling_.kvTile, tiling_.groupTile);
        pipe->InitBuffer(queryQueue_, kStages, plan.queryBytes);
        pipe->InitBuffer(keyQueue_, kStages, plan.kvBytes);
        pipe->InitBuffer(valueQueue_, kStages, plan.kvBytes);
        pipe->InitBuffer(outputQueue_, 1, plan.outputBytes);
        pipe->InitBuffer(scratch_, plan.scratchBytes);

        const FloatTensor scratch = scratch_.Get<float>();
        floatQuery_ = scratch[plan.query / kFloatBytes];
        floatOutput_ = scratch[plan.output / kFloatBytes];
        scores_ = scratch[plan.scores / kFloatBytes];
        wide_ = scratch[plan.wide / kFloatBytes];
        products_ = scratch[plan.products / kFloatBytes];
        lanes_ = scratch[plan.lanes / kFloatBytes];
        softmax_.Open(scratch[plan.softmax / kFloatBytes], tiling_.groupTile, tiling_.kvTile);
    }

    __aicore__ inline Step FirstStepOf(int32_t index) const {
        if (index >= tiling_.taskCount) {
            return {index, 0, 0, 0, {}};
        }
        const PagedAttentionTask task = TaskAt(tiling_, index);
        const int32_t seqLen = seqLens_.GetValue(task.sequence);
        const int32_t length = seqLen > 0 ? seqLen : 0;
        return {index, length, 0, Smaller(length, tiling_.kvTile), task};
    }

    __aicore__ inline Step StepAfter(const Step& step, int32_t cores) const {
        if (step.IsLast()) {
            return FirstStepOf(step.index + cores);
        }
        Step next = step;
        next.begin += step.tokens;
        next.tokens = Smaller(step.length - next.begin, tiling_.kvTile);
        return next;
    }

    __aicore__ inline void Load(const Step& step) {
        if (step.tokens == 0) {
            return;
        }
        const PagedAttentionTask& task = step.task;
        if (step.IsFirst()) {
            const int64_t source =
                task.sequence * tiling_.queryStride + task.firstHead * tiling_.headDim;
            AscendC::LocalTensor<Element> query = queryQueue_.template AllocTensor<Element>();
            AscendC::DataCopy(query, query_[source], task.heads * tiling_.headDim);
            queryQueue_.EnQue(query);
        }
        const int64_t table = task.sequence * tiling_.blockTableStride;
        AscendC::LocalTensor<Element> keys = keyQueue_.template AllocTensor<Element>();
        keyCache_.CopyRows(keys, table, task.kvHead, step.begin, step.tokens);
        keyQueue_.EnQue(keys);
        AscendC::LocalTensor<Element> values = valueQueue_.template AllocTensor<Element>();
        valueCache_.CopyRows(values, table, task.kvHead, step.begin, step.tokens);
        valueQueue_.EnQue(values);
    }

    __aicore__ inline void Compute(const Step& step) {
        if (step.tokens > 0) {
            if (step.IsFirst()) {
                BeginTask(step.task.heads);
            }
            ComputeScores(step);
            softmax_.Update(scores_, products_, step.task.heads);
            softmax_.Rescale(floatOutput_, step.task.heads, tiling_.headDim);
            AccumulateOutput(step);
        }
        if (step.IsLast()) {
            FinishTask(step);
        }
    }

    // floatQuery = query * softmaxScale; no columns seen, output zero.
    __aicore__ inline void BeginTask(int32_t heads) {
        const int32_t count = heads * tiling_.headDim;
        AscendC::LocalTensor<Element> query = queryQueue_.template DeQue<Element>();
        AscendC::Cast(floatQuery_, query, AscendC::RoundMode::CAST_NONE, count);
        queryQueue_.FreeTensor(query);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(floatQuery_, floatQuery_, tiling_.softmaxScale, count);
        AscendC::Duplicate(floatOutput_, 0.0f, count);
        softmax_.Reset(heads);
    }

    // scores [heads, kvTile] = query K^T. Columns past the step's tokens stay -inf.
    __aicore__ inline void ComputeScores(const Step& step) {
        AscendC::LocalTensor<Element> keys = keyQueue_.template DeQue<Element>();
        AscendC::Cast(wide_, keys, AscendC::RoundMode::CAST_NONE, step.tokens * tiling_.headDim);
        keyQueue_.FreeTensor(keys);
        if (step.tokens < tiling_.kvTile) {
            AscendC::Duplicate(scores_, kMinusInfinity, step.task.heads * tiling_.kvTile);
        }
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t head = 0; head < step.task.heads; ++head) {
            DotRows(scores_[head * tiling_.kvTile], wide_, floatQuery_[head * tiling_.headDim],
                    products_, lanes_, step.tokens, tiling_.headDim);
        }
    }

    // output [heads, headDim] += probabilities V. V of tokens past the length is never multiplied.
    __aicore__ inline void AccumulateOutput(const Step& step) {
        AscendC::LocalTensor<Element> values = valueQueue_.template DeQue<Element>();
        AscendC::Cast(wide_, values, AscendC::RoundMode::CAST_NONE, step.tokens * tiling_.headDim);
        valueQueue_.FreeTensor(values);
        for (int32_t head = 0; head < step.task.heads; ++head) {
            AddWeightedRows(floatOutput_[head * tiling_.headDim], wide_,
                            scores_[head * tiling_.kvTile], lanes_, products_, step.tokens,
                            tiling_.headDim);
        }
    }

    // Divides by the sum, rounds and writes. A sequence of length 0 gives 0 and a LSE of -inf.
    __aicore__ inline void FinishTask(const Step& step) {
        const PagedAttentionTask& task = step.task;
        const int32_t count = task.heads * tiling_.headDim;
        AscendC::LocalTensor<Element> output = outputQueue_.template AllocTensor<Element>();
        const FloatTensor lse = LseOf(output);
        if (step.length == 0) {
            AscendC::Duplicate(output.template ReinterpretCast<int16_t>(), int16_t{0}, count);
            AscendC::Duplicate(lse, kMinusInfinity, task.heads);
        } else {
            softmax_.Finish(floatOutput_, lse, scores_, task.heads, tiling_.headDim);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Cast(output, floatOutput_, AscendC::RoundMode::CAST_RINT, count);
        }
        outputQueue_.EnQue(output);
        Store(task);
    }

    __aicore__ inline void Store(const PagedAttentionTask& task) {
        const int64_t firstRow = int64_t{task.sequence} * tiling_.heads + task.firstHead;
        AscendC::LocalTensor<Element> output = outputQueue_.template DeQue<Element>();
        AscendC::DataCopy(output_[firstRow * tiling_.headDim], output,
                          task.heads * tiling_.headDim);
        if (tiling_.writeLse != 0) {
            const auto bytes = static_cast<uint32_t>(task.heads * kFloatBytes);
            AscendC::DataCopyPad(lse_[firstRow], LseOf(output),
                                 AscendC::DataCopyExtParams{1, bytes, 0, 0, 0});
        }
        outputQueue_.FreeTensor(output);
    }

    // The LSE of a task lies behind its output, so that one hand-over covers both.
    __aicore__ inline FloatTensor LseOf(const AscendC::LocalTensor<Element>& output) const {
        return output[tiling_.groupTile * tiling_.headDim].template ReinterpretCast<float>();
    }

    static constexpr int32_t kStages = PagedAttentionUb::kStages;

    const AscPagedAttentionTiling& tiling_;
    AscendC::GlobalTensor<Element> query_;
    AscendC::GlobalTensor<int32_t> seqLens_;
    AscendC::GlobalTensor<Element> output_;
    AscendC::GlobalTensor<float> lse_;
    PagedCache<Element> keyCache_;
    PagedCache<Element> valueCache_;

    AscendC::TQue<AscendC::TPosition::VECIN, kStages> queryQueue_;
    AscendC::TQue<AscendC::TPosition::VECIN, kStages> keyQueue_;
    AscendC::TQue<AscendC::TPosition::VECIN, kStages> valueQueue_;
    AscendC::TQue<AscendC::TPosition::VECOUT, 1> outputQueue_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> scratch_;

    FloatTensor floatQuery_;
    FloatTensor floatOutput_;
    FloatTensor scores_;
    FloatTensor wide_;
    FloatTensor products_;
    FloatTensor lanes_;
    OnlineSoftmax softmax_;
};

}  // namespace attn
