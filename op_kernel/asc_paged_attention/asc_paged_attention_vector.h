// SPDX-License-Identifier: Apache-2.0
// AscPagedAttention on the vector cores alone: softmax(q K^T) V over a block table.
//
//   GM --MTE2--> query, K and V queues --V--> scores, output --V--> output queue --MTE3--> GM
//
// K and V arrive kvTile tokens at a time, the next step while this one is computed. They become
// floats once for all rows of the unit; everything from there to the output is float. Who owns
// which unit: asc_paged_attention_schedule.h. The plan of UB: asc_paged_attention_ub.h.
#pragma once

#include "../common/attention_accumulator.h"
#include "../common/kernel_entry.h"
#include "../common/packed_keys.h"
#include "../common/packed_values.h"
#include "../common/paged_rows.h"
#include "../common/paged_source.h"
#include "../common/softcap.h"
#include "asc_paged_attention_partials.h"
#include "asc_paged_attention_schedule.h"
#include "asc_paged_attention_ub.h"

namespace attn {

template <class Element, CacheLayout kLayout>
struct CacheReaders {
    using Keys = PagedRows<Element>;
    using Values = PagedRows<Element>;
};
template <class Element>
struct CacheReaders<Element, CacheLayout::kPacked> {
    using Keys = PackedKeys<Element>;
    using Values = PackedValues<Element>;
};

template <class Element, CacheLayout kLayout>
class PagedAttentionVector {
 public:
    __aicore__ inline PagedAttentionVector(const AscPagedAttentionTiling& tiling,
                                           const PagedAttentionArguments& arguments,
                                           AscendC::TPipe* pipe)
        : tiling_(tiling), walk_(tiling, spans_) {
        query_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.query));
        output_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.output));
        lse_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.lse));
        alibiSlopes_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.alibiSlopes));
        sinks_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.sinks));
        partials_ = PartialsOf<Element>(tiling, arguments);
        spans_.Open(arguments, tiling.hasQueryStarts != 0);
        pages_.Open(arguments.blockTables, tiling.blockSize);
        keys_.Open(SourceOf(arguments.keyCache, tiling.key));
        values_.Open(SourceOf(arguments.valueCache, tiling.value));
        PlaceInUb(pipe);
    }

    // Runs every unit of `core`. One loop over all its steps, whatever unit they belong to: a step
    // is loaded while the one before it is computed.
    __aicore__ inline void Process(int32_t core, int32_t cores) {
        walk_.Begin(core, cores);
        Step ahead = NextUnit();
        Load(ahead);
        while (!ahead.isNone) {
            const Step step = ahead;
            ahead = StepAfter(step);
            Load(ahead);
            Compute(step);
        }
    }

 private:
    using Stage = AscendC::LocalTensor<Element>;

    // Tokens [begin, begin + tokens) of one unit. A unit without tokens has one step, which writes
    // its empty result.
    struct Step {
        PagedAttentionUnit unit;
        TokenRange visible;  // of the unit
        int32_t begin;
        int32_t tokens;
        bool isFirst;
        bool isNone;  // no step left

        __aicore__ inline bool IsLast() const { return begin + tokens >= visible.end; }
        // Tokens of the step that come before those of the unit.
        __aicore__ inline int32_t Skipped() const { return Larger(visible.begin - begin, 0); }
    };

    __aicore__ inline PagedSource<Element> SourceOf(GM_ADDR cache,
                                                    const PagedCacheView& view) const {
        PagedSource<Element> source;
        source.memory.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(cache));
        source.pages = &pages_;
        source.view = view;
        source.headDim = tiling_.headDim;
        source.pitch = tiling_.pitch;
        return source;
    }

    __aicore__ inline void PlaceInUb(AscendC::TPipe* pipe) {
        const PagedAttentionUb plan =
            PagedAttentionUbPlan(tiling_.pitch, sizeof(Element), kLayout, tiling_.blockSize,
                                 tiling_.kvTile, tiling_.rowTile);
        pipe->InitBuffer(queryQueue_, kStages, plan.queryBytes);
        pipe->InitBuffer(keyQueue_, kStages, plan.kvBytes);
        pipe->InitBuffer(valueQueue_, kStages, plan.kvBytes);
        pipe->InitBuffer(outputQueue_, 1, plan.outputBytes);
        pipe->InitBuffer(scratch_, plan.scratchBytes);

        const FloatTensor scratch = scratch_.Get<float>();
        floatQuery_ = scratch[plan.query / kFloatBytes];
        wide_ = scratch[plan.wide / kFloatBytes];
        ramp_ = scratch[plan.ramp / kFloatBytes];
        sinkRows_ = scratch[plan.sinks / kFloatBytes];
        accumulator_.Open(scratch[plan.accumulator / kFloatBytes], tiling_.rowTile, tiling_.kvTile,
                          tiling_.pitch);
        const auto packed = scratch[plan.packed / kFloatBytes].template ReinterpretCast<uint8_t>();
        keys_.Place(packed, tiling_.kvTile);
        values_.Place(packed, tiling_.kvTile);
        if (tiling_.hasAlibi != 0) {
            for (int32_t token = 0; token < tiling_.kvTile; ++token) {
                ramp_.SetValue(token, static_cast<float>(token));
            }
        }
        if (tiling_.hasAlibi != 0 || (kLayout == CacheLayout::kPacked && kIsFloat)) {
            const auto written = pipe->FetchEventID(AscendC::HardEvent::S_V);
            AscendC::SetFlag<AscendC::HardEvent::S_V>(written);
            AscendC::WaitFlag<AscendC::HardEvent::S_V>(written);
        }
    }

    __aicore__ inline Step NextUnit() {
        Step step{};
        step.isNone = walk_.AtEnd();
        if (!step.isNone) {
            step.unit = walk_.Unit();
            walk_.Advance();
            const PagedAttentionUnit& unit = step.unit;
            const int32_t last = unit.firstRow + unit.rows - 1;
            const TokenRange tokens{TokensOfRow(tiling_, unit.span, unit.firstRow).begin,
                                    TokensOfRow(tiling_, unit.span, last).end};
            step.visible = TokensOfPartition(tiling_, tokens, unit.partition);
            step.begin = step.visible.begin / tiling_.tokenUnit * tiling_.tokenUnit;
            step.isFirst = true;
            Measure(&step);
        }
        return step;
    }

    __aicore__ inline Step StepAfter(const Step& step) {
        if (step.IsLast()) {
            return NextUnit();
        }
        Step next = step;
        next.begin += step.tokens;
        next.isFirst = false;
        Measure(&next);
        return next;
    }

    __aicore__ inline void Measure(Step* step) const {
        const bool empty = step->visible.end <= step->visible.begin;
        step->tokens = empty ? 0 : Smaller(step->visible.end - step->begin, tiling_.kvTile);
    }

    __aicore__ inline void Load(const Step& step) {
        if (step.isNone || step.tokens == 0) {
            return;
        }
        const PagedAttentionUnit& unit = step.unit;
        if (step.isFirst) {
            LoadQuery(unit);
        }
        const int64_t table = unit.sequence * tiling_.blockTableStride;
        Stage keys = keyQueue_.template AllocTensor<Element>();
        keys_.Load(keys, table, unit.kvHead, step.begin, step.tokens);
        keyQueue_.EnQue(keys);
        Stage values = valueQueue_.template AllocTensor<Element>();
        values_.Load(values, table, unit.kvHead, step.begin, step.tokens);
        valueQueue_.EnQue(values);
    }

    __aicore__ inline void LoadQuery(const PagedAttentionUnit& unit) {
        const int32_t excess = tiling_.pitch - tiling_.headDim;
        const AscendC::DataCopyPadExtParams<Element> padding{
            excess > 0, 0, static_cast<uint8_t>(excess), Element{}};
        Stage query = queryQueue_.template AllocTensor<Element>();
        for (int32_t row = 0; row < unit.rows;) {
            const RowRun run = RowRunAt(tiling_, unit, row);
            const int64_t source = run.token * tiling_.queryStride + run.head * tiling_.headDim;
            AscendC::DataCopyPad(query[row * tiling_.pitch], query_[source],
                                 Rows(run.rows, kElementBytes, 0, 0), padding);
            row += run.rows;
        }
        queryQueue_.EnQue(query);
    }

    // A copy of rows of headDim elements, with these gaps on its two sides.
    __aicore__ inline AscendC::DataCopyExtParams Rows(int32_t rows, int32_t elementBytes,
                                                      int32_t sourceGap, int64_t targetGap) const {
        return {static_cast<uint16_t>(rows), static_cast<uint32_t>(tiling_.headDim * elementBytes),
                static_cast<uint32_t>(sourceGap), static_cast<uint32_t>(targetGap), 0};
    }

    __aicore__ inline void Compute(const Step& step) {
        if (step.isFirst) {
            BeginUnit(step);
        }
        if (step.tokens > 0) {
            ComputeScores(step);
            accumulator_.Weigh(step.unit.rows);
            AccumulateOutput(step);
        }
        if (step.IsLast()) {
            FinishUnit(step.unit);
        }
    }

    // floatQuery = query * softmaxScale; no columns seen, output zero.
    __aicore__ inline void BeginUnit(const Step& step) {
        const PagedAttentionUnit& unit = step.unit;
        const int32_t count = unit.rows * tiling_.pitch;
        if (step.tokens > 0) {
            Stage query = queryQueue_.template DeQue<Element>();
            WidenQuery(query, count);
            queryQueue_.FreeTensor(query);
        }
        AscendC::PipeBarrier<PIPE_V>();
        if (step.tokens > 0) {
            AscendC::Muls(floatQuery_, floatQuery_, tiling_.softmaxScale, count);
        }
        if (tiling_.hasSinks != 0 && unit.isFirstOfTask) {
            for (int32_t row = 0; row < unit.rows; ++row) {
                AscendC::Duplicate(sinkRows_[row * kFloatsPerBlock],
                                   sinks_.GetValue(RowRunAt(tiling_, unit, row).head),
                                   kFloatsPerBlock);
            }
            AscendC::PipeBarrier<PIPE_V>();
            accumulator_.BeginWith(sinkRows_, unit.rows);
        } else {
            accumulator_.Begin(unit.rows);
        }
        if (step.tokens == 0) {
            AscendC::PipeBarrier<PIPE_V>();
        }
    }

    __aicore__ inline void WidenQuery(const Stage& query, int32_t count) const {
        if constexpr (kIsFloat) {
            AscendC::Adds(floatQuery_, query, 0.0f, count);
        } else {
            AscendC::Cast(floatQuery_, query, AscendC::RoundMode::CAST_NONE, count);
        }
    }

    // Tokens of the step that a row sees are those from `begin` to `end` of the step.
    __aicore__ inline TokenRange VisibleInStep(const Step& step, int32_t row) const {
        const TokenRange tokens = TokensOfRow(tiling_, step.unit.span, step.unit.firstRow + row);
        const int32_t end = Smaller(Larger(tokens.end - step.begin, 0), step.tokens);
        const int32_t first = Larger(tokens.begin, step.visible.begin) - step.begin;
        return {Smaller(Larger(first, 0), end), end};
    }

    // scores [rows, kvTile] = query K^T with softcap, ALiBi and -inf for what a row does not see.
    __aicore__ inline void ComputeScores(const Step& step) {
        const int32_t rows = step.unit.rows;
        const int32_t tile = tiling_.kvTile;
        Stage stage = keyQueue_.template DeQue<Element>();
        const FloatTensor keys = keys_.Rows(stage, wide_, step.begin, step.tokens);
        if constexpr (!kRowsInPlace) {
            keyQueue_.FreeTensor(stage);
        }
        // The first row sees least. Where it sees the whole tile, all do.
        const TokenRange least = VisibleInStep(step, 0);
        const TokenRange most = VisibleInStep(step, rows - 1);
        if (least.end < tile) {
            AscendC::Duplicate(accumulator_.Scores(), 0.0f, rows * tile);
        }
        ClearSkipped(keys, step);
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t row = 0; row < rows; ++row) {
            const int32_t seen = VisibleInStep(step, row).end;
            if (seen > 0) {
                DotRows(accumulator_.ScoresOf(row), keys, floatQuery_[row * tiling_.pitch],
                        accumulator_.Products(), accumulator_.Lanes(), seen, tiling_.pitch);
            }
        }
        if constexpr (kRowsInPlace) {
            keyQueue_.FreeTensor(stage);
        }
        if (tiling_.softcap != 0.0f) {
            AscendC::PipeBarrier<PIPE_V>();
            Softcap(accumulator_.Scores(), accumulator_.Products(), tiling_.softcap, rows * tile);
        }
        if (tiling_.hasAlibi != 0) {
            AddAlibi(step);
        }
        if (least.end < tile || most.begin > 0) {
            HideColumns(step);
        }
    }

    // Tokens that were loaded only because a step begins at a multiple of tokenUnit may hold
    // anything: their rows are zero.
    __aicore__ inline void ClearSkipped(const FloatTensor& matrix, const Step& step) const {
        if constexpr (kLayout == CacheLayout::kPacked) {
            if (step.Skipped() > 0) {
                AscendC::PipeBarrier<PIPE_V>();
                AscendC::Duplicate(matrix, 0.0f, step.Skipped() * tiling_.pitch);
            }
        }
    }

    // scores += slope * (token - position of the query token).
    __aicore__ inline void AddAlibi(const Step& step) const {
        const PagedAttentionUnit& unit = step.unit;
        const int32_t tile = tiling_.kvTile;
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t row = 0; row < unit.rows; ++row) {
            const RowRun run = RowRunAt(tiling_, unit, row);
            const int32_t token = run.token - unit.span.queryBegin;
            const int32_t position = unit.span.length - unit.span.queryTokens + token;
            AscendC::Adds(accumulator_.Products()[row * tile], ramp_,
                          static_cast<float>(step.begin - position), tile);
        }
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t row = 0; row < unit.rows; ++row) {
            const float slope = alibiSlopes_.GetValue(RowRunAt(tiling_, unit, row).head);
            AscendC::Axpy(accumulator_.ScoresOf(row), accumulator_.Products()[row * tile], slope,
                          tile);
        }
    }

    __aicore__ inline void HideColumns(const Step& step) const {
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t row = 0; row < step.unit.rows; ++row) {
            const TokenRange seen = VisibleInStep(step, row);
            const FloatTensor scores = accumulator_.ScoresOf(row);
            FillColumns(scores, kMinusInfinity, seen.end, tiling_.kvTile, 1, tiling_.kvTile);
            if (seen.begin > 0) {
                AscendC::PipeBarrier<PIPE_V>();
                FillColumns(scores, kMinusInfinity, 0, seen.begin, 1, tiling_.kvTile);
            }
        }
    }

    // output [rows, pitch] += weights V. A row multiplies no V past the last token that it sees.
    __aicore__ inline void AccumulateOutput(const Step& step) {
        Stage stage = valueQueue_.template DeQue<Element>();
        const FloatTensor values = values_.Rows(stage, wide_, step.begin, step.tokens);
        if constexpr (!kRowsInPlace) {
            valueQueue_.FreeTensor(stage);
        }
        ClearSkipped(values, step);
        for (int32_t row = 0; row < step.unit.rows; ++row) {
            const int32_t seen = VisibleInStep(step, row).end;
            if (seen > 0) {
                accumulator_.Add(row, values, seen);
            }
        }
        if constexpr (kRowsInPlace) {
            valueQueue_.FreeTensor(stage);
        }
    }

    // Divides by the sum, rounds and writes: the output, or a partial result.
    __aicore__ inline void FinishUnit(const PagedAttentionUnit& unit) {
        const bool isPartial = unit.partitions > 1;
        FloatTensor result = outputQueue_.template AllocTensor<float>();
        if (kIsFloat || (isPartial && tiling_.partialsAreOutputs == 0)) {
            accumulator_.Finish(result, unit.rows);
        } else {
            accumulator_.Finish(accumulator_.Output(), unit.rows);
            AscendC::PipeBarrier<PIPE_V>();
            Round(result.template ReinterpretCast<Element>(), unit.rows * tiling_.pitch);
        }
        if (isPartial) {
            accumulator_.GetSoftmax().GetSums(StateOf(result, 0), unit.rows);
            accumulator_.GetSoftmax().GetMaxima(StateOf(result, 1), unit.rows);
        } else if (tiling_.writeLse != 0) {
            accumulator_.GetSoftmax().GetLogSumExp(StateOf(result, 0), unit.rows);
        }
        outputQueue_.EnQue(result);
        result = outputQueue_.template DeQue<float>();
        for (int32_t row = 0; row < unit.rows;) {
            const RowRun run = RowRunAt(tiling_, unit, row);
            if (isPartial) {
                StorePartial(unit, run, result);
            } else {
                Store(run, result);
            }
            row += run.rows;
        }
        outputQueue_.FreeTensor(result);
    }

    __aicore__ inline void Round(const Stage& target, int32_t count) const {
        if constexpr (!kIsFloat) {
            AscendC::Cast(target, accumulator_.Output(), AscendC::RoundMode::CAST_RINT, count);
        }
    }

    __aicore__ inline void Store(const RowRun& run, const FloatTensor& result) {
        const int64_t head = int64_t{run.token} * tiling_.heads + run.head;
        AscendC::DataCopyPad(output_[head * tiling_.headDim],
                             result.template ReinterpretCast<Element>()[run.first * tiling_.pitch],
                             Rows(run.rows, kElementBytes, 0, 0));
        if (tiling_.writeLse != 0) {
            StoreState(lse_[head], StateOf(result, 0), run, 0);
        }
    }

    __aicore__ inline void StorePartial(const PagedAttentionUnit& unit, const RowRun& run,
                                        const FloatTensor& result) {
        const int64_t head = int64_t{run.token} * tiling_.heads + run.head;
        const int64_t target = head * tiling_.maxPartitions + unit.partition;
        const int64_t between = tiling_.maxPartitions - 1;  // partitions up to the next row
        StoreState(partials_.sums[target], StateOf(result, 0), run, between);
        StoreState(partials_.maxima[target], StateOf(result, 1), run, between);
        if (tiling_.partialsAreOutputs != 0) {
            AscendC::DataCopyPad(
                partials_.roundedOutputs[target * tiling_.headDim],
                result.template ReinterpretCast<Element>()[run.first * tiling_.pitch],
                Rows(run.rows, kElementBytes, 0, between * tiling_.headDim * kElementBytes));
        } else {
            // Rows of floats may end a data block before their pitch.
            const int32_t gap =
                tiling_.pitch / kFloatsPerBlock - CeilDiv(tiling_.headDim, kFloatsPerBlock);
            AscendC::DataCopyPad(
                partials_.outputs[target * tiling_.headDim], result[run.first * tiling_.pitch],
                Rows(run.rows, kFloatBytes, gap, between * tiling_.headDim * kFloatBytes));
        }
    }

    // One float of each data block of `state`.
    __aicore__ inline void StoreState(const AscendC::GlobalTensor<float>& target,
                                      const FloatTensor& state, const RowRun& run,
                                      int64_t between) const {
        AscendC::DataCopyPad(
            target, state[run.first * kFloatsPerBlock],
            AscendC::DataCopyExtParams{static_cast<uint16_t>(run.rows), kFloatBytes, 0,
                                       static_cast<uint32_t>(between * kFloatBytes), 0});
    }

    // [rows, 8] values behind the rows of a result, so that one hand-over covers all.
    __aicore__ inline FloatTensor StateOf(const FloatTensor& result, int32_t index) const {
        return result[tiling_.rowTile * (tiling_.pitch + index * kFloatsPerBlock)];
    }

    static constexpr int32_t kStages = PagedAttentionUb::kStages;
    static constexpr int32_t kElementBytes = sizeof(Element);
    static constexpr bool kIsFloat = kElementBytes == kFloatBytes;
    static constexpr bool kRowsInPlace = kIsFloat && kLayout == CacheLayout::kRows;

    const AscPagedAttentionTiling& tiling_;
    AscendC::GlobalTensor<Element> query_;
    AscendC::GlobalTensor<Element> output_;
    AscendC::GlobalTensor<float> lse_;
    AscendC::GlobalTensor<float> alibiSlopes_;
    AscendC::GlobalTensor<float> sinks_;
    PartialResults<Element> partials_;
    DeviceSpans spans_;
    PagedAttentionWalk<DeviceSpans> walk_;
    PageRuns pages_;
    typename CacheReaders<Element, kLayout>::Keys keys_;
    typename CacheReaders<Element, kLayout>::Values values_;

    AscendC::TQue<AscendC::TPosition::VECIN, kStages> queryQueue_;
    AscendC::TQue<AscendC::TPosition::VECIN, kStages> keyQueue_;
    AscendC::TQue<AscendC::TPosition::VECIN, kStages> valueQueue_;
    AscendC::TQue<AscendC::TPosition::VECOUT, 1> outputQueue_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> scratch_;

    FloatTensor floatQuery_;
    FloatTensor wide_;
    FloatTensor ramp_;
    FloatTensor sinkRows_;
    AttentionAccumulator accumulator_;
};

}  // namespace attn
