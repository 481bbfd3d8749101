// SPDX-License-Identifier: Apache-2.0
// Intrinsics that compute lane by lane, fill and copy.
#include "elements.h"

using npu_cann::BitsOf;
using npu_cann::kTypeOf;
using npu_cann::Ub;

#define NPU_BINARY(name, op, T)                                                         \
    void name(T* target, T* source0, T* source1, NPU_BINARY_STRIDES) {                  \
        const NpuBinaryRepeat repeat NPU_BINARY_REPEAT;                                 \
        NpuVectorBinary(op, kTypeOf<T>, Ub(target), Ub(source0), Ub(source1), &repeat); \
    }
NPU_NUMBERS(NPU_BINARY, vadd, kNpuVadd)
NPU_NUMBERS(NPU_BINARY, vsub, kNpuVsub)
NPU_NUMBERS(NPU_BINARY, vmul, kNpuVmul)
NPU_NUMBERS(NPU_BINARY, vmax, kNpuVmax)
NPU_NUMBERS(NPU_BINARY, vmin, kNpuVmin)
NPU_FLOATS(NPU_BINARY, vdiv, kNpuVdiv)
NPU_FLOATS(NPU_BINARY, vmla, kNpuVmla)
NPU_FLOATS(NPU_BINARY, vmadd, kNpuVmadd)
NPU_FLOATS(NPU_BINARY, vmaddrelu, kNpuVmaddrelu)
NPU_FLOATS(NPU_BINARY, vaddrelu, kNpuVaddrelu)
NPU_FLOATS(NPU_BINARY, vsubrelu, kNpuVsubrelu)
NPU_BINARY(vaddrelu, kNpuVaddrelu, int16_t)
NPU_BINARY(vsubrelu, kNpuVsubrelu, int16_t)
NPU_BITS16(NPU_BINARY, vand, kNpuVand)
NPU_BITS16(NPU_BINARY, vor, kNpuVor)

#define NPU_BINARY_MIXED(name, op, Target, Source, ...)                                           \
    void name(Target* target, Source* source0, Source* source1, NPU_BINARY_STRIDES __VA_ARGS__) { \
        const NpuBinaryRepeat repeat NPU_BINARY_REPEAT;                                           \
        NpuVectorBinaryMixed(op, kTypeOf<Source>, kTypeOf<Target>, Ub(target), Ub(source0),       \
                             Ub(source1), &repeat);                                               \
    }
#define NPU_COMMA_BOOL , bool
NPU_BINARY_MIXED(vmla, kNpuVmla, float, half)
NPU_BINARY_MIXED(vmulconv_f162s8, kNpuVmul, int8_t, half)
NPU_BINARY_MIXED(vmulconv_f162u8, kNpuVmul, uint8_t, half)
NPU_BINARY_MIXED(vaddreluconv_f162s8, kNpuVaddrelu, int8_t, half, NPU_COMMA_BOOL)
NPU_BINARY_MIXED(vaddreluconv_s162s8, kNpuVaddrelu, int8_t, int16_t, NPU_COMMA_BOOL)
NPU_BINARY_MIXED(vaddreluconv_f322f16, kNpuVaddrelu, half, float, NPU_COMMA_BOOL)
NPU_BINARY_MIXED(vsubreluconv_f162s8, kNpuVsubrelu, int8_t, half, NPU_COMMA_BOOL)
NPU_BINARY_MIXED(vsubreluconv_s162s8, kNpuVsubrelu, int8_t, int16_t, NPU_COMMA_BOOL)
NPU_BINARY_MIXED(vsubreluconv_f322f16, kNpuVsubrelu, half, float, NPU_COMMA_BOOL)

#define NPU_UNARY(name, op, T)                                           \
    void name(T* target, T* source, NPU_UNARY_STRIDES(uint8_t)) {        \
        const NpuUnaryRepeat repeat NPU_UNARY_REPEAT;                    \
        NpuVectorUnary(op, kTypeOf<T>, Ub(target), Ub(source), &repeat); \
    }
NPU_FLOATS(NPU_UNARY, vabs, kNpuVabs)
NPU_FLOATS(NPU_UNARY, vexp, kNpuVexp)
NPU_FLOATS(NPU_UNARY, vln, kNpuVln)
NPU_FLOATS(NPU_UNARY, vsqrt, kNpuVsqrt)
NPU_FLOATS(NPU_UNARY, vrsqrt, kNpuVrsqrt)
NPU_FLOATS(NPU_UNARY, vrec, kNpuVrec)
NPU_FLOATS(NPU_UNARY, vrelu, kNpuVrelu)
NPU_UNARY(vrelu, kNpuVrelu, int32_t)
NPU_BITS16(NPU_UNARY, vnot, kNpuVnot)

// `Scalar` is what the intrinsic takes, a value or a number of bits.
#define NPU_SCALAR(name, op, Step, Target, Source, Scalar, extra)                             \
    void name(Target* target, Source* source, Scalar scalar, NPU_UNARY_STRIDES(Step) extra) { \
        const NpuUnaryRepeat repeat NPU_UNARY_REPEAT;                                         \
        NpuVectorScalar(op, kTypeOf<Source>, kTypeOf<Target>, Ub(target), Ub(source),         \
                        BitsOf(scalar), &repeat);                                             \
    }
#define NPU_WIDE(name, op, T) NPU_SCALAR(name, op, uint16_t, T, T, T, )
#define NPU_COMMA_BOOLS , bool, bool
#define NPU_NARROW(name, op, T) NPU_SCALAR(name, op, uint8_t, T, T, T, NPU_COMMA_BOOLS)
NPU_NUMBERS(NPU_WIDE, vadds, kNpuVadds)
NPU_NUMBERS(NPU_WIDE, vmuls, kNpuVmuls)
NPU_FLOATS(NPU_WIDE, vlrelu, kNpuVlrelu)
NPU_NUMBERS(NPU_NARROW, vmaxs, kNpuVmaxs)
NPU_NUMBERS(NPU_NARROW, vmins, kNpuVmins)
NPU_SCALAR(vaxpy, kNpuVaxpy, uint8_t, half, half, half, )
NPU_SCALAR(vaxpy, kNpuVaxpy, uint8_t, float, float, float, )
NPU_SCALAR(vaxpy, kNpuVaxpy, uint8_t, float, half, half, )

#define NPU_SHIFT_LEFT(name, op, T) NPU_SCALAR(name, op, uint16_t, T, T, uint32_t, )
NPU_BITS16(NPU_SHIFT_LEFT, vshl, kNpuVshl)
NPU_BITS32(NPU_SHIFT_LEFT, vshl, kNpuVshl)
#define NPU_COMMA_ROUND , bool round
#define NPU_SHIFT_RIGHT(T, Scalar) \
    NPU_SCALAR(vshr, round ? kNpuVshrRound : kNpuVshr, uint16_t, T, T, Scalar, NPU_COMMA_ROUND)
NPU_SHIFT_RIGHT(int16_t, int32_t)
NPU_SHIFT_RIGHT(int32_t, int32_t)
NPU_SHIFT_RIGHT(uint16_t, uint32_t)
NPU_SHIFT_RIGHT(uint32_t, uint32_t)

// Takes source strides that nothing reads.
#define NPU_FILL(T)                                                                      \
    void vector_dup(T* target, T value, uint8_t repeats, uint16_t targetBlock, uint16_t, \
                    uint8_t targetStep, uint8_t) {                                       \
        const NpuVectorStride stride{targetBlock, targetStep};                           \
        NpuVectorFill(kTypeOf<T>, Ub(target), BitsOf(value), repeats, &stride);          \
    }
NPU_FILL(half)
NPU_FILL(float)
NPU_FILL(bfloat16_t)
NPU_FILL(int16_t)
NPU_FILL(uint16_t)
NPU_FILL(int32_t)
NPU_FILL(uint32_t)

#define NPU_COPY(T)                                                 \
    void vcopy(T* target, T* source, NPU_UNARY_STRIDES(uint16_t)) { \
        const NpuUnaryRepeat repeat NPU_UNARY_REPEAT;               \
        NpuVectorCopy(kTypeOf<T>, Ub(target), Ub(source), &repeat); \
    }
NPU_COPY(uint16_t)
NPU_COPY(uint32_t)
