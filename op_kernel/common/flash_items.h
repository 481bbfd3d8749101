// SPDX-License-Identifier: Apache-2.0
// The order in which a vector core of attention on cube and vector cores goes through its slices:
// the probabilities of a step, then the output of the step `lookahead` before it, and so on.
#pragma once

#include "flash_arguments.h"
#include "flash_schedule.h"
#include "flash_slice.h"
#include "flash_tiling.h"
#include "flash_ub.h"

namespace attn {

enum class FlashTask {
    kNone,
    kBegin,       // of a unit without keys
    kWeigh,       // probabilities
    kAccumulate,  // output
    kFinish,      // of rows that the last step of a unit adds nothing to
};

// What is done with a slice. A core that has no row of a half has one item of it without rows.
struct FlashItem {
    FlashTask task = FlashTask::kNone;
    FlashSlice slice;
    bool beginsHalf = false;
    bool endsHalf = false;
    bool beginsUnit = false;  // the first kBegin or kWeigh of a unit
    bool isFirst = false;     // nothing has been accumulated for these rows
    bool isLast = false;      // nothing else will be
};

class FlashItems {
 public:
    __aicore__ inline FlashItems(const FlashTiling& tiling, const FlashUb& plan,
                                 const FlashSequences& sequences)
        : tiling_(tiling), plan_(plan), sources_(tiling, sequences) {}

    __aicore__ inline void Begin(int32_t block, int32_t blocks, int32_t subBlock) {
        subBlock_ = subBlock;
        sources_.Begin(block, blocks);
        Advance();
    }

    __aicore__ inline bool IsEmpty() const { return front_.task == FlashTask::kNone; }
    // Its step is kept until the front has changed twice.
    __aicore__ inline const FlashItem& Front() const { return front_; }

    __aicore__ inline void Advance() {
        front_.beginsUnit = false;
        front_.beginsHalf = row_ == rows_.rows;
        if (front_.beginsHalf) {
            do {
                if (!FindHalf()) {
                    front_.task = FlashTask::kNone;
                    return;
                }
            } while (!OpenHalf());
        }
        front_.slice = rows_;
        front_.slice.firstRow += row_;
        front_.slice.coreRow += row_;
        front_.slice.rows = Smaller(tiling_.sliceRows, rows_.rows - row_);
        row_ += front_.slice.rows;
        front_.endsHalf = row_ == rows_.rows;
    }

    // Rows of a half that the core has, as one slice.
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

 private:
    // Steps whose output is to come, the one that is weighed, and that of the item before.
    static constexpr int32_t kSteps = kMaxLookahead + 2;
    __aicore__ inline FlashStep& StepAt(int32_t index) { return steps_[index % kSteps]; }

    // Goes on to the next half; false if there is none.
    __aicore__ inline bool FindHalf() {
        if (step_ != nullptr && ++half_ < step_->unit.Halves()) {
            return true;
        }
        half_ = 0;
        while (isMore_ || index_ < stepCount_ + tiling_.lookahead) {
            isWeighing_ = !isWeighing_;
            if (isWeighing_) {
                ++index_;
                isMore_ = isMore_ && sources_.Next(&StepAt(index_));
                stepCount_ += isMore_ ? 1 : 0;
            }
            const int32_t index = isWeighing_ ? index_ : index_ - tiling_.lookahead;
            if (index >= 0 && index < stepCount_) {
                step_ = &StepAt(index);
                front_.beginsUnit = isWeighing_ && step_->isFirst;
                return true;
            }
        }
        return false;
    }

    // Begins with the rows of the half; false if there is nothing to do with them.
    __aicore__ inline bool OpenHalf() {
        const FlashStep& step = *step_;
        rows_ = RowsOfHalf(step, half_);
        row_ = 0;
        const bool hasColumns = !rows_.columns.IsEmpty();
        if (isWeighing_) {
            front_.task = step.columns > 0 ? FlashTask::kWeigh : FlashTask::kBegin;
            return hasColumns || (step.columns == 0 && half_ == 0);
        }
        front_.task = hasColumns ? FlashTask::kAccumulate : FlashTask::kFinish;
        front_.isFirst = step.isFirst || !hasOutput_[half_];
        front_.isLast = step.isLast;
        hasOutput_[half_] = hasColumns || !front_.isFirst;
        return hasColumns || step.isLast;
    }

    const FlashTiling& tiling_;
    const FlashUb& plan_;
    FlashSteps<FlashSequences> sources_;
    int32_t subBlock_ = 0;
    FlashStep steps_[kSteps];
    int32_t stepCount_ = 0;  // so far
    bool isMore_ = true;
    int32_t index_ = -1;               // of the step that is weighed
    bool isWeighing_ = false;          // not accumulating
    const FlashStep* step_ = nullptr;  // that the half belongs to
    int32_t half_ = 0;
    bool hasOutput_[kMaxHalves] = {};  // of the unit whose outputs are accumulated
    FlashSlice rows_{};                // of the half
    int32_t row_ = 0;                  // the first one that no item has had
    FlashItem front_;
};

}  // namespace attn
