// SPDX-License-Identifier: Apache-2.0
// Compare, CompareScalar, Select, and the register with comparison bits.
#pragma once

#include "ascendc/sync.h"
#include "ascendc/vector_mask.h"

namespace AscendC {
namespace detail {

template <typename T, typename U>
inline void CompareTensors(const LocalTensor<U>& dst, const LocalTensor<T>& src0,
                           const LocalTensor<T>& src1, CMPMODE cmpMode,
                           const NpuBinaryRepeat& repeat) {
    static_assert(SupportType<T, half, float, int32_t>() && SupportType<U, int8_t, uint8_t>(),
                  "Compare: T must be half, float or int32_t, and U int8_t or uint8_t");
    NpuVectorCompare(static_cast<NpuRelation>(cmpMode), TypeOf<T>(), UbAddress("Compare", dst),
                     UbAddress("Compare", src0), UbAddress("Compare", src1), &repeat);
}

template <typename T, typename U>
inline void CompareWithScalar(const LocalTensor<U>& dst, const LocalTensor<T>& src0, T scalar,
                              CMPMODE cmpMode, const NpuUnaryRepeat& repeat) {
    static_assert(SupportType<T, half, float, int32_t>() && SupportType<U, uint8_t>(),
                  "CompareScalar: T must be half, float or int32_t, and U uint8_t");
    NpuVectorCompareScalar(static_cast<NpuRelation>(cmpMode), TypeOf<T>(),
                           UbAddress("CompareScalar", dst), UbAddress("CompareScalar", src0),
                           ScalarBits(scalar), &repeat);
}

// Calls pass(first element, repeats) until `count` elements are done. A pass has at most 252
// repeats, so that its bits end with a block.
template <typename T, class Pass>
inline void InComparePasses(const char* function, uint32_t count, Pass pass) {
    constexpr uint32_t kMostRepeats = 252;
    constexpr auto kLanes = static_cast<uint32_t>(kLanesPerRepeat<T>);
    if (count % kLanes != 0) {
        FailArgument(function, "count", count, "fill whole repeats of 256 bytes");
    }
    const uint32_t repeats = count / kLanes;
    for (uint32_t done = 0; done < repeats; done += kMostRepeats) {
        const uint32_t left = repeats - done;
        pass(done * kLanes, static_cast<uint8_t>(left < kMostRepeats ? left : kMostRepeats));
    }
}

}  // namespace detail

// One bit an element, 1 for true. The masks have no effect: these functions handle whole repeats.
// Source: Ascend C API, Compare.
template <typename T, typename U, bool isSetMask = true>
inline void Compare(const LocalTensor<U>& dst, const LocalTensor<T>& src0,
                    const LocalTensor<T>& src1, CMPMODE cmpMode, const uint64_t[],
                    uint8_t repeatTimes, const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::CompareTensors(dst, src0, src1, cmpMode,
                               detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U, bool isSetMask = true>
inline void Compare(const LocalTensor<U>& dst, const LocalTensor<T>& src0,
                    const LocalTensor<T>& src1, CMPMODE cmpMode, const uint64_t,
                    uint8_t repeatTimes, const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::CompareTensors(dst, src0, src1, cmpMode,
                               detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U>
inline void Compare(const LocalTensor<U>& dst, const LocalTensor<T>& src0,
                    const LocalTensor<T>& src1, CMPMODE cmpMode, uint32_t count) {
    if (ASCEND_IS_AIV) {
        detail::InComparePasses<T>("Compare", count, [&](uint32_t first, uint8_t repeatTimes) {
            detail::CompareTensors(detail::Advanced(dst, first / 8), detail::Advanced(src0, first),
                                   detail::Advanced(src1, first), cmpMode,
                                   detail::ToRepeat(repeatTimes, BinaryRepeatParams()));
        });
    }
}

// One repeat into the comparison register; a disabled lane keeps its bit.
template <typename T, bool isSetMask = true>
inline void Compare(const LocalTensor<T>& src0, const LocalTensor<T>& src1, CMPMODE cmpMode,
                    const uint64_t mask[], const BinaryRepeatParams& repeatParams) {
    static_assert(SupportType<T, half, float>(), "Compare: T must be half or float");
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("Compare", mask);
        const NpuBinaryRepeat repeat = detail::ToRepeat(1, repeatParams);
        NpuVectorCompareToMask(static_cast<NpuRelation>(cmpMode), TypeOf<T>(),
                               detail::UbAddress("Compare", src0),
                               detail::UbAddress("Compare", src1), &repeat);
    }
}
template <typename T, bool isSetMask = true>
inline void Compare(const LocalTensor<T>& src0, const LocalTensor<T>& src1, CMPMODE cmpMode,
                    const uint64_t mask, const BinaryRepeatParams& repeatParams) {
    static_assert(SupportType<T, half, float>(), "Compare: T must be half or float");
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("Compare", mask);
        const NpuBinaryRepeat repeat = detail::ToRepeat(1, repeatParams);
        NpuVectorCompareToMask(static_cast<NpuRelation>(cmpMode), TypeOf<T>(),
                               detail::UbAddress("Compare", src0),
                               detail::UbAddress("Compare", src1), &repeat);
    }
}

// Source: Ascend C API, CompareScalar.
template <typename T, typename U, bool isSetMask = true>
inline void CompareScalar(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const T src1Scalar,
                          CMPMODE cmpMode, const uint64_t[], uint8_t repeatTimes,
                          const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::CompareWithScalar(dst, src0, src1Scalar, cmpMode,
                                  detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U, bool isSetMask = true>
inline void CompareScalar(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const T src1Scalar,
                          CMPMODE cmpMode, const uint64_t, uint8_t repeatTimes,
                          const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::CompareWithScalar(dst, src0, src1Scalar, cmpMode,
                                  detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U>
inline void CompareScalar(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const T src1Scalar,
                          CMPMODE cmpMode, uint32_t count) {
    if (ASCEND_IS_AIV) {
        detail::InComparePasses<T>(
            "CompareScalar", count, [&](uint32_t first, uint8_t repeatTimes) {
                detail::CompareWithScalar(detail::Advanced(dst, first / 8),
                                          detail::Advanced(src0, first), src1Scalar, cmpMode,
                                          detail::ToRepeat(repeatTimes, UnaryRepeatParams()));
            });
    }
}

// The 16 bytes of the comparison register.
template <typename T>
inline void GetCmpMask(const LocalTensor<T>& dst) {
    if (ASCEND_IS_AIV) {
        NpuGetCompareMask(detail::UbAddress("GetCmpMask", dst));
    }
}
template <typename T>
inline void SetCmpMask(const LocalTensor<T>& src) {
    if (ASCEND_IS_AIV) {
        NpuSetCompareMask(detail::UbAddress("SetCmpMask", src));
    }
}

}  // namespace AscendC
