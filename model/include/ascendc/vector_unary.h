// SPDX-License-Identifier: Apache-2.0
// Vector functions with one source: Abs, Exp, Ln, Sqrt, Rsqrt, Reciprocal, Relu, Not.
#pragma once

#include "ascendc/vector_mask.h"

namespace AscendC {
namespace detail {

template <NpuUnaryOp op, typename T>
inline void Unary(const char* function, const LocalTensor<T>& dst, const LocalTensor<T>& src,
                  const NpuUnaryRepeat& repeat) {
    NpuVectorUnary(op, TypeOf<T>(), UbAddress(function, dst), UbAddress(function, src), &repeat);
}

// `Mask` is a bit mask or a number of lanes.
template <NpuUnaryOp op, bool isSetMask, typename T, typename Mask>
inline void UnaryRepeats(const char* function, const LocalTensor<T>& dst, const LocalTensor<T>& src,
                         Mask mask, uint8_t repeatTimes, const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        SetMask<T, isSetMask>(function, mask);
        Unary<op>(function, dst, src, ToRepeat(repeatTimes, repeatParams));
    }
}

template <NpuUnaryOp op, typename T>
inline void UnaryCount(const char* function, const LocalTensor<T>& dst, const LocalTensor<T>& src,
                       int32_t count) {
    if (ASCEND_IS_AIV) {
        OnFirst(function, count, [&] { Unary<op>(function, dst, src, ContiguousUnary<T, T>()); });
    }
}

}  // namespace detail

// The three forms of a function: bit mask, number of lanes, number of elements.
#define NPU_UNARY_FUNCTION(Name, op, ...)                                                          \
    template <typename T, bool isSetMask = true>                                                   \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, uint64_t mask[],        \
                     const uint8_t repeatTimes, const UnaryRepeatParams& repeatParams) {           \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__);    \
        detail::UnaryRepeats<op, isSetMask>(#Name, dst, src, mask, repeatTimes, repeatParams);     \
    }                                                                                              \
    template <typename T, bool isSetMask = true>                                                   \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, uint64_t mask,          \
                     const uint8_t repeatTimes, const UnaryRepeatParams& repeatParams) {           \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__);    \
        detail::UnaryRepeats<op, isSetMask>(#Name, dst, src, mask, repeatTimes, repeatParams);     \
    }                                                                                              \
    template <typename T>                                                                          \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t& count) { \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__);    \
        detail::UnaryCount<op>(#Name, dst, src, count);                                            \
    }

NPU_UNARY_FUNCTION(Abs, kNpuVabs, half, float)
NPU_UNARY_FUNCTION(Exp, kNpuVexp, half, float)
NPU_UNARY_FUNCTION(Ln, kNpuVln, half, float)
NPU_UNARY_FUNCTION(Sqrt, kNpuVsqrt, half, float)
NPU_UNARY_FUNCTION(Rsqrt, kNpuVrsqrt, half, float)
NPU_UNARY_FUNCTION(Reciprocal, kNpuVrec, half, float)
NPU_UNARY_FUNCTION(Relu, kNpuVrelu, half, float, int32_t)
NPU_UNARY_FUNCTION(Not, kNpuVnot, int16_t, uint16_t)

#undef NPU_UNARY_FUNCTION

}  // namespace AscendC
