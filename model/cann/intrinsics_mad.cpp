// SPDX-License-Identifier: Apache-2.0
// Intrinsics of the matrix product, and the control register that it reads.
#include "elements.h"

using npu_cann::control;
using npu_cann::kTypeOf;
using npu_cann::LocalAddress;

namespace {

struct MadFields {
    uint16_t m;
    uint16_t k;
    uint16_t n;
    uint8_t unitFlag;
    bool kDirectionAlign;
    bool cmatrixSource;
    bool cmatrixInitVal;
};

// `bias`: byte address in the bias table, or in L0C when the source is that.
template <class T, class U>
void Mad(T* c, U* a, U* b, const MadFields& fields, uint32_t bias) {
    const NpuMadInitial source = fields.cmatrixSource ? kNpuMadBias : kNpuMadC;
    const NpuMadParams params{fields.m,
                              fields.k,
                              fields.n,
                              fields.unitFlag,
                              fields.kDirectionAlign,
                              fields.cmatrixInitVal ? kNpuMadZero : source,
                              bias};
    NpuMad(kTypeOf<U>, LocalAddress(kNpuL0c, c), LocalAddress(kNpuL0a, a), LocalAddress(kNpuL0b, b),
           &params);
}

// Bits of CTRL.
constexpr int kHf32 = 46;
constexpr int kHf32TiesToZero = 47;
constexpr int kMadRowMajor = 51;

bool Bit(uint64_t value, int bit) { return (value >> bit & 1) != 0; }

}  // namespace

#define NPU_MAD_FIELDS                                                                     \
    uint16_t m, uint16_t k, uint16_t n, uint8_t unitFlag, bool kAlign, bool cmatrixSource, \
        bool cmatrixInitVal
// Without an operand for it, the bias starts at address 0 of the table.
#define NPU_MADS(T, U)                                                           \
    void mad(T* c, U* a, U* b, NPU_MAD_FIELDS) {                                 \
        Mad(c, a, b, {m, k, n, unitFlag, kAlign, cmatrixSource, cmatrixInitVal}, \
            cmatrixSource ? 0 : LocalAddress(kNpuL0c, c));                       \
    }                                                                            \
    void mad(T* c, U* a, U* b, uint64_t bias, NPU_MAD_FIELDS) {                  \
        Mad(c, a, b, {m, k, n, unitFlag, kAlign, cmatrixSource, cmatrixInitVal}, \
            LocalAddress(cmatrixSource ? kNpuBias : kNpuL0c,                     \
                         reinterpret_cast<const void*>(bias)));                  \
    }
NPU_MADS(float, half)
NPU_MADS(float, bfloat16_t)
NPU_MADS(float, float)
NPU_MADS(int32_t, int8_t)

int64_t get_ctrl() { return static_cast<int64_t>(control.ctrl); }
void set_ctrl(uint64_t value) {
    control.ctrl = value;
    NpuSetHf32(Bit(value, kHf32));
    NpuSetHf32TiesToZero(Bit(value, kHf32TiesToZero));
    NpuSetMadRowMajor(Bit(value, kMadRowMajor));
}
