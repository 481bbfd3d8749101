// SPDX-License-Identifier: Apache-2.0
// Reductions of each block, of each pair of lanes and of each repeat, and the result registers.
#pragma once

#include "ascendc/vector_mask.h"

namespace AscendC {
namespace detail {

template <typename T>
constexpr bool kReducible = SupportType<T, half, float>();

inline NpuReduceRepeat ToReduceRepeat(int32_t repeatTimes, int32_t dstRepStride,
                                      int32_t srcBlkStride, int32_t srcRepStride) {
    return {static_cast<uint32_t>(repeatTimes), static_cast<uint32_t>(dstRepStride),
            static_cast<uint32_t>(srcBlkStride), static_cast<uint32_t>(srcRepStride)};
}

// `mask` is a bit mask or a number of lanes.
template <typename T, bool isSetMask, class Mask>
inline void ReduceRepeats(const char* function, NpuReduceOp op, const LocalTensor<T>& dst,
                          const LocalTensor<T>& src, Mask mask, const NpuReduceRepeat& repeat) {
    if (ASCEND_IS_AIC) {
        return;
    }
    SetMask<T, isSetMask>(function, mask);
    NpuVectorReduce(op, TypeOf<T>(), UbAddress(function, dst), UbAddress(function, src), &repeat);
}

template <typename T, bool isSetMask, class Mask>
inline void FindExtremes(const char* function, bool largest, const LocalTensor<T>& dst,
                         const LocalTensor<T>& src, Mask mask, const NpuReduceRepeat& repeat,
                         ReduceOrder order) {
    if (ASCEND_IS_AIC) {
        return;
    }
    static_assert(static_cast<int>(ReduceOrder::ORDER_ONLY_INDEX) == kNpuOnlyIndex);
    SetMask<T, isSetMask>(function, mask);
    NpuVectorExtreme(largest, static_cast<NpuExtremeOrder>(order), TypeOf<T>(),
                     UbAddress(function, dst), UbAddress(function, src), &repeat);
}

}  // namespace detail

// Functions that take the number of repeats before the mask. dstRepStride counts the results of a
// repeat: 8 elements of the block functions, 128 bytes of PairReduceSum.
#define NPU_REDUCE_FUNCTION(name, op)                                                            \
    template <typename T, bool isSetMask = true>                                                 \
    inline void name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t repeat, \
                     const uint64_t mask[], const int32_t dstRepStride,                          \
                     const int32_t srcBlkStride, const int32_t srcRepStride) {                   \
        static_assert(detail::kReducible<T>, #name ": T must be half or float");                 \
        detail::ReduceRepeats<T, isSetMask>(                                                     \
            #name, op, dst, src, mask,                                                           \
            detail::ToReduceRepeat(repeat, dstRepStride, srcBlkStride, srcRepStride));           \
    }                                                                                            \
    template <typename T, bool isSetMask = true>                                                 \
    inline void name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t repeat, \
                     const int32_t mask, const int32_t dstRepStride, const int32_t srcBlkStride, \
                     const int32_t srcRepStride) {                                               \
        static_assert(detail::kReducible<T>, #name ": T must be half or float");                 \
        detail::ReduceRepeats<T, isSetMask>(                                                     \
            #name, op, dst, src, static_cast<uint64_t>(mask),                                    \
            detail::ToReduceRepeat(repeat, dstRepStride, srcBlkStride, srcRepStride));           \
    }
NPU_REDUCE_FUNCTION(BlockReduceSum, kNpuVcgadd)
NPU_REDUCE_FUNCTION(BlockReduceMax, kNpuVcgmax)
NPU_REDUCE_FUNCTION(BlockReduceMin, kNpuVcgmin)
NPU_REDUCE_FUNCTION(PairReduceSum, kNpuVcpadd)
#undef NPU_REDUCE_FUNCTION

// One sum a repeat; dstRepStride counts elements.
template <typename T, bool isSetMask = true>
inline void RepeatReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                            const int32_t repeat, const int32_t elemsInOneRepeat,
                            [[maybe_unused]] const int32_t dstBlkStride, const int32_t srcBlkStride,
                            const int32_t dstRepStride, const int32_t srcRepStride) {
    static_assert(detail::kReducible<T>, "RepeatReduceSum: T must be half or float");
    detail::ReduceRepeats<T, isSetMask>(
        "RepeatReduceSum", kNpuVcadd, dst, src, static_cast<uint64_t>(elemsInOneRepeat),
        detail::ToReduceRepeat(repeat, dstRepStride, srcBlkStride, srcRepStride));
}

template <typename T, bool isSetMask = true>
inline void WholeReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                           const uint64_t mask[], const int32_t repeatTimes,
                           const int32_t dstRepStride, const int32_t srcBlkStride,
                           const int32_t srcRepStride) {
    static_assert(detail::kReducible<T>, "WholeReduceSum: T must be half or float");
    detail::ReduceRepeats<T, isSetMask>(
        "WholeReduceSum", kNpuVcadd, dst, src, mask,
        detail::ToReduceRepeat(repeatTimes, dstRepStride, srcBlkStride, srcRepStride));
}
template <typename T, bool isSetMask = true>
inline void WholeReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t mask,
                           const int32_t repeatTimes, const int32_t dstRepStride,
                           const int32_t srcBlkStride, const int32_t srcRepStride) {
    static_assert(detail::kReducible<T>, "WholeReduceSum: T must be half or float");
    detail::ReduceRepeats<T, isSetMask>(
        "WholeReduceSum", kNpuVcadd, dst, src, static_cast<uint64_t>(mask),
        detail::ToReduceRepeat(repeatTimes, dstRepStride, srcBlkStride, srcRepStride));
}

// The extreme of each repeat and the first lane that has it; dstRepStride counts results.
#define NPU_EXTREME_FUNCTION(name, largest)                                                        \
    template <typename T, bool isSetMask = true>                                                   \
    inline void name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const uint64_t mask[],  \
                     const int32_t repeatTimes, const int32_t dstRepStride,                        \
                     const int32_t srcBlkStride, const int32_t srcRepStride,                       \
                     ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX) {                         \
        static_assert(detail::kReducible<T>, #name ": T must be half or float");                   \
        detail::FindExtremes<T, isSetMask>(                                                        \
            #name, largest, dst, src, mask,                                                        \
            detail::ToReduceRepeat(repeatTimes, dstRepStride, srcBlkStride, srcRepStride), order); \
    }                                                                                              \
    template <typename T, bool isSetMask = true>                                                   \
    inline void name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t mask,     \
                     const int32_t repeatTimes, const int32_t dstRepStride,                        \
                     const int32_t srcBlkStride, const int32_t srcRepStride,                       \
                     ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX) {                         \
        static_assert(detail::kReducible<T>, #name ": T must be half or float");                   \
        detail::FindExtremes<T, isSetMask>(                                                        \
            #name, largest, dst, src, static_cast<uint64_t>(mask),                                 \
            detail::ToReduceRepeat(repeatTimes, dstRepStride, srcBlkStride, srcRepStride), order); \
    }
NPU_EXTREME_FUNCTION(WholeReduceMax, true)
NPU_EXTREME_FUNCTION(WholeReduceMin, false)
#undef NPU_EXTREME_FUNCTION

// Value and index bits of the last WholeReduceMax or WholeReduceMin over all its repeats. It must
// have read contiguous data in normal mode.
template <typename T>
inline void GetReduceMaxMinCount(uint32_t& maxMinValue, uint32_t& maxMinIndex) {
    static_assert(detail::kReducible<T>, "GetReduceMaxMinCount: T must be half or float");
    if (ASCEND_IS_AIC) {
        return;
    }
    const uint64_t result = NpuExtremeResult();
    maxMinValue = static_cast<uint32_t>(result);
    maxMinIndex = static_cast<uint32_t>(result >> 32);
}
template <typename T>
inline void GetReduceMaxMinCount(T& maxMinValue, T& maxMinIndex) {
    if (ASCEND_IS_AIC) {
        return;
    }
    uint32_t value = 0;
    uint32_t index = 0;
    GetReduceMaxMinCount<T>(value, index);
    maxMinValue = detail::FromBits<T>(value);
    maxMinIndex = detail::FromBits<T>(index);
}

// The sum that ReduceSum over the first elements of a tensor left in its register.
inline int64_t GetAccVal() { return ASCEND_IS_AIC ? 0 : static_cast<int64_t>(NpuAccumulator()); }
template <typename T>
inline T GetAccVal() {
    static_assert(detail::kReducible<T>, "GetAccVal: T must be half or float");
    return detail::FromBits<T>(static_cast<uint64_t>(GetAccVal()));
}

}  // namespace AscendC
