// SPDX-License-Identifier: Apache-2.0
// Vector functions with a scalar: Adds, Muls, Maxs, Mins, LeakyRelu, ShiftLeft, ShiftRight.
#pragma once

#include "ascendc/vector_mask.h"

namespace AscendC {
namespace detail {

template <NpuScalarOp op, typename T>
inline void Scalar(const char* function, const LocalTensor<T>& dst, const LocalTensor<T>& src,
                   uint32_t scalar, const NpuUnaryRepeat& repeat) {
    NpuVectorScalar(op, TypeOf<T>(), TypeOf<T>(), UbAddress(function, dst),
                    UbAddress(function, src), scalar, &repeat);
}

template <NpuScalarOp op, bool isSetMask, typename T, typename Mask>
inline void ScalarRepeats(const char* function, const LocalTensor<T>& dst,
                          const LocalTensor<T>& src, uint32_t scalar, Mask mask,
                          uint8_t repeatTimes, const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        SetMask<T, isSetMask>(function, mask);
        Scalar<op>(function, dst, src, scalar, ToRepeat(repeatTimes, repeatParams));
    }
}

// Without isSetMask the caller has chosen mode and mask, and `count` means nothing.
template <NpuScalarOp op, bool isSetMask, typename T>
inline void ScalarCount(const char* function, const LocalTensor<T>& dst, const LocalTensor<T>& src,
                        uint32_t scalar, int32_t count) {
    if (ASCEND_IS_AIC) {
        return;
    }
    const auto run = [&] { Scalar<op>(function, dst, src, scalar, ContiguousUnary<T, T>()); };
    if constexpr (isSetMask) {
        OnFirst(function, count, run);
    } else {
        run();
    }
}

// A shift count; negative ones stay out of range as large numbers.
template <typename T>
inline uint32_t ShiftBits(T count) {
    return static_cast<uint32_t>(count);
}

// roundEn adds the last bit shifted out; it has an effect on the signed types.
template <bool isSetMask, typename T, typename Mask>
inline void ShiftRightRepeats(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                              const T& scalarValue, Mask mask, uint8_t repeatTimes,
                              const UnaryRepeatParams& repeatParams, bool roundEn) {
    static_assert(SupportType<T, int16_t, uint16_t, int32_t, uint32_t>(),
                  "ShiftRight: T must be one of int16_t, uint16_t, int32_t, uint32_t");
    const uint32_t bits = ShiftBits(scalarValue);
    if (roundEn) {
        ScalarRepeats<kNpuVshrRound, isSetMask>("ShiftRight", dst, src, bits, mask, repeatTimes,
                                                repeatParams);
    } else {
        ScalarRepeats<kNpuVshr, isSetMask>("ShiftRight", dst, src, bits, mask, repeatTimes,
                                           repeatParams);
    }
}

}  // namespace detail

// The three forms of a function: bit mask, number of lanes, number of elements. `Bits` turns the
// scalar into the operand of the instruction.
#define NPU_SCALAR_FUNCTION(Name, op, Bits, ...)                                                 \
    template <typename T, bool isSetMask = true>                                                 \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, \
                     uint64_t mask[], const uint8_t repeatTimes,                                 \
                     const UnaryRepeatParams& repeatParams) {                                    \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__);  \
        detail::ScalarRepeats<op, isSetMask>(#Name, dst, src, detail::Bits(scalarValue), mask,   \
                                             repeatTimes, repeatParams);                         \
    }                                                                                            \
    template <typename T, bool isSetMask = true>                                                 \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, \
                     uint64_t mask, const uint8_t repeatTimes,                                   \
                     const UnaryRepeatParams& repeatParams) {                                    \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__);  \
        detail::ScalarRepeats<op, isSetMask>(#Name, dst, src, detail::Bits(scalarValue), mask,   \
                                             repeatTimes, repeatParams);                         \
    }                                                                                            \
    template <typename T, bool isSetMask = true>                                                 \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, \
                     const int32_t& count) {                                                     \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__);  \
        detail::ScalarCount<op, isSetMask>(#Name, dst, src, detail::Bits(scalarValue), count);   \
    }

NPU_SCALAR_FUNCTION(Adds, kNpuVadds, ScalarBits, half, float, int16_t, int32_t)
NPU_SCALAR_FUNCTION(Muls, kNpuVmuls, ScalarBits, half, float, int16_t, int32_t)
NPU_SCALAR_FUNCTION(Maxs, kNpuVmaxs, ScalarBits, half, float, int16_t, int32_t)
NPU_SCALAR_FUNCTION(Mins, kNpuVmins, ScalarBits, half, float, int16_t, int32_t)
NPU_SCALAR_FUNCTION(LeakyRelu, kNpuVlrelu, ScalarBits, half, float)
NPU_SCALAR_FUNCTION(ShiftLeft, kNpuVshl, ShiftBits, int16_t, uint16_t, int32_t, uint32_t)

#undef NPU_SCALAR_FUNCTION

template <typename T, bool isSetMask = true>
inline void ShiftRight(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue,
                       uint64_t mask[], const uint8_t repeatTimes,
                       const UnaryRepeatParams& repeatParams, bool roundEn = false) {
    detail::ShiftRightRepeats<isSetMask>(dst, src, scalarValue, mask, repeatTimes, repeatParams,
                                         roundEn);
}
template <typename T, bool isSetMask = true>
inline void ShiftRight(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue,
                       uint64_t mask, const uint8_t repeatTimes,
                       const UnaryRepeatParams& repeatParams, bool roundEn = false) {
    detail::ShiftRightRepeats<isSetMask>(dst, src, scalarValue, mask, repeatTimes, repeatParams,
                                         roundEn);
}
template <typename T, bool isSetMask = true>
inline void ShiftRight(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue,
                       const int32_t& count) {
    static_assert(SupportType<T, int16_t, uint16_t, int32_t, uint32_t>(),
                  "ShiftRight: T must be one of int16_t, uint16_t, int32_t, uint32_t");
    detail::ScalarCount<kNpuVshr, isSetMask>("ShiftRight", dst, src, detail::ShiftBits(scalarValue),
                                             count);
}

}  // namespace AscendC
