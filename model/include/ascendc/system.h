// SPDX-License-Identifier: Apache-2.0
// Block indices, workspace, atomics, cache maintenance and other system functions.
#pragma once

#include "ascendc/tensor.h"

namespace AscendC {

// AIV: 0 .. blocks * 2 - 1 in MIX 1:2 kernels, else 0 .. blocks - 1. AIC: the block.
inline int64_t GetBlockIdx() {
    return ASCEND_IS_AIV ? NpuBlockIdx() * NpuSubBlockCount() + NpuSubBlockIdx() : NpuBlockIdx();
}
inline int64_t GetBlockNum() { return NpuBlockCount(); }
inline int64_t GetSubBlockIdx() { return NpuSubBlockIdx(); }
inline int64_t GetSubBlockNum() { return NpuSubBlockCount(); }
// AIV for each AIC.
inline int64_t GetTaskRation() { return ASCEND_IS_AIV ? NpuSubBlockCount() : 1; }
inline int64_t GetSystemCycle() { return static_cast<int64_t>(NpuSystemCycle()); }
inline int64_t GetProgramCounter() {
    return reinterpret_cast<int64_t>(__builtin_return_address(0));
}
inline constexpr uint32_t GetUBSizeInBytes() { return 192 * 1024; }

// Bytes at the start of every workspace that belong to the library, as with CANN 8.1 on 910B.
constexpr uint64_t kLibraryWorkspaceBytes = 16 * 1024 * 1024;
inline GM_ADDR GetUserWorkspace(GM_ADDR workspace) { return workspace + kLibraryWorkspaceBytes; }

// Stores from UB to GM add to, or take the maximum or minimum with, what is there.
template <typename T>
inline void SetAtomicAdd() {
    static_assert(SupportType<T, float, half, int16_t, int32_t, int8_t, bfloat16_t>(),
                  "SetAtomicAdd: T must be float, half, bfloat16_t, int8_t, int16_t or int32_t");
    NpuSetAtomic(kNpuAtomicAdd, TypeOf<T>());
}
template <typename T>
inline void SetAtomicMax() {
    static_assert(SupportType<T, float, half, int16_t, int32_t, int8_t, bfloat16_t>(),
                  "SetAtomicMax: T must be float, half, bfloat16_t, int8_t, int16_t or int32_t");
    NpuSetAtomic(kNpuAtomicMax, TypeOf<T>());
}
template <typename T>
inline void SetAtomicMin() {
    static_assert(SupportType<T, float, half, int16_t, int32_t, int8_t, bfloat16_t>(),
                  "SetAtomicMin: T must be float, half, bfloat16_t, int8_t, int16_t or int32_t");
    NpuSetAtomic(kNpuAtomicMin, TypeOf<T>());
}
inline void SetAtomicNone() { NpuSetAtomic(kNpuAtomicNone, kNpuF32); }

template <typename T, CacheLine entireType, DcciDst dcciDst = DcciDst::CACHELINE_OUT>
inline void DataCacheCleanAndInvalid(const GlobalTensor<T>& target) {
    NpuDataCacheCleanInvalid(reinterpret_cast<uint64_t>(target.GetPhyAddr()),
                             entireType == CacheLine::ENTIRE_DATA_CACHE);
}

}  // namespace AscendC
