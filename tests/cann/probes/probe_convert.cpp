// SPDX-License-Identifier: Apache-2.0
// Conversions, comparisons and selections: one row a function, pair of types and mode.
#include "vector_rows.h"

using namespace AscendC;

namespace {

constexpr uint64_t kMask = 40;
constexpr int32_t kCount = 173;
constexpr uint8_t kRepeats = 3;

// clang-format off
#define CAST(Target, Source, mode)                                                          \
    PROBE_ROW("Cast." #Target "." #Source "." #mode ".count",                               \
              Cast(u.Dst<Target>(), u.Src0<Source>(), RoundMode::CAST_##mode, kCount))      \
    PROBE_ROW("Cast." #Target "." #Source "." #mode ".mask",                                \
              Cast(u.Dst<Target>(), u.Src0<Source>(), RoundMode::CAST_##mode, uint64_t{20}, \
                   kRepeats, UnaryRepeatParams(1, 1, 8, 8)))
#define ROUNDINGS(Target, Source)                                                      \
    CAST(Target, Source, RINT)                                                         \
    CAST(Target, Source, FLOOR) CAST(Target, Source, CEIL) CAST(Target, Source, ROUND) \
        CAST(Target, Source, TRUNC)
#define DEQUANT(T)                                                                 \
    PROBE_ROW("CastDeq." #T ".high", SetDeqScale(0.125f, int16_t(3), true);        \
              CastDeq<T, int16_t, false, true>(u.Dst<T>(), u.Src0<int16_t>(), 64)) \
    PROBE_ROW("CastDeq." #T ".low", SetDeqScale(0.125f, int16_t(3), false);        \
              CastDeq<T, int16_t, false, false>(u.Dst<T>(), u.Src0<int16_t>(), 64))
#define MIXED(F, Target, Source)                                                      \
    PROBE_ROW(#F "." #Target "." #Source ".count",                                    \
              F(u.Dst<Target>(), u.Src0<Source>(), u.Src1<Source>(), kCount))         \
    PROBE_ROW(#F "." #Target "." #Source ".mask",                                     \
              F(u.Dst<Target>(), u.Src0<Source>(), u.Src1<Source>(), kMask, kRepeats, \
                BinaryRepeatParams(1, 1, 1, 8, 8, 8)))

#define COMPARE(T, mode)                                                               \
    PROBE_ROW("Compare." #T "." #mode ".count",                                        \
              Compare(u.Dst<uint8_t>(), u.Src0<T>(), u.Src1<T>(), CMPMODE::mode, 256)) \
    PROBE_ROW("CompareScalar." #T "." #mode ".count",                                  \
              CompareScalar(u.Dst<uint8_t>(), u.Src0<T>(), T(3), CMPMODE::mode, 256))
#define COMPARE_MASK(T, mode)                                                                     \
    COMPARE(T, mode)                                                                              \
    PROBE_ROW("Compare." #T "." #mode ".repeats",                                                 \
              Compare(u.Dst<uint8_t>(), u.Src0<T>(), u.Src1<T>(), CMPMODE::mode, kMask, kRepeats, \
                      BinaryRepeatParams(1, 1, 1, 8, 8, 8)))                                      \
    PROBE_ROW("Compare." #T "." #mode ".register",                                                \
              Compare(u.Src0<T>(), u.Src1<T>(), CMPMODE::mode, kMask, BinaryRepeatParams());      \
              PipeBarrier<PIPE_V>(); GetCmpMask(u.Dst<T>()))
#define COMPARES(T)                                                                 \
    COMPARE_MASK(T, LT)                                                             \
    COMPARE_MASK(T, GT) COMPARE_MASK(T, EQ) COMPARE_MASK(T, LE) COMPARE_MASK(T, GE) \
        COMPARE_MASK(T, NE)
#define SELECT(T, mode)                                                                           \
    PROBE_ROW("Select." #T "." #mode ".mask",                                                     \
              Select(u.Dst<T>(), u.Work<uint8_t>(), u.Src0<T>(), u.Src1<T>(), SELMODE::mode,      \
                     kMask, kRepeats, BinaryRepeatParams(1, 1, 1, 8, 8, 8)))                      \
    PROBE_ROW("Select." #T "." #mode ".count", Select(u.Dst<T>(), u.Work<uint8_t>(), u.Src0<T>(), \
                                                      u.Src1<T>(), SELMODE::mode, uint32_t{64}))
#define SELECT_SCALAR(T)                                                  \
    PROBE_ROW("Select." #T ".scalar.mask",                                \
              Select(u.Dst<T>(), u.Work<uint8_t>(), u.Src0<T>(), T(2.5f), \
                     SELMODE::VSEL_TENSOR_SCALAR_MODE, kMask, kRepeats,   \
                     BinaryRepeatParams(1, 1, 1, 8, 8, 8)))               \
    PROBE_ROW("Select." #T ".scalar.count",                               \
              Select(u.Dst<T>(), u.Work<uint8_t>(), u.Src0<T>(), T(2.5f), \
                     SELMODE::VSEL_TENSOR_SCALAR_MODE, kCount))
#define SELECTS(T) SELECT(T, VSEL_CMPMASK_SPR) SELECT(T, VSEL_TENSOR_TENSOR_MODE) SELECT_SCALAR(T)

const probe::Row kRows[] = {
    CAST(float, half, NONE) CAST(float, bfloat16_t, NONE) CAST(half, float, NONE)
    CAST(half, float, ODD) ROUNDINGS(half, float) ROUNDINGS(bfloat16_t, float)
    ROUNDINGS(float, float) ROUNDINGS(int32_t, float) ROUNDINGS(int16_t, float)
    ROUNDINGS(int64_t, float) ROUNDINGS(int32_t, half) ROUNDINGS(int16_t, half)
    ROUNDINGS(int8_t, half) ROUNDINGS(uint8_t, half) ROUNDINGS(int32_t, bfloat16_t)
    CAST(int8_t, half, NONE) CAST(uint8_t, half, NONE)
    CAST(half, int8_t, NONE) CAST(half, uint8_t, NONE) CAST(half, int16_t, NONE)
    ROUNDINGS(half, int16_t) CAST(float, int16_t, NONE) CAST(float, int32_t, NONE)
    ROUNDINGS(float, int32_t) CAST(int16_t, int32_t, NONE) CAST(int64_t, int32_t, NONE)
    CAST(int32_t, int64_t, NONE) ROUNDINGS(float, int64_t)
    PROBE_ROW("Cast.half.int32_t.deq", SetDeqScale(half(0.5f));
              Cast(u.Dst<half>(), u.Src0<int32_t>(), RoundMode::CAST_NONE, kCount))
    DEQUANT(int8_t) DEQUANT(uint8_t)
    MIXED(AddReluCast, half, float) MIXED(AddReluCast, int8_t, half)
    MIXED(AddReluCast, int8_t, int16_t) MIXED(SubReluCast, half, float)
    MIXED(SubReluCast, int8_t, half) MIXED(SubReluCast, int8_t, int16_t)
    MIXED(MulCast, int8_t, half) MIXED(MulCast, uint8_t, half)

    COMPARES(half) COMPARES(float) COMPARE(int32_t, EQ)
    SELECTS(half) SELECTS(float)
};
// clang-format on

}  // namespace

PROBE_KERNEL(probe_convert, kRows)
