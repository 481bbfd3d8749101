// SPDX-License-Identifier: Apache-2.0
// Tensors at chosen places, for probes that need no TPipe.
#pragma once

#include "kernel_operator.h"

namespace probe {

// A tensor of `bytes` bytes at a byte address of the memory that the position names.
template <class T>
inline __aicore__ AscendC::LocalTensor<T> Local(AscendC::TPosition position, uint32_t address,
                                                uint32_t bytes) {
    AscendC::TBuffAddr place{};
    place.dataLen = bytes;
    place.bufferAddr = address;
    place.logicPos = static_cast<uint8_t>(position);
#ifdef ASCENDC_CPU_DEBUG
    // CANN's headers, built for a CPU, look at this pointer only.
    const auto& definer = AscendC::ConstDefiner::Instance();
    place.absAddr = definer.hardwareCpuBufferMap.at(definer.positionHardMap.at(position)) + address;
#endif
    AscendC::LocalTensor<T> tensor;
    tensor.SetAddr(place);
    return tensor;
}

template <class T>
inline __aicore__ AscendC::LocalTensor<T> Ub(uint32_t address, uint32_t bytes) {
    return Local<T>(AscendC::TPosition::VECCALC, address, bytes);
}

// In UB; GetPhyAddr of CANN's headers, built for a CPU, is a host address.
template <class T>
inline __aicore__ int64_t AddressOf(const AscendC::LocalTensor<T>& tensor) {
    return (int64_t)tensor.GetPhyAddr() - (int64_t)Ub<T>(0, 32).GetPhyAddr();
}

template <class T>
inline __aicore__ AscendC::GlobalTensor<T> Gm(GM_ADDR address) {
    AscendC::GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address));
    return tensor;
}

}  // namespace probe
