// SPDX-License-Identifier: Apache-2.0
// Vector arithmetic: one row a function, type and form (count, mask, mask bits).
#include "vector_rows.h"

using namespace AscendC;

namespace {

// In normal mode: lanes 0..39 and 3, then strides that leave gaps.
constexpr uint64_t kMask = 40;
constexpr int32_t kCount = 173;
constexpr uint8_t kRepeats = 3;

// clang-format off
#define BINARY(F, T)                                                                          \
    PROBE_ROW(#F "." #T ".count", F(u.Dst<T>(), u.Src0<T>(), u.Src1<T>(), kCount))            \
    PROBE_ROW(#F "." #T ".mask", F(u.Dst<T>(), u.Src0<T>(), u.Src1<T>(), kMask, kRepeats,     \
                                   BinaryRepeatParams(1, 2, 1, 9, 16, 8)))                    \
    PROBE_ROW(#F "." #T ".bits", uint64_t bits[2] = {0xF0F0F0F00FF00FF1, 0x0123456789ABCDEF}; \
              F(u.Dst<T>(), u.Src0<T>(), u.Src1<T>(), bits, kRepeats,                         \
                BinaryRepeatParams(1, 1, 0, 8, 8, 1)))
#define UNARY(F, T)                                                                           \
    PROBE_ROW(#F "." #T ".count", F(u.Dst<T>(), u.Src0<T>(), kCount))                         \
    PROBE_ROW(#F "." #T ".mask",                                                              \
              F(u.Dst<T>(), u.Src0<T>(), kMask, kRepeats, UnaryRepeatParams(1, 2, 9, 16)))    \
    PROBE_ROW(#F "." #T ".bits", uint64_t bits[2] = {0xF0F0F0F00FF00FF1, 0x0123456789ABCDEF}; \
              F(u.Dst<T>(), u.Src0<T>(), bits, kRepeats, UnaryRepeatParams(1, 0, 8, 1)))
#define SCALAR(F, Target, T, value)                                                              \
    PROBE_ROW(#F "." #Target "." #T ".count", F(u.Dst<Target>(), u.Src0<T>(), T(value), kCount)) \
    PROBE_ROW(#F "." #Target "." #T ".mask", F(u.Dst<Target>(), u.Src0<T>(), T(value), kMask,    \
                                               kRepeats, UnaryRepeatParams(1, 2, 9, 16)))        \
    PROBE_ROW(                                                                                   \
        #F "." #Target "." #T ".bits",                                                           \
        uint64_t bits[2] = {0xF0F0F0F00FF00FF1, 0x0123456789ABCDEF};                             \
        F(u.Dst<Target>(), u.Src0<T>(), T(value), bits, kRepeats, UnaryRepeatParams(1, 0, 8, 1)))
#define FILL(T, value)                                                           \
    PROBE_ROW("Duplicate." #T ".count", Duplicate(u.Dst<T>(), T(value), kCount)) \
    PROBE_ROW("Duplicate." #T ".mask", Duplicate(u.Dst<T>(), T(value), kMask, kRepeats, 2, 16))
#define COPY(T)                   \
    PROBE_ROW("Copy." #T ".mask", \
              Copy(u.Dst<T>(), u.Src0<T>(), kMask, kRepeats, CopyRepeatParams(1, 2, 9, 16)))

const probe::Row kRows[] = {
    BINARY(Add, half) BINARY(Add, float) BINARY(Add, int16_t) BINARY(Add, int32_t)
    BINARY(Sub, half) BINARY(Sub, float) BINARY(Sub, int16_t) BINARY(Sub, int32_t)
    BINARY(Mul, half) BINARY(Mul, float) BINARY(Mul, int16_t) BINARY(Mul, int32_t)
    BINARY(Max, half) BINARY(Max, float) BINARY(Max, int16_t) BINARY(Max, int32_t)
    BINARY(Min, half) BINARY(Min, float) BINARY(Min, int16_t) BINARY(Min, int32_t)
    BINARY(Div, half) BINARY(Div, float)
    BINARY(And, int16_t) BINARY(And, uint16_t) BINARY(Or, int16_t) BINARY(Or, uint16_t)
    BINARY(AddRelu, half) BINARY(AddRelu, float) BINARY(AddRelu, int16_t)
    BINARY(SubRelu, half) BINARY(SubRelu, float) BINARY(SubRelu, int16_t)
    BINARY(MulAddDst, half) BINARY(MulAddDst, float)
    BINARY(FusedMulAdd, half) BINARY(FusedMulAdd, float)
    BINARY(FusedMulAddRelu, half) BINARY(FusedMulAddRelu, float)
    PROBE_ROW("MulAddDst.float.half.count",
              MulAddDst(u.Dst<float>(), u.Src0<half>(), u.Src1<half>(), kCount))

    UNARY(Abs, half) UNARY(Abs, float) UNARY(Exp, half) UNARY(Exp, float)
    UNARY(Ln, half) UNARY(Ln, float) UNARY(Sqrt, half) UNARY(Sqrt, float)
    UNARY(Rsqrt, half) UNARY(Rsqrt, float) UNARY(Reciprocal, half) UNARY(Reciprocal, float)
    UNARY(Relu, half) UNARY(Relu, float) UNARY(Relu, int32_t)
    UNARY(Not, int16_t) UNARY(Not, uint16_t)

    SCALAR(Adds, half, half, 1.5f) SCALAR(Adds, float, float, 1.5f)
    SCALAR(Adds, int16_t, int16_t, -7) SCALAR(Adds, int32_t, int32_t, -7)
    SCALAR(Muls, half, half, 1.5f) SCALAR(Muls, float, float, 1.5f)
    SCALAR(Muls, int16_t, int16_t, -7) SCALAR(Muls, int32_t, int32_t, -7)
    SCALAR(Maxs, half, half, 1.5f) SCALAR(Maxs, float, float, 1.5f)
    SCALAR(Maxs, int16_t, int16_t, -7) SCALAR(Maxs, int32_t, int32_t, -7)
    SCALAR(Mins, half, half, 1.5f) SCALAR(Mins, float, float, 1.5f)
    SCALAR(Mins, int16_t, int16_t, -7) SCALAR(Mins, int32_t, int32_t, -7)
    SCALAR(LeakyRelu, half, half, 0.25f) SCALAR(LeakyRelu, float, float, 0.25f)
    SCALAR(Axpy, half, half, 0.75f) SCALAR(Axpy, float, float, 0.75f)
    SCALAR(Axpy, float, half, 0.75f)
    SCALAR(ShiftLeft, int16_t, int16_t, 3) SCALAR(ShiftLeft, uint16_t, uint16_t, 3)
    SCALAR(ShiftLeft, int32_t, int32_t, 5) SCALAR(ShiftLeft, uint32_t, uint32_t, 5)
    SCALAR(ShiftRight, int16_t, int16_t, 3) SCALAR(ShiftRight, uint16_t, uint16_t, 3)
    SCALAR(ShiftRight, int32_t, int32_t, 5) SCALAR(ShiftRight, uint32_t, uint32_t, 5)
    PROBE_ROW("ShiftRight.int32_t.round",
              ShiftRight(u.Dst<int32_t>(), u.Src0<int32_t>(), 5, kMask, kRepeats,
                         UnaryRepeatParams(), true))

    FILL(half, 1.5f) FILL(float, 1.5f) FILL(bfloat16_t, 1.5f)
    FILL(int16_t, -7) FILL(uint16_t, 7) FILL(int32_t, -7) FILL(uint32_t, 7)
    COPY(half) COPY(bfloat16_t) COPY(uint16_t) COPY(float) COPY(int32_t)
};
// clang-format on

}  // namespace

PROBE_KERNEL(probe_arithmetic, kRows)
