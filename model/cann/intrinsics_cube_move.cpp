// SPDX-License-Identifier: Apache-2.0
// Intrinsics that fill and empty L1.
#include "core_state.h"

using npu_cann::control;
using npu_cann::Gm;
using npu_cann::LocalAddress;

namespace {

uint32_t L1Address(const void* pointer) { return LocalAddress(kNpuL1, pointer); }

}  // namespace

void copy_gm_to_cbuf(void* target, void* source, uint8_t, uint16_t count, uint16_t length,
                     uint16_t sourceGap, uint16_t targetGap, pad_t padMode) {
    if (padMode != PAD_NONE) {
        NpuFrontEndFault(kNpuRuleArgument, "copy_gm_to_cbuf", "padMode must be PAD_NONE");
    }
    const NpuBurst burst{count, length, sourceGap, targetGap};
    NpuCopyGmToL1(L1Address(target), Gm(source), &burst);
}
void copy_cbuf_to_gm(void* target, void* source, uint8_t, uint16_t count, uint16_t length,
                     uint16_t sourceGap, uint16_t targetGap) {
    const NpuBurst burst{count, length, sourceGap, targetGap};
    NpuCopyL1ToGm(Gm(target), L1Address(source), &burst, control.atomicType);
}
// The headers give the bias table as a pointer in an integer.
void copy_cbuf_to_bt(uint64_t target, void* source, uint16_t convert, uint16_t count,
                     uint16_t length, uint16_t sourceGap, uint16_t targetGap) {
    const NpuBurst burst{count, length, sourceGap, targetGap};
    const uint32_t bias = LocalAddress(kNpuBias, reinterpret_cast<const void*>(target));
    NpuCopyL1ToBias(bias, L1Address(source), &burst, convert != 0);
}
void copy_cbuf_to_fbuf(void* target, void* source, uint16_t count, uint16_t length,
                       uint16_t sourceGap, uint16_t targetGap) {
    const NpuBurst burst{count, length, sourceGap, targetGap};
    NpuCopyL1ToFixbuf(LocalAddress(kNpuFixbuf, target), L1Address(source), &burst);
}

#define NPU_ND2NZ(form, T)                                                                    \
    void copy_gm_to_cbuf_multi_nd2nz_##form(                                                  \
        T* target, T* source, uint8_t, uint16_t matrices, uint16_t rows, uint16_t columns,    \
        uint16_t sourceMatrix, uint16_t sourceRow, uint16_t targetColumn, uint16_t targetRow, \
        uint16_t targetMatrix) {                                                              \
        const NpuNd2Nz shape{matrices,     rows,      columns,      sourceMatrix, sourceRow,  \
                             targetColumn, targetRow, targetMatrix, sizeof(T)};               \
        NpuCopyGmToL1Nd2Nz(L1Address(target), Gm(source), &shape);                            \
    }
NPU_ND2NZ(b8, int8_t)
NPU_ND2NZ(b8, uint8_t)
NPU_ND2NZ(b16, half)
NPU_ND2NZ(b16, bfloat16_t)
NPU_ND2NZ(b16, int16_t)
NPU_ND2NZ(b16, uint16_t)
NPU_ND2NZ(b32s, float)
NPU_ND2NZ(b32s, int32_t)
NPU_ND2NZ(b32s, uint32_t)
