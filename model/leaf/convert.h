// SPDX-License-Identifier: Apache-2.0
// Rounding of numbers in every mode, and the ways out of float: integers, f16 and bf16.
#pragma once

#include "leaf/value.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

NPU_LEAF_INLINE float CopySign(float magnitude, float sign) {
    return FloatOf((BitsOf(magnitude) & 0x7FFFFFFFu) | (BitsOf(sign) & 0x80000000u));
}

// To an integral number. kRoundOdd: an inexact result becomes odd.
template <Rounding kRounding>
NPU_LEAF_INLINE float Rounded(float value) {
    if constexpr (kRounding == kRoundRint) {
        return __builtin_rintf(value);
    } else if constexpr (kRounding == kRoundFloor) {
        return __builtin_floorf(value);
    } else if constexpr (kRounding == kRoundCeil) {
        return __builtin_ceilf(value);
    } else if constexpr (kRounding == kRoundTrunc) {
        return __builtin_truncf(value);
    } else {
        const float whole = __builtin_truncf(value);
        const float rest = value - whole;  // exact
        const float next = whole + CopySign(1.0f, value);
        if constexpr (kRounding == kRoundAway) {
            return (rest < 0.0f ? -rest : rest) >= 0.5f ? next : whole;
        } else {
            const float half = whole * 0.5f;
            const bool even = half == __builtin_truncf(half);
            return (rest != 0.0f) & even ? next : whole;
        }
    }
}

template <class Type>
struct Limits;
template <>
struct Limits<S8> {
    static constexpr float kLowest = -128.0f, kHighest = 127.0f;
};
template <>
struct Limits<U8> {
    static constexpr float kLowest = 0.0f, kHighest = 255.0f;
};
template <>
struct Limits<S16> {
    static constexpr float kLowest = -32768.0f, kHighest = 32767.0f;
};

// An integral number to an integer, clipped; a NaN gives 0.
template <class Type>
NPU_LEAF_INLINE int32_t ToInteger(float integral) {
    const float number = integral == integral ? integral : 0.0f;
    const float atLeast = number < Limits<Type>::kLowest ? Limits<Type>::kLowest : number;
    return static_cast<int32_t>(atLeast > Limits<Type>::kHighest ? Limits<Type>::kHighest
                                                                 : atLeast);
}

template <>
NPU_LEAF_INLINE int32_t ToInteger<S32>(float integral) {
    constexpr float kLimit = 2147483648.0f;
    const bool inRange = (integral >= -kLimit) & (integral < kLimit);
    const int32_t number = static_cast<int32_t>(inRange ? integral : 0.0f);
    const int32_t clipped = integral >= kLimit ? INT32_MAX : number;
    return integral < -kLimit ? INT32_MIN : clipped;
}

NPU_LEAF_INLINE int64_t ToInteger64(float integral) {
    constexpr float kLimit = 9223372036854775808.0f;
    const bool inRange = (integral >= -kLimit) & (integral < kLimit);
    const int64_t number = static_cast<int64_t>(inRange ? integral : 0.0f);
    const int64_t clipped = integral >= kLimit ? INT64_MAX : number;
    return integral < -kLimit ? INT64_MIN : clipped;
}

// The sign and mode decide where a number beyond the largest finite one goes: infinity, or the
// largest finite number if rounding is toward zero there (IEEE 754).
template <Rounding kRounding>
NPU_LEAF_INLINE bool OverflowStaysFinite(bool negative) {
    return kRounding == kRoundTrunc || kRounding == kRoundOdd ||
           (kRounding == kRoundFloor && !negative) || (kRounding == kRoundCeil && negative);
}

// Float to f16 in any mode. The number is scaled so that its last f16 digit counts one, rounded to
// an integer and put together again.
template <Rounding kRounding>
NPU_LEAF_INLINE uint16_t FloatToHalf(float value) {
    const uint32_t bits = BitsOf(value);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    const uint32_t sign = (bits >> 16) & 0x8000u;
    constexpr uint32_t kSmallest = 113;         // biased exponent of 2^-14, the smallest normal f16
    constexpr uint32_t kTooLarge = 143u << 23;  // 65536
    const uint32_t exponent = (magnitude >> 23) < kSmallest ? kSmallest : magnitude >> 23;
    const bool large = magnitude >= kTooLarge;
    const float digits = large ? 0.0f : value * FloatOf((264u - exponent) << 23);
    const float rounded = Rounded<kRounding>(digits);
    const auto whole =
        static_cast<uint32_t>(static_cast<int32_t>(rounded < 0 ? -rounded : rounded));
    // A carry out of the digits raises the exponent, up to that of infinity.
    const uint32_t finite = ((exponent - kSmallest) << 10) + whole;
    const bool negative = sign != 0;
    const uint32_t overflow =
        OverflowStaysFinite<kRounding>(negative) && magnitude < 0x7F800000u ? 0x7BFFu : 0x7C00u;
    const uint32_t result = sign | (large ? overflow : finite);
    return static_cast<uint16_t>(magnitude > 0x7F800000u ? 0x7E00u : result);
}

// Float to bf16: keeps the upper half of the bits, adjusted by what is cut off.
template <Rounding kRounding>
NPU_LEAF_INLINE uint16_t FloatToBf16(float value) {
    const uint32_t bits = BitsOf(value);
    const bool negative = (bits >> 31) != 0;
    uint32_t add = 0;
    if constexpr (kRounding == kRoundRint) {
        add = 0x7FFF + ((bits >> 16) & 1);
    } else if constexpr (kRounding == kRoundAway) {
        add = 0x8000;
    } else if constexpr (kRounding == kRoundFloor) {
        add = negative ? 0xFFFF : 0;
    } else if constexpr (kRounding == kRoundCeil) {
        add = negative ? 0 : 0xFFFF;
    }
    return static_cast<uint16_t>(value == value ? (bits + add) >> 16 : kNanBits >> 16);
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
