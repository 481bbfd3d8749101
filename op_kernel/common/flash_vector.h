// SPDX-License-Identifier: Apache-2.0
// Vector side of attention on cube and vector cores: probabilities of every step, and `lookahead`
// steps later its output. Each of the two vector cores of a block has a part of the rows of every
// half; a core without rows takes part in the flags.
//
//   scores --MTE2--> FlashScores --V--> OnlineSoftmax --V--> probabilities --MTE3--> workspace
//   outputs of the cube --MTE2--> FlashOutput --V--> result --MTE3--> output or partial results
//
// Work comes in slices, one behind the other: the next one is loaded before this one is computed,
// unless it depends on it. A flag is waited for where the first slice of its half is loaded.
#pragma once

#include "event_ring.h"
#include "flash_arguments.h"
#include "flash_output.h"
#include "flash_scores.h"
#include "flash_slice.h"
#include "flash_ub.h"
#include "flash_workspace.h"
#include "kernel_entry.h"
#include "online_softmax.h"

namespace attn {

template <class Element>
class FlashVector {
 public:
    __aicore__ inline FlashVector(const FlashTiling& tiling, const FlashArguments& arguments,
                                  AscendC::TPipe* pipe)
        : tiling_(tiling), arguments_(arguments), pipe_(pipe), plan_(FlashUbPlan(tiling)) {
        sequences_.Open(tiling, arguments);
        sinks_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.sinks));
    }

    __aicore__ inline void Process(int32_t block, int32_t blocks, int32_t subBlock) {
        workspace_.Open(tiling_, arguments_.workspace, block);
        subBlock_ = subBlock;
        OpenBuffers();
        FlashSteps<FlashSequences> steps(tiling_, sequences_);
        steps.Begin(block, blocks);
        const int32_t lookahead = tiling_.lookahead;
        int32_t count = 0;  // of the steps so far
        bool isMore = true;
        for (int32_t index = 0; isMore || index < count + lookahead; ++index) {
            isMore = isMore && steps.Next(&StepAt(index));
            if (isMore) {
                ++count;
                Weigh(StepAt(index));
            }
            if (index >= lookahead && index - lookahead < count) {
                Accumulate(StepAt(index - lookahead));
            }
        }
        Compute();
        scores_.Close(pipe_);
        output_.Close(pipe_);
        outgoing_.Close(pipe_);
    }

 private:
    using Event = AscendC::HardEvent;

    enum class Task { kNone, kBegin, kWeigh, kAccumulate, kFinish };

    struct Item {
        Task task = Task::kNone;
        FlashSlice slice;
        bool beginsHalf = false;  // the flag of the half comes before
        bool endsHalf = false;
        bool beginsUnit = false;
        bool isFirst = false;  // nothing has been accumulated
        bool isLast = false;   // of its unit: kAccumulate finishes, too
    };

    // Steps whose output is to come, and the one that is worked on.
    static constexpr int32_t kSteps = kMaxLookahead + 2;
    __aicore__ inline FlashStep& StepAt(int32_t index) { return steps_[index % kSteps]; }

    __aicore__ inline void OpenBuffers() {
        pipe_->InitBuffer(buffer_, plan_.totalBytes);
        const AscendC::LocalTensor<uint8_t> ub = buffer_.Get<uint8_t>();
        const FloatTensor floats = ub.template ReinterpretCast<float>();
        states_ = floats[plan_.states / kFloatBytes];
        outgoingSlots_ = ub[plan_.probabilities].template ReinterpretCast<Element>();
        rows_.blocks = floats[plan_.rowBlocks / kFloatBytes];
        rows_.otherBlocks = rows_.blocks[tiling_.sliceRows * kFloatsPerBlock];
        rows_.values = floats[plan_.rowValues / kFloatBytes];
        rows_.otherValues = rows_.values[tiling_.sliceRows];
        rows_.ramp = floats[plan_.ramp / kFloatBytes];
        // BroadcastRows reads rows in groups of eight, some of which no task may ever use.
        AscendC::Duplicate(states_, 0.0f, (tiling_.lookahead + 1) * kRowStates * plan_.coreRows);
        AscendC::CreateVecIndex(rows_.ramp, 0.0f, kFloatsPerRepeat);
        softmax_.Open(floats[plan_.softmax / kFloatBytes], tiling_.sliceRows,
                      FlashScores<Element>::ScaleOfSoftmax(tiling_));
        scores_.Open(tiling_, arguments_, workspace_, plan_, ub, rows_, pipe_);
        output_.Open(tiling_, arguments_, workspace_, softmax_, plan_, ub, rows_, pipe_);
        outgoing_.Open(pipe_);
        AscendC::PipeBarrier<PIPE_V>();
    }

    // Rows of a half that this core has, as a slice that begins with the first of them.
    __aicore__ inline FlashSlice RowsOfHalf(const FlashStep& step, int32_t half) const {
        const int32_t rows = step.unit.RowsOfHalf(half);
        const int32_t first = Smaller(FlashCoreRows(rows), rows);
        FlashSlice slice;
        slice.step = &step;
        slice.half = half;
        slice.firstRow = half * kHalfRows + (subBlock_ == 0 ? 0 : first);
        slice.rows = subBlock_ == 0 ? first : rows - first;
        slice.coreRow = half * plan_.halfRows;
        slice.columns = step.ColumnsOfHalf(tiling_, half);
        return slice;
    }

    // The items of a step: its probabilities ...
    __aicore__ inline void Weigh(const FlashStep& step) {
        Item item;
        item.task = step.columns > 0 ? Task::kWeigh : Task::kBegin;
        item.beginsUnit = step.isFirst;
        if (step.columns == 0) {
            item.slice = RowsOfHalf(step, 0);
            Push(item);
            return;
        }
        for (int32_t half = 0; half < step.unit.Halves(); ++half) {
            item.slice = RowsOfHalf(step, half);
            if (!item.slice.columns.IsEmpty()) {
                PushSlices(item);
                item.beginsUnit = false;
            }
        }
    }

    // ... and its output.
    __aicore__ inline void Accumulate(const FlashStep& step) {
        for (int32_t half = 0; half < step.unit.Halves(); ++half) {
            Item item;
            item.slice = RowsOfHalf(step, half);
            item.isFirst = step.isFirst || !hasOutput_[half];
            item.isLast = step.isLast;
            const bool takesPart = !item.slice.columns.IsEmpty();
            item.task = takesPart ? Task::kAccumulate : Task::kFinish;
            if (takesPart || step.isLast) {
                PushSlices(item);
            }
            hasOutput_[half] = takesPart || (hasOutput_[half] && !step.isFirst);
        }
    }

    // The slices of item.slice.
    __aicore__ inline void PushSlices(Item item) {
        const int32_t end = item.slice.rows;
        const int32_t firstRow = item.slice.firstRow;
        const int32_t coreRow = item.slice.coreRow;
        int32_t row = 0;
        do {
            item.slice.rows = Smaller(tiling_.sliceRows, end - row);
            item.slice.firstRow = firstRow + row;
            item.slice.coreRow = coreRow + row;
            item.beginsHalf = row == 0;
            row += item.slice.rows;
            item.endsHalf = row == end;
            Push(item);
            item.beginsUnit = false;
        } while (row < end);
    }

    __aicore__ inline void Push(const Item& item) {
        if (DependsOnCurrent(item)) {
            Compute();
            current_.task = Task::kNone;
        }
        Load(item);
        Compute();
        current_ = item;
    }

    // Whether the cube computes what is to be loaded only after it has got the probabilities of
    // current_, or the only slot for outputs holds what current_ still has to add.
    __aicore__ inline bool DependsOnCurrent(const Item& item) const {
        const bool isOutput = item.task == Task::kAccumulate;
        if (current_.task == Task::kWeigh) {
            const int32_t ahead = isOutput ? 0 : tiling_.lookahead;
            return current_.slice.step->index <= item.slice.step->index - ahead;
        }
        return isOutput && current_.task == Task::kAccumulate && plan_.outputSlots == 1;
    }

    __aicore__ inline void Load(const Item& item) {
        if (item.task == Task::kWeigh) {
            if (item.beginsHalf) {
                AscendC::CrossCoreWaitFlag(kScoresReady);
            }
            if (item.slice.rows > 0) {
                scores_.Load(item.slice);
            }
        } else if (item.task == Task::kAccumulate) {
            if (item.beginsHalf) {
                AscendC::CrossCoreWaitFlag(kOutputReady);
            }
            if (item.slice.rows > 0) {
                output_.Load(item.slice);
            }
        }
    }

    // What `current_` asks for.
    __aicore__ inline void Compute() {
        const Item& item = current_;
        if (item.task == Task::kBegin || (item.task == Task::kWeigh && item.beginsUnit)) {
            BeginUnit(*item.slice.step);
        }
        if (item.task == Task::kWeigh) {
            if (item.slice.rows > 0) {
                WeighSlice(item.slice);
            }
            if (item.endsHalf) {
                AscendC::CrossCoreSetFlag<kFlagWithinBlock, PIPE_MTE3>(kProbabilitiesReady);
            }
        } else if (item.task == Task::kAccumulate && item.slice.rows > 0) {
            output_.Add(item.slice, Rows(item.slice).rescale, item.isFirst);
            if (item.isLast) {
                FinishSlice(item.slice);
            }
        } else if (item.task == Task::kFinish && item.slice.rows > 0) {
            if (item.isFirst) {
                output_.Clear(item.slice);
            }
            FinishSlice(item.slice);
        }
    }

    // No row has seen a column, but the sinks.
    __aicore__ inline void BeginUnit(const FlashStep& step) {
        AscendC::PipeBarrier<PIPE_V>();
        if (tiling_.hasSinks == 0 || !step.unit.isFirst) {
            softmax_.Reset(Rows(step, 0), plan_.coreRows, 0);
            AscendC::PipeBarrier<PIPE_V>();
            return;
        }
        for (int32_t half = 0; half < step.unit.Halves(); ++half) {
            FlashSlice slice = RowsOfHalf(step, half);
            const int32_t end = slice.coreRow + slice.rows;
            for (; slice.coreRow < end; slice.coreRow += slice.rows) {
                slice.rows = Smaller(tiling_.sliceRows, end - slice.coreRow);
                FillByHead(rows_.blocks, tiling_, slice, sinks_, 0, 1.0f);
                AscendC::PipeBarrier<PIPE_V>();
                softmax_.ResetTo(Rows(slice), rows_.blocks, slice.rows, 0);
                AscendC::PipeBarrier<PIPE_V>();
                slice.firstRow += slice.rows;
            }
        }
    }

    __aicore__ inline void WeighSlice(const FlashSlice& slice) {
        const AscendC::LocalTensor<Element> slot = Outgoing(outgoing_.Acquire());
        const FloatTensor scratch = slot.template ReinterpretCast<float>();
        const FloatTensor scores = scores_.Take(slice, scratch);
        const int32_t width = slice.Width();
        softmax_.Update(Rows(slice), scores, scratch, slice.rows, width);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Cast(slot, scores, AscendC::RoundMode::CAST_RINT, slice.rows * width);
        scores_.Release();
        outgoing_.Commit();
        outgoing_.Wait();
        StoreProbabilities(slice, slot);
        outgoing_.Release();
    }

    __aicore__ inline void StoreProbabilities(const FlashSlice& slice,
                                              const AscendC::LocalTensor<Element>& source) const {
        constexpr int32_t kPerBlock = kDataBlockBytes / kFlashElementBytes;
        const int32_t columns = slice.columns.Count();
        const auto gap =
            static_cast<uint32_t>((slice.Width() - RoundUp(columns, kPerBlock)) / kPerBlock);
        AscendC::DataCopyPad(
            workspace_.Probabilities(*slice.step, slice.firstRow)[slice.columns.begin], source,
            AscendC::DataCopyExtParams{
                static_cast<uint16_t>(slice.rows),
                static_cast<uint32_t>(columns * kFlashElementBytes), gap,
                static_cast<uint32_t>((tiling_.kvTile - columns) * kFlashElementBytes), 0});
    }

    __aicore__ inline void FinishSlice(const FlashSlice& slice) {
        const AscendC::LocalTensor<Element> slot = Outgoing(outgoing_.Acquire());
        output_.Finish(slice, Rows(slice), slot);
        outgoing_.Commit();
        outgoing_.Wait();
        output_.Store(slice, slot);
        outgoing_.Release();
    }

    __aicore__ inline AscendC::LocalTensor<Element> Outgoing(int32_t slot) const {
        return outgoingSlots_[slot * plan_.probabilitySlot / kFlashElementBytes];
    }

    // Shifts and sums belong to the unit, factors to the step. Up to lookahead + 1 of both are in
    // use at a time.
    __aicore__ inline SoftmaxRows Rows(const FlashStep& step, int32_t coreRow) const {
        const int32_t slots = tiling_.lookahead + 1;
        const int32_t unit = step.unitIndex % slots;
        const int32_t factors = 2 * slots + step.Slot(tiling_);
        return {states_[unit * plan_.coreRows + coreRow],
                states_[(slots + unit) * plan_.coreRows + coreRow],
                states_[factors * plan_.coreRows + coreRow]};
    }
    __aicore__ inline SoftmaxRows Rows(const FlashSlice& slice) const {
        return Rows(*slice.step, slice.coreRow);
    }

    const FlashTiling& tiling_;
    const FlashArguments& arguments_;
    AscendC::TPipe* pipe_;
    const FlashUb plan_;
    int32_t subBlock_ = 0;
    FlashSequences sequences_;
    FlashWorkspace<Element> workspace_;
    AscendC::GlobalTensor<float> sinks_;

    FlashStep steps_[kSteps];
    bool hasOutput_[kMaxHalves] = {};  // of the unit whose outputs are accumulated
    Item current_;                     // loaded, not yet computed

    AscendC::TBuf<AscendC::TPosition::VECCALC> buffer_;
    FloatTensor states_;
    AscendC::LocalTensor<Element> outgoingSlots_;
    FlashRowScratch rows_;
    FlashSoftmax softmax_;
    FlashScores<Element> scores_;
    FlashOutput<Element> output_;
    EventRing<Event::V_MTE3, Event::MTE3_V, kProbabilitySlots> outgoing_;
};

}  // namespace attn
