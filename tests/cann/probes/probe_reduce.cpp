// SPDX-License-Identifier: Apache-2.0
// Reductions, broadcast, gather, compress and transpose: one row a function, type and form.
#include "vector_rows.h"

using namespace AscendC;

namespace {

constexpr int32_t kMask = 40;
constexpr int32_t kRepeats = 3;

// clang-format off
#define REPEAT_REDUCE(F, T)                                                                   \
    PROBE_ROW(#F "." #T ".mask", F(u.Dst<T>(), u.Src0<T>(), kRepeats, kMask, 2, 1, 9))        \
    PROBE_ROW(#F "." #T ".bits", uint64_t bits[2] = {0xF0F0F0F00FF00FF1, 0x0123456789ABCDEF}; \
              F(u.Dst<T>(), u.Src0<T>(), kRepeats, bits, 1, 1, 8))
#define WHOLE_EXTREME(F, T, order)  \
    PROBE_ROW(#F "." #T "." #order, \
              F(u.Dst<T>(), u.Src0<T>(), kMask, kRepeats, 2, 1, 9, ReduceOrder::order))
#define WHOLE(T)                                                                 \
    PROBE_ROW("WholeReduceSum." #T ".mask",                                      \
              WholeReduceSum(u.Dst<T>(), u.Src0<T>(), kMask, kRepeats, 2, 1, 9)) \
    WHOLE_EXTREME(WholeReduceMax, T, ORDER_VALUE_INDEX)                          \
    WHOLE_EXTREME(WholeReduceMax, T, ORDER_INDEX_VALUE)                          \
    WHOLE_EXTREME(WholeReduceMax, T, ORDER_ONLY_VALUE)                           \
    WHOLE_EXTREME(WholeReduceMax, T, ORDER_ONLY_INDEX)                           \
    WHOLE_EXTREME(WholeReduceMin, T, ORDER_VALUE_INDEX)                          \
    PROBE_ROW("RepeatReduceSum." #T,                                             \
              RepeatReduceSum(u.Dst<T>(), u.Src0<T>(), kRepeats, kMask, 1, 1, 1, 8))
#define TENSOR_EXTREME(F, T)                                                                \
    PROBE_ROW(#F "." #T ".count", F(u.Dst<T>(), u.Src0<T>(), u.Work<T>(), 900, false))      \
    PROBE_ROW(#F "." #T ".count.index", F(u.Dst<T>(), u.Src0<T>(), u.Work<T>(), 900, true)) \
    PROBE_ROW(#F "." #T ".mask", F(u.Dst<T>(), u.Src0<T>(), u.Work<T>(), kMask, kRepeats, 9, true))
#define TENSOR_SUM(T)                                                                         \
    PROBE_ROW("ReduceSum." #T ".count", ReduceSum(u.Dst<T>(), u.Src0<T>(), u.Work<T>(), 900)) \
    PROBE_ROW("ReduceSum." #T ".mask",                                                        \
              ReduceSum(u.Dst<T>(), u.Src0<T>(), u.Work<T>(), kMask, kRepeats, 9))
#define REDUCTIONS(T)                                                         \
    REPEAT_REDUCE(BlockReduceSum, T) REPEAT_REDUCE(BlockReduceMax, T)         \
    REPEAT_REDUCE(BlockReduceMin, T) REPEAT_REDUCE(PairReduceSum, T) WHOLE(T) \
    TENSOR_EXTREME(ReduceMax, T) TENSOR_EXTREME(ReduceMin, T) TENSOR_SUM(T)

#define BROADCAST(T) PROBE_ROW("Brcb." #T, Brcb(u.Dst<T>(), u.Src0<T>(), 3, BrcbRepeatParams(1, 8)))
#define GATHER(T)                                                                              \
    PROBE_ROW("Gather." #T ".count",                                                           \
              Gather(u.Dst<T>(), u.Src0<T>(), u.Offsets(), uint32_t{64}, uint32_t{173}))       \
    PROBE_ROW("Gather." #T ".mask", Gather(u.Dst<T>(), u.Src0<T>(), u.Offsets(), uint32_t{32}, \
                                           uint64_t{kMask}, uint8_t{3}, uint16_t{9}))
#define GATHER_BLOCK(T)      \
    PROBE_ROW("Gatherb." #T, \
              Gatherb(u.Dst<T>(), u.Src0<T>(), u.Offsets(), 3, GatherRepeatParams(1, 8)))
#define GATHER_MASK(T, Bits)                                                 \
    PROBE_ROW("GatherMask." #T ".tensor", uint64_t count = 0;                \
              GatherMask(u.Dst<T>(), u.Src0<T>(), u.Work<Bits>(), true, 60u, \
                         GatherMaskParams(1, 3, 8, 1), count);               \
              u.Results().SetValue(0, count))                                \
    PROBE_ROW("GatherMask." #T ".pattern", uint64_t count = 0;               \
              GatherMask(u.Dst<T>(), u.Src0<T>(), uint8_t{2}, false, 0u,     \
                         GatherMaskParams(1, 3, 8, 0), count);               \
              u.Results().SetValue(0, count))
#define INDEX(T)                                                                               \
    PROBE_ROW("CreateVecIndex." #T ".count", auto dst = u.Dst<T>();                            \
              CreateVecIndex(dst, T(5), 173u))                                                 \
    PROBE_ROW("CreateVecIndex." #T ".mask", auto dst = u.Dst<T>();                             \
              CreateVecIndex(dst, T(5), uint64_t{kMask}, uint8_t{3}, uint16_t{1}, uint8_t{8})) \
    PROBE_ROW("CreateVecIndex." #T ".bits", auto dst = u.Dst<T>();                             \
              uint64_t bits[2] = {0xF0F0F0F00FF00FF1, 0};                                      \
              CreateVecIndex(dst, T(5), bits, uint8_t{3}, uint16_t{1}, uint8_t{8}))
#define TRANSPOSE(T) PROBE_ROW("Transpose." #T, Transpose(u.Dst<T>(), u.Src0<T>()))

template <class T>
void Rearrange(const probe::Areas& u) {
    constexpr uint32_t kBlock = 32 / sizeof(T);
    LocalTensor<T> dst[16];
    LocalTensor<T> src[16];
    for (uint32_t i = 0; i < 16; ++i) {
        dst[i] = u.Dst<T>()[i * kBlock * 3];
        src[i] = u.Src0<T>()[(15 - i) * kBlock * 3];
    }
    TransDataTo5HD<T>(dst, src, TransDataTo5HDParams(false, false, 2, 1, 2));
}
#define REARRANGE(T) PROBE_ROW("TransDataTo5HD." #T, Rearrange<T>(u))

const probe::Row kRows[] = {
    REDUCTIONS(half) REDUCTIONS(float)
    BROADCAST(half) BROADCAST(uint16_t) BROADCAST(float) BROADCAST(int32_t)
    GATHER(half) GATHER(uint16_t) GATHER(float) GATHER(uint32_t)
    GATHER_BLOCK(uint16_t) GATHER_BLOCK(uint32_t)
    GATHER_MASK(half, uint16_t) GATHER_MASK(float, uint32_t) GATHER_MASK(int16_t, uint16_t)
    INDEX(half) INDEX(int16_t) INDEX(float) INDEX(int32_t)
    TRANSPOSE(half) TRANSPOSE(int16_t) TRANSPOSE(uint16_t)
    REARRANGE(half) REARRANGE(int16_t) REARRANGE(float) REARRANGE(int32_t) REARRANGE(int8_t)
    REARRANGE(uint8_t)
};
// clang-format on

}  // namespace

PROBE_KERNEL(probe_reduce, kRows)
