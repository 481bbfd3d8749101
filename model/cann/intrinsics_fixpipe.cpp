// SPDX-License-Identifier: Apache-2.0
// Intrinsics that take results out of L0C, and the registers that they read.
#include "elements.h"

using npu_cann::Gm;
using npu_cann::kTypeOf;
using npu_cann::LocalAddress;

#define NPU_FIXPIPE_PARAMETERS                                                              \
    uint8_t, uint16_t columns, uint16_t rows, uint32_t targetStride, uint16_t sourceStride, \
        uint8_t unitFlag, QuantMode_t quant, uint8_t relu, bool channelSplit, bool toRows
#define NPU_FIXPIPE(T, U)                                                            \
    const NpuFixpipe fixpipe {                                                       \
        kTypeOf<U>, kTypeOf<T>, columns, rows, targetStride, sourceStride, unitFlag, \
            static_cast<uint8_t>(quant), relu, channelSplit, toRows                  \
    }
#define NPU_L0C_TO_GM(T, U)                                                   \
    void copy_matrix_cc_to_gm(T* target, U* source, NPU_FIXPIPE_PARAMETERS) { \
        NPU_FIXPIPE(T, U);                                                    \
        NpuCopyL0cToGm(Gm(target), LocalAddress(kNpuL0c, source), &fixpipe);  \
    }
#define NPU_L0C_TO_L1(T, U)                                                                    \
    void copy_matrix_cc_to_cbuf(T* target, U* source, NPU_FIXPIPE_PARAMETERS) {                \
        NPU_FIXPIPE(T, U);                                                                     \
        NpuCopyL0cToL1(LocalAddress(kNpuL1, target), LocalAddress(kNpuL0c, source), &fixpipe); \
    }

NPU_L0C_TO_GM(float, float)
NPU_L0C_TO_GM(half, float)
NPU_L0C_TO_GM(bfloat16_t, float)
NPU_L0C_TO_GM(int8_t, float)
NPU_L0C_TO_GM(uint8_t, float)
NPU_L0C_TO_GM(int32_t, int32_t)
NPU_L0C_TO_GM(half, int32_t)
NPU_L0C_TO_GM(int16_t, int32_t)
NPU_L0C_TO_GM(int8_t, int32_t)
NPU_L0C_TO_GM(uint8_t, int32_t)

NPU_L0C_TO_L1(half, float)
NPU_L0C_TO_L1(bfloat16_t, float)
NPU_L0C_TO_L1(int8_t, float)
NPU_L0C_TO_L1(half, int32_t)
NPU_L0C_TO_L1(int16_t, int32_t)
NPU_L0C_TO_L1(int8_t, int32_t)
NPU_L0C_TO_L1(uint8_t, int32_t)

void set_nd_para(uint64_t config) {
    g_fixpipeNdNzParam = config;
    NpuSetNdPara(config);
}
void set_quant_pre(uint64_t config) { NpuSetQuantPre(config); }

// The headers shift a pointer into the Fixpipe buffer as if it were an address there.
void set_fpc(uint64_t config) {
    constexpr uint64_t kUnitFlag = uint64_t{1} << 63;
    constexpr uint64_t kUnit = 128;
    const auto pointer = reinterpret_cast<const void*>((config & ~kUnitFlag) >> 8 << 7);
    const uint64_t address = LocalAddress(kNpuFixbuf, pointer);
    NpuSetFixpipeConfig((config & kUnitFlag) | (address / kUnit & 0xFF) << 8);
}
