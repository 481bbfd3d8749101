// SPDX-License-Identifier: Apache-2.0
// Scalar half and bfloat16_t: storage formats with conversions to and from float.
#pragma once

#include <cstdint>
#include <type_traits>

#include "ascendc/half_bits.h"

namespace npu_scalar {

// A 16-bit float with the arithmetic that kernels do on scalars: through float, rounded each time.
template <uint16_t (*kFromFloat)(float), float (*kToFloat)(uint16_t)>
struct Float16 {
    uint16_t bits;

    Float16() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    constexpr Float16(T value) : bits(kFromFloat(static_cast<float>(value))) {}
    operator float() const { return kToFloat(bits); }

    Float16& operator+=(Float16 other) { return *this = Float16(float(*this) + float(other)); }
    Float16& operator-=(Float16 other) { return *this = Float16(float(*this) - float(other)); }
    Float16& operator*=(Float16 other) { return *this = Float16(float(*this) * float(other)); }
    Float16& operator/=(Float16 other) { return *this = Float16(float(*this) / float(other)); }
    Float16 operator-() const { return Float16(-float(*this)); }
    friend Float16 operator+(Float16 a, Float16 b) { return a += b; }
    friend Float16 operator-(Float16 a, Float16 b) { return a -= b; }
    friend Float16 operator*(Float16 a, Float16 b) { return a *= b; }
    friend Float16 operator/(Float16 a, Float16 b) { return a /= b; }
};

}  // namespace npu_scalar

using half = npu_scalar::Float16<&npu_scalar::FloatToHalf, &npu_scalar::HalfToFloat>;
using bfloat16_t = npu_scalar::Float16<&npu_scalar::FloatToBfloat16, &npu_scalar::Bfloat16ToFloat>;

static_assert(sizeof(half) == 2 && sizeof(bfloat16_t) == 2);
static_assert(std::is_trivially_copyable_v<half>);
