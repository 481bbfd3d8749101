// SPDX-License-Identifier: Apache-2.0
// Intrinsics that convert between element types.
#include "elements.h"

using npu_cann::kTypeOf;
using npu_cann::Ub;

// Step: the type of the repeat strides in the overload that the headers call.
#define NPU_CONVERT(pair, letter, rounding, Step, Target, Source)                            \
    void vconv_##pair##letter(Target* target, Source* source, NPU_UNARY_STRIDES(Step)) {     \
        const NpuUnaryRepeat repeat NPU_UNARY_REPEAT;                                        \
        NpuVectorConvert(kTypeOf<Source>, kTypeOf<Target>, rounding, Ub(target), Ub(source), \
                         &repeat);                                                           \
    }
#define NPU_EXACT(pair, Step, Target, Source) \
    NPU_CONVERT(pair, , kNpuRoundNone, Step, Target, Source)
#define NPU_ROUNDED(pair, Step, Target, Source)                \
    NPU_CONVERT(pair, f, kNpuRoundFloor, Step, Target, Source) \
    NPU_CONVERT(pair, c, kNpuRoundCeil, Step, Target, Source)  \
    NPU_CONVERT(pair, a, kNpuRoundAway, Step, Target, Source)
#define NPU_RINT(pair, Step, Target, Source) \
    NPU_CONVERT(pair, r, kNpuRoundRint, Step, Target, Source)
#define NPU_TRUNC(pair, Step, Target, Source) \
    NPU_CONVERT(pair, z, kNpuRoundTrunc, Step, Target, Source)
#define NPU_ALL_ROUNDED(pair, Step, Target, Source) \
    NPU_ROUNDED(pair, Step, Target, Source)         \
    NPU_RINT(pair, Step, Target, Source)            \
    NPU_TRUNC(pair, Step, Target, Source)

NPU_EXACT(f162f32, uint8_t, float, half)
NPU_EXACT(bf162f32, uint16_t, float, bfloat16_t)
NPU_EXACT(s162f16, uint16_t, half, int16_t)
NPU_EXACT(s162f32, uint16_t, float, int16_t)
NPU_EXACT(s322f32, uint8_t, float, int32_t)
NPU_EXACT(s322f32, uint16_t, float, int32_t)
NPU_EXACT(s322s16, uint16_t, int16_t, int32_t)
NPU_EXACT(s322s64, uint16_t, int64_t, int32_t)
NPU_EXACT(s642s32, uint16_t, int32_t, int64_t)
NPU_EXACT(s82f16, uint8_t, half, int8_t)
NPU_EXACT(u82f16, uint8_t, half, uint8_t)
NPU_EXACT(s42f16, uint8_t, half, void)
NPU_EXACT(f322f16, uint8_t, half, float)
NPU_EXACT(f162s8, uint8_t, int8_t, half)
NPU_EXACT(f162u8, uint8_t, uint8_t, half)
NPU_EXACT(f162s4, uint16_t, void, half)

NPU_ALL_ROUNDED(f322f16, uint16_t, half, float)
NPU_CONVERT(f322f16, o, kNpuRoundOdd, uint8_t, half, float)
NPU_ALL_ROUNDED(f322bf16, uint16_t, bfloat16_t, float)
NPU_ALL_ROUNDED(f322f32, uint16_t, float, float)
NPU_ALL_ROUNDED(f322s32, uint8_t, int32_t, float)
NPU_ALL_ROUNDED(f322s64, uint16_t, int64_t, float)
NPU_ROUNDED(f322s16, uint16_t, int16_t, float)
NPU_RINT(f322s16, uint8_t, int16_t, float)
NPU_TRUNC(f322s16, uint8_t, int16_t, float)
NPU_ALL_ROUNDED(f162s32, uint8_t, int32_t, half)
NPU_ALL_ROUNDED(f162s16, uint16_t, int16_t, half)
NPU_ROUNDED(f162s8, uint8_t, int8_t, half)
NPU_RINT(f162s8, uint16_t, int8_t, half)
NPU_TRUNC(f162s8, uint8_t, int8_t, half)
NPU_ROUNDED(f162u8, uint8_t, uint8_t, half)
NPU_RINT(f162u8, uint16_t, uint8_t, half)
NPU_TRUNC(f162u8, uint8_t, uint8_t, half)
NPU_ALL_ROUNDED(f162s4, uint16_t, void, half)
NPU_ALL_ROUNDED(s162f16, uint16_t, half, int16_t)
NPU_ALL_ROUNDED(s322f32, uint16_t, float, int32_t)
NPU_ALL_ROUNDED(s642f32, uint16_t, float, int64_t)
NPU_ALL_ROUNDED(bf162s32, uint16_t, int32_t, bfloat16_t)

void set_deqscale(half scale) { NpuSetDeqScale(scale.val); }
// Either the parameters or, for a tensor of them, its host address: the instructions want its
// number of 32-byte blocks.
void set_deqscale(uint64_t config) {
    constexpr uint32_t kBlockBytes = 32;
    const uint32_t address = Ub(reinterpret_cast<const void*>(config));
    NpuSetDeqScale(address < NpuLocalBytes(kNpuUb) ? address / kBlockBytes : config);
}

void vconv_deq(half* target, int32_t* source, NPU_UNARY_STRIDES(uint8_t)) {
    const NpuUnaryRepeat repeat NPU_UNARY_REPEAT;
    NpuVectorDequantToHalf(Ub(target), Ub(source), &repeat);
}

#define NPU_DEQUANT(name, perLane, highHalf, Target)                                \
    void name(Target* target, int16_t* source, NPU_UNARY_STRIDES(uint8_t)) {        \
        const NpuUnaryRepeat repeat NPU_UNARY_REPEAT;                               \
        NpuVectorDequantToByte(perLane, highHalf, Ub(target), Ub(source), &repeat); \
    }
#define NPU_DEQUANTS(Target)                            \
    NPU_DEQUANT(vconv_deqs162b8l, false, false, Target) \
    NPU_DEQUANT(vconv_deqs162b8h, false, true, Target)  \
    NPU_DEQUANT(vconv_vdeqs162b8l, true, false, Target) \
    NPU_DEQUANT(vconv_vdeqs162b8h, true, true, Target)
NPU_DEQUANTS(int8_t)
NPU_DEQUANTS(uint8_t)
