// SPDX-License-Identifier: Apache-2.0
// Tensors at chosen places, for probes that need no TPipe.
#pragma once

#include "kernel_operator.h"

namespace probe {

template <class T>
inline __aicore__ AscendC::LocalTensor<T> Ub(uint32_t address, uint32_t bytes) {
    AscendC::TBuffAddr place{};
    place.dataLen = bytes;
    place.bufferAddr = address;
    place.logicPos = static_cast<uint8_t>(AscendC::TPosition::VECCALC);
    AscendC::LocalTensor<T> tensor;
    tensor.SetAddr(place);
    return tensor;
}

template <class T>
inline __aicore__ AscendC::GlobalTensor<T> Gm(GM_ADDR address) {
    AscendC::GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address));
    return tensor;
}

}  // namespace probe
