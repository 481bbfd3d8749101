// SPDX-License-Identifier: Apache-2.0
// Intrinsics that take results out of L0C, and the registers that they read.
#include "elements.h"

using npu_cann::Gm;
using npu_cann::kFixbufAlignment;
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

// The headers shift pointers into the Fixpipe buffer as if they were addresses there: those of the
// parameters to bit 8, in units of 128 bytes, and with two tensors the other one to bit 0, in units
// of 64. The high bits of the two lie over each other, above all addresses.
void set_fpc(uint64_t config) {
    constexpr uint64_t kUnitFlag = uint64_t{1} << 63;
    constexpr uint64_t kAddresses = kFixbufAlignment >> 6;
    static_assert(kAddresses == 1 << 15);
    const uint64_t host = npu_cann::FixbufHost();
    const uint64_t base = (config & ~kUnitFlag) / kAddresses * kAddresses;
    const bool inside = base == host << 1 || base == (host << 1 | host >> 6);
    NpuSetFixpipeConfig((config & kUnitFlag) | (inside ? config & 0x7F00 : 0));
}
