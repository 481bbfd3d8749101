// SPDX-License-Identifier: Apache-2.0
// Vector instructions that work lane by lane: arithmetic, conversion, comparison, selection, fill.
//
// Operands are UB addresses, aligned to 32 bytes. With operands of different width the widest one
// decides how many lanes a repeat has; a narrower one then uses fewer than 8 blocks.
#pragma once

#include "isa/isa.h"
#include "isa/vector_repeat.h"

enum NpuUnaryOp : uint8_t {
    kNpuVabs,
    kNpuVexp,
    kNpuVln,
    kNpuVsqrt,
    kNpuVrsqrt,
    kNpuVrec,
    kNpuVrelu,
    kNpuVnot,
    kNpuUnaryOpCount,
};
NPU_API void NpuVectorUnary(NpuUnaryOp op, NpuType type, uint32_t target, uint32_t source,
                            const NpuUnaryRepeat* repeat);

enum NpuBinaryOp : uint8_t {
    kNpuVadd,
    kNpuVsub,
    kNpuVmul,
    kNpuVdiv,
    kNpuVmax,
    kNpuVmin,
    kNpuVand,
    kNpuVor,
    kNpuVaddrelu,
    kNpuVsubrelu,
    kNpuVmla,   // target += source0 * source1
    kNpuVmadd,  // target = target * source0 + source1
    kNpuVmaddrelu,
    kNpuBinaryOpCount,
};
NPU_API void NpuVectorBinary(NpuBinaryOp op, NpuType type, uint32_t target, uint32_t source0,
                             uint32_t source1, const NpuBinaryRepeat* repeat);
// Forms whose target has another type: vmla into float, vaddreluconv, vsubreluconv, vmulconv.
NPU_API void NpuVectorBinaryMixed(NpuBinaryOp op, NpuType sourceType, NpuType targetType,
                                  uint32_t target, uint32_t source0, uint32_t source1,
                                  const NpuBinaryRepeat* repeat);

enum NpuScalarOp : uint8_t {
    kNpuVadds,
    kNpuVmuls,
    kNpuVmaxs,
    kNpuVmins,
    kNpuVlrelu,
    kNpuVaxpy,  // target += source * scalar
    kNpuVshl,   // the scalar is a number of bits
    kNpuVshr,
    kNpuVshrRound,  // vshr that adds the last bit shifted out
    kNpuScalarOpCount,
};
// `scalar` holds the bits of a value of the source type, or a shift count.
NPU_API void NpuVectorScalar(NpuScalarOp op, NpuType sourceType, NpuType targetType,
                             uint32_t target, uint32_t source, uint32_t scalar,
                             const NpuUnaryRepeat* repeat);

// In the order of RoundMode of the API.
enum NpuRounding : uint8_t {
    kNpuRoundNone,  // exact, or to nearest even where the pair has no exact result
    kNpuRoundRint,  // to nearest, ties to even
    kNpuRoundFloor,
    kNpuRoundCeil,
    kNpuRoundAway,  // to nearest, ties away from zero
    kNpuRoundTrunc,
    kNpuRoundOdd,  // anything cut off sets the last digit
    kNpuRoundingCount,
};
// vconv_<source>2<target><rounding>
NPU_API void NpuVectorConvert(NpuType sourceType, NpuType targetType, NpuRounding rounding,
                              uint32_t target, uint32_t source, const NpuUnaryRepeat* repeat);
// set_deqscale: parameters of the two instructions below.
NPU_API void NpuSetDeqScale(uint64_t value);
// vconv_deq: s32 to f16, multiplied by the f16 in the low bits of the register.
NPU_API void NpuVectorDequantToHalf(uint32_t target, uint32_t source, const NpuUnaryRepeat* repeat);
// vconv_deqs162b8 and, with one parameter word a lane of a block at the UB address in the register,
// vconv_vdeqs162b8: s16 to the low or high 16 bytes of each target block.
NPU_API void NpuVectorDequantToByte(bool perLane, bool highHalf, uint32_t target, uint32_t source,
                                    const NpuUnaryRepeat* repeat);

enum NpuRelation : uint8_t {
    kNpuLess,
    kNpuGreater,
    kNpuEqual,
    kNpuLessEqual,
    kNpuGreaterEqual,
    kNpuNotEqual,
    kNpuRelationCount,
};
// vcmpv and vcmpvs: one bit a lane, the bits of the repeats one behind the other. No mask.
NPU_API void NpuVectorCompare(NpuRelation relation, NpuType type, uint32_t target, uint32_t source0,
                              uint32_t source1, const NpuBinaryRepeat* repeat);
NPU_API void NpuVectorCompareScalar(NpuRelation relation, NpuType type, uint32_t target,
                                    uint32_t source, uint32_t scalar, const NpuUnaryRepeat* repeat);
// vcmp: one repeat into the CMPMASK register; a masked lane keeps its bit.
NPU_API void NpuVectorCompareToMask(NpuRelation relation, NpuType type, uint32_t source0,
                                    uint32_t source1, const NpuBinaryRepeat* repeat);
// Load and store CMPMASK, 16 bytes.
NPU_API void NpuSetCompareMask(uint32_t source);
NPU_API void NpuGetCompareMask(uint32_t target);

enum NpuSelectMode : uint8_t {
    kNpuSelectByRegister,  // bits in CMPMASK, the same for every repeat
    kNpuSelectScalar,      // bits at source1, and CMPMASK is filled with the other value
    kNpuSelectTensor,      // bits at the UB address in CMPMASK
};
// vsel: a set bit takes source0.
NPU_API void NpuVectorSelect(NpuSelectMode mode, NpuType type, uint32_t target, uint32_t source0,
                             uint32_t source1, const NpuBinaryRepeat* repeat);

// vector_dup: the scalar in every lane.
NPU_API void NpuVectorFill(NpuType type, uint32_t target, uint32_t scalar, uint16_t repeats,
                           const NpuVectorStride* stride);
// vcopy. In counter mode the mask counts the elements of each repeat, and repeats still counts.
NPU_API void NpuVectorCopy(NpuType type, uint32_t target, uint32_t source,
                           const NpuUnaryRepeat* repeat);
