// SPDX-License-Identifier: Apache-2.0
// Intrinsics that move data between GM and UB, and within UB.
#include "core_state.h"

using npu_cann::control;
using npu_cann::Gm;
using npu_cann::Ub;

namespace {

void CopyIn(void* target, void* source, const NpuAlignedBurst& burst) {
    NpuCopyGmToUbAligned(Ub(target), Gm(source), &burst);
}

void CopyOut(void* target, void* source, const NpuAlignedBurst& burst) {
    NpuCopyUbToGmAligned(Gm(target), Ub(source), &burst, control.atomicType);
}

void LoadFlags(void* target, void* source, uint16_t blocks) {
    if (control.hasPolled) {
        const npu_cann::KeepCore keep;
        NpuPollYield();
    }
    control.hasPolled = true;
    NpuLoadGmFlags(Ub(target), Gm(source), blocks);
}

}  // namespace

void copy_gm_to_ubuf(void* target, void* source, uint8_t, uint16_t count, uint16_t length,
                     uint16_t sourceGap, uint16_t targetGap) {
    if (control.movesFlags) {
        return LoadFlags(target, source, length);
    }
    const NpuBurst burst{count, length, sourceGap, targetGap};
    NpuCopyGmToUb(Ub(target), Gm(source), &burst);
}
void copy_ubuf_to_gm(void* target, void* source, uint8_t, uint16_t count, uint16_t length,
                     uint16_t sourceGap, uint16_t targetGap) {
    if (control.movesFlags) {
        return NpuStoreGmFlags(Gm(target), Ub(source), length);
    }
    const NpuBurst burst{count, length, sourceGap, targetGap};
    NpuCopyUbToGm(Gm(target), Ub(source), &burst, control.atomicType);
}
void copy_ubuf_to_ubuf(void* target, void* source, uint8_t, uint16_t count, uint16_t length,
                       uint16_t sourceGap, uint16_t targetGap) {
    const NpuBurst burst{count, length, sourceGap, targetGap};
    NpuCopyUbToUb(Ub(target), Ub(source), &burst);
}

#define NPU_ALIGNED_COPIES(bits, bytes)                                                     \
    void copy_gm_to_ubuf_align_b##bits(void* target, void* source, uint8_t, uint16_t count, \
                                       uint32_t length, uint8_t left, uint8_t right,        \
                                       uint32_t sourceGap, uint32_t targetGap) {            \
        CopyIn(target, source, {count, length, left, right, sourceGap, targetGap, bytes});  \
    }                                                                                       \
    void copy_ubuf_to_gm_align_b##bits(void* target, void* source, uint8_t, uint16_t count, \
                                       uint32_t length, uint8_t left, uint8_t right,        \
                                       uint32_t sourceGap, uint32_t targetGap) {            \
        CopyOut(target, source, {count, length, left, right, sourceGap, targetGap, bytes}); \
    }
NPU_ALIGNED_COPIES(8, 1)
NPU_ALIGNED_COPIES(16, 2)
NPU_ALIGNED_COPIES(32, 4)
