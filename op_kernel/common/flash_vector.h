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
#include "flash_items.h"
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
        : tiling_(tiling),
          arguments_(arguments),
          pipe_(pipe),
          plan_(FlashUbPlan(tiling)),
          items_(tiling, plan_, sequences_) {}

    __aicore__ inline void Process(int32_t block, int32_t blocks, int32_t subBlock) {
        sequences_.Open(tiling_, arguments_);
        sinks_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments_.sinks));
        workspace_.Open(tiling_, arguments_.workspace, block);
        OpenBuffers();
        items_.Begin(block, blocks, subBlock);
        while (current_.task != FlashTask::kNone || !items_.IsEmpty()) {
            const bool isLoaded = !items_.IsEmpty() && !DependsOnCurrent(items_.Front());
            if (isLoaded) {
                Load(items_.Front());
            }
            Compute(current_);
            current_ = isLoaded ? items_.Front() : FlashItem{};
            if (isLoaded) {
                items_.Advance();
            }
        }
        scores_.Close(pipe_);
        output_.Close(pipe_);
        outgoing_.Close(pipe_);
    }

 private:
    using Event = AscendC::HardEvent;

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
        softmax_.Open(floats[plan_.softmax / kFloatBytes], tiling_.sliceRows, 1,
                      FlashScores<Element>::ScaleOfSoftmax(tiling_));
        scores_.Open(tiling_, arguments_, workspace_, plan_, ub, rows_, pipe_);
        output_.Open(tiling_, arguments_, workspace_, softmax_, plan_, ub, rows_, pipe_);
        outgoing_.Open(pipe_);
    }

    // Whether the cube computes what is to be loaded only after it has got the probabilities of
    // current_, or the only slot for outputs holds what current_ still has to add.
    __aicore__ inline bool DependsOnCurrent(const FlashItem& item) const {
        const bool isOutput = item.task == FlashTask::kAccumulate;
        if (current_.task == FlashTask::kWeigh) {
            const int32_t ahead = isOutput ? 0 : tiling_.lookahead;
            return current_.slice.step->index <= item.slice.step->index - ahead;
        }
        return isOutput && current_.task == FlashTask::kAccumulate && plan_.outputSlots == 1;
    }

    __aicore__ inline void Load(const FlashItem& item) {
        if (item.task == FlashTask::kWeigh) {
            if (item.beginsHalf) {
                AscendC::CrossCoreWaitFlag(kScoresReady);
            }
            if (item.slice.rows > 0) {
                scores_.Load(item.slice);
            }
        } else if (item.task == FlashTask::kAccumulate) {
            if (item.beginsHalf) {
                AscendC::CrossCoreWaitFlag(kOutputReady);
            }
            if (item.slice.rows > 0) {
                output_.Load(item.slice);
            }
        }
    }

    __aicore__ inline void Compute(const FlashItem& item) {
        if (item.beginsUnit) {
            BeginUnit(*item.slice.step);
        }
        if (item.task == FlashTask::kWeigh) {
            if (item.slice.rows > 0) {
                Weigh(item.slice);
            }
            if (item.endsHalf) {
                AscendC::CrossCoreSetFlag<kFlagWithinBlock, PIPE_MTE3>(kProbabilitiesReady);
            }
        } else if (item.slice.rows > 0 && item.task != FlashTask::kBegin) {
            AscendC::PipeBarrier<PIPE_V>();
            if (item.task == FlashTask::kAccumulate) {
                output_.Add(item.slice, StateOf(item.slice).rescale, item.isFirst);
            } else if (item.isFirst) {
                output_.Clear(item.slice);
            }
            if (item.isLast) {
                Finish(item.slice);
            }
        }
    }

    // No row has seen a column, but the sinks.
    __aicore__ inline void BeginUnit(const FlashStep& step) {
        AscendC::PipeBarrier<PIPE_V>();
        if (tiling_.hasSinks == 0 || !step.unit.isFirst) {
            softmax_.Reset(StateOf(step, 0), plan_.coreRows);
            return;
        }
        for (int32_t half = 0; half < step.unit.Halves(); ++half) {
            FlashSlice slice = items_.RowsOfHalf(step, half);
            const int32_t end = slice.coreRow + slice.rows;
            while (slice.coreRow < end) {
                slice.rows = Smaller(tiling_.sliceRows, end - slice.coreRow);
                FillByHead(rows_.blocks, tiling_, slice, sinks_, 0, 1.0f);
                AscendC::PipeBarrier<PIPE_V>();
                softmax_.ResetTo(StateOf(slice), rows_.blocks, slice.rows);
                slice.firstRow += slice.rows;
                slice.coreRow += slice.rows;
            }
        }
    }

    __aicore__ inline void Weigh(const FlashSlice& slice) {
        const AscendC::LocalTensor<Element> slot = Outgoing(outgoing_.Acquire());
        const FloatTensor scratch = slot.template ReinterpretCast<float>();
        const FloatTensor scores = scores_.Take(slice, scratch);
        const int32_t width = slice.Width();
        softmax_.Update(StateOf(slice), scores, scratch, slice.rows, width);
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

    __aicore__ inline void Finish(const FlashSlice& slice) {
        const AscendC::LocalTensor<Element> slot = Outgoing(outgoing_.Acquire());
        output_.Finish(slice, StateOf(slice), slot);
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
    __aicore__ inline SoftmaxRows StateOf(const FlashStep& step, int32_t coreRow) const {
        const int32_t slots = tiling_.lookahead + 1;
        const int32_t unit = step.unitIndex % slots;
        const int32_t factors = 2 * slots + step.Slot(tiling_);
        return {states_[unit * plan_.coreRows + coreRow],
                states_[(slots + unit) * plan_.coreRows + coreRow],
                states_[factors * plan_.coreRows + coreRow]};
    }
    __aicore__ inline SoftmaxRows StateOf(const FlashSlice& slice) const {
        return StateOf(*slice.step, slice.coreRow);
    }

    const FlashTiling& tiling_;
    const FlashArguments& arguments_;
    AscendC::TPipe* pipe_;
    const FlashUb plan_;
    FlashSequences sequences_;
    FlashItems items_;
    FlashItem current_;  // loaded, not yet computed
    FlashWorkspace<Element> workspace_;
    AscendC::GlobalTensor<float> sinks_;

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
