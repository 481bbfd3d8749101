// SPDX-License-Identifier: Apache-2.0
// Partial results of attention, in global memory: of each query token, head and partition of the
// keys the sum of exp(score - maximum), the maximum and the normalised output.
#pragma once

#include "kernel_entry.h"

namespace attn {

// [rows, tokens, heads, partitions], outputs with their elements behind that. Outputs are floats,
// or rounded to Element: one of these two is there.
template <class Element>
struct PartialResults {
    AscendC::GlobalTensor<float> sums;
    AscendC::GlobalTensor<float> maxima;
    AscendC::GlobalTensor<float> outputs;
    AscendC::GlobalTensor<Element> roundedOutputs;

    __aicore__ inline void Open(GM_ADDR sumsAt, GM_ADDR maximaAt, GM_ADDR outputsAt) {
        SetStates(sumsAt, maximaAt);
        outputs.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(outputsAt));
    }

    __aicore__ inline void OpenRounded(GM_ADDR sumsAt, GM_ADDR maximaAt, GM_ADDR outputsAt) {
        SetStates(sumsAt, maximaAt);
        roundedOutputs.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(outputsAt));
    }

 private:
    __aicore__ inline void SetStates(GM_ADDR sumsAt, GM_ADDR maximaAt) {
        sums.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(sumsAt));
        maxima.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(maximaAt));
    }
};

}  // namespace attn
