// SPDX-License-Identifier: Apache-2.0
// Scalar half and bfloat16_t: storage formats with conversions to and from float.
#pragma once

#include <cstdint>
#include <type_traits>

#include "ascendc/half_bits.h"

namespace npu_scalar {

// 16 bits that convert from any number, rounding to nearest even, and to float.
template <uint16_t (*kFromFloat)(float), float (*kToFloat)(uint16_t)>
struct Float16 {
    uint16_t bits;

    Float16() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    constexpr Float16(T value) : bits(kFromFloat(static_cast<float>(value))) {}
    operator float() const { return kToFloat(bits); }
    float ToFloat() const { return kToFloat(bits); }
};

}  // namespace npu_scalar

// Arithmetic goes through float and is rounded each time.
struct half : npu_scalar::Float16<&npu_scalar::FloatToHalf, &npu_scalar::HalfToFloat> {
    using Float16::Float16;

    half& operator+=(half other) { return *this = half(float(*this) + float(other)); }
    half& operator-=(half other) { return *this = half(float(*this) - float(other)); }
    half& operator*=(half other) { return *this = half(float(*this) * float(other)); }
    half& operator/=(half other) { return *this = half(float(*this) / float(other)); }
    half operator-() const { return half(-float(*this)); }
    friend half operator+(half a, half b) { return a += b; }
    friend half operator-(half a, half b) { return a -= b; }
    friend half operator*(half a, half b) { return a *= b; }
    friend half operator/(half a, half b) { return a /= b; }
};

// The scalar unit has no arithmetic of this type; only the sum exists, as in CANN's host build.
struct bfloat16_t
    : npu_scalar::Float16<&npu_scalar::FloatToBfloat16, &npu_scalar::Bfloat16ToFloat> {
    using Float16::Float16;

    bfloat16_t& operator+=(bfloat16_t other) {
        return *this = bfloat16_t(float(*this) + float(other));
    }
    friend bfloat16_t operator+(bfloat16_t a, bfloat16_t b) { return a += b; }
};

static_assert(sizeof(half) == 2 && sizeof(bfloat16_t) == 2);
static_assert(std::is_trivially_copyable_v<half> && std::is_trivially_copyable_v<bfloat16_t>);

namespace AscendC {

inline float ToFloat(const bfloat16_t& bVal) { return bVal.ToFloat(); }

// To nearest even, as the conversion of bfloat16_t itself.
inline bfloat16_t ToBfloat16(const float& fVal) { return bfloat16_t(fVal); }

}  // namespace AscendC
