// SPDX-License-Identifier: Apache-2.0
// Hand-over between the cube and the two vector cores of a block: rings of slots in workspace, and
// the flags that say what a slot holds.
//
// A slot is free again when the output of its step has been taken: scores are computed `lookahead`
// steps ahead and there is one slot more, so that whoever fills a slot has waited for what came of
// it the last time.
#pragma once

#include "flash_arguments.h"
#include "flash_buffers.h"
#include "kernel_entry.h"

namespace attn {

// Flags between the cores of a block, one for each half that has columns in a step.
enum FlashFlag : uint16_t { kScoresReady, kProbabilitiesReady, kOutputReady };

constexpr uint8_t kFlagWithinBlock = 2;  // mode of the flags

// Scores are float, or half with ScoreFormat::kHalf. Rows of scores and probabilities are kvTile
// apart, rows of outputs valueDim.
template <class Element>
class FlashWorkspace {
 public:
    __aicore__ inline void Open(const FlashTiling& tiling, GM_ADDR workspace, int32_t block) {
        tiling_ = &tiling;
        rings_ = FlashRingsPlan(tiling);
        own_ = AscendC::GetUserWorkspace(workspace) + block * rings_.blockBytes;
    }

    template <class Score>
    __aicore__ inline AscendC::GlobalTensor<Score> Scores(const FlashStep& step,
                                                          int32_t row) const {
        return At<Score>(step, 0, rings_.scoreSlot, int64_t{row} * tiling_->kvTile);
    }
    __aicore__ inline AscendC::GlobalTensor<Element> Probabilities(const FlashStep& step,
                                                                   int32_t row) const {
        return At<Element>(step, rings_.probabilities, rings_.probabilitySlot,
                           int64_t{row} * tiling_->kvTile);
    }
    __aicore__ inline AscendC::GlobalTensor<float> Outputs(const FlashStep& step,
                                                           int32_t row) const {
        return At<float>(step, rings_.outputs, rings_.outputSlot, int64_t{row} * tiling_->valueDim);
    }

 private:
    template <class Type>
    __aicore__ inline AscendC::GlobalTensor<Type> At(const FlashStep& step, int64_t ring,
                                                     int64_t slotBytes, int64_t offset) const {
        AscendC::GlobalTensor<Type> tensor;
        tensor.SetGlobalBuffer(reinterpret_cast<__gm__ Type*>(
            own_ + ring + step.Slot(*tiling_) * slotBytes + offset * int64_t{sizeof(Type)}));
        return tensor;
    }

    const FlashTiling* tiling_;
    FlashRings rings_;
    GM_ADDR own_;
};

}  // namespace attn
