// SPDX-License-Identifier: Apache-2.0
// Duplicate, and Copy within UB under a mask.
#pragma once

#include "ascendc/vector_mask.h"

namespace AscendC {
namespace detail {

template <typename T>
inline void Fill(const LocalTensor<T>& dst, const T& scalar, uint8_t repeatTimes,
                 NpuVectorStride stride) {
    static_assert(SupportType<T, half, bfloat16_t, int16_t, uint16_t, int32_t, uint32_t, float>(),
                  "Duplicate: T must be a type of 16 or 32 bits");
    NpuVectorFill(TypeOf<T>(), UbAddress("Duplicate", dst), ScalarBits(scalar), repeatTimes,
                  &stride);
}

}  // namespace detail

// Source: Ascend C API, Duplicate.
template <typename T, bool isSetMask = true>
inline void Duplicate(const LocalTensor<T>& dst, const T& scalarValue, uint64_t mask[],
                      const uint8_t repeatTimes, const uint16_t dstBlockStride,
                      const uint8_t dstRepeatStride) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("Duplicate", mask);
        detail::Fill(dst, scalarValue, repeatTimes, {dstBlockStride, dstRepeatStride});
    }
}
template <typename T, bool isSetMask = true>
inline void Duplicate(const LocalTensor<T>& dst, const T& scalarValue, uint64_t mask,
                      const uint8_t repeatTimes, const uint16_t dstBlockStride,
                      const uint8_t dstRepeatStride) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("Duplicate", mask);
        detail::Fill(dst, scalarValue, repeatTimes, {dstBlockStride, dstRepeatStride});
    }
}
template <typename T>
inline void Duplicate(const LocalTensor<T>& dst, const T& scalarValue, const int32_t& count) {
    if (ASCEND_IS_AIV) {
        detail::OnFirst("Duplicate", count, [&] { detail::Fill(dst, scalarValue, 1, {1, 8}); });
    }
}

// Strides in blocks of 32 bytes: between blocks of a repeat, and between repeats.
struct CopyRepeatParams {
    uint16_t dstStride = 0;
    uint16_t srcStride = 0;
    uint16_t dstRepeatSize = 0;
    uint16_t srcRepeatSize = 0;

    CopyRepeatParams() = default;
    CopyRepeatParams(uint16_t dstBlock, uint16_t srcBlock, uint16_t dstRepeat, uint16_t srcRepeat)
        : dstStride(dstBlock),
          srcStride(srcBlock),
          dstRepeatSize(dstRepeat),
          srcRepeatSize(srcRepeat) {}
};

namespace detail {

template <typename T>
inline void CopyRepeats(const LocalTensor<T>& dst, const LocalTensor<T>& src, uint8_t repeatTimes,
                        const CopyRepeatParams& params) {
    static_assert(SupportType<T, half, bfloat16_t, int16_t, uint16_t, int32_t, uint32_t, float>(),
                  "Copy: T must be a type of 16 or 32 bits");
    const NpuUnaryRepeat repeat{repeatTimes,
                                {params.dstStride, params.dstRepeatSize},
                                {params.srcStride, params.srcRepeatSize}};
    NpuVectorCopy(sizeof(T) == sizeof(uint16_t) ? kNpuU16 : kNpuU32, UbAddress("Copy", dst),
                  UbAddress("Copy", src), &repeat);
}

}  // namespace detail

// Source: Ascend C API, Copy.
template <typename T, bool isSetMask = true>
inline void Copy(const LocalTensor<T>& dst, const LocalTensor<T>& src, const uint64_t mask[],
                 const uint8_t repeatTimes, const CopyRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("Copy", mask);
        detail::CopyRepeats(dst, src, repeatTimes, repeatParams);
    }
}
template <typename T, bool isSetMask = true>
inline void Copy(const LocalTensor<T>& dst, const LocalTensor<T>& src, const uint64_t mask,
                 const uint8_t repeatTimes, const CopyRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("Copy", mask);
        detail::CopyRepeats(dst, src, repeatTimes, repeatParams);
    }
}

}  // namespace AscendC
