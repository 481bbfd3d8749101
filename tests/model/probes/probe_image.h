// SPDX-License-Identifier: Apache-2.0
// UB as one image: a probe loads it from GM, runs one function on tensors at chosen addresses, and
// stores it again, so that a test sees every byte that changed.
#pragma once

#include "probe_tensors.h"

namespace probe {

inline __aicore__ void LoadImage(GM_ADDR image, uint32_t bytes) {
    AscendC::DataCopy(Ub<int8_t>(0, bytes), Gm<int8_t>(image), bytes);
    AscendC::PipeBarrier<PIPE_ALL>();
}

inline __aicore__ void StoreImage(GM_ADDR image, uint32_t bytes) {
    AscendC::PipeBarrier<PIPE_ALL>();
    AscendC::DataCopy(Gm<int8_t>(image), Ub<int8_t>(0, bytes), bytes);
}

// A tensor of an operand: `position` other than 0 puts it elsewhere than UB.
template <class T>
inline __aicore__ AscendC::LocalTensor<T> At(uint32_t address, uint32_t bytes, int32_t position) {
    return Local<T>(position == 0 ? AscendC::TPosition::VECCALC : AscendC::TPosition::A1, address,
                    bytes);
}

}  // namespace probe
