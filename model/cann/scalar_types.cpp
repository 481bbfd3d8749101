// SPDX-License-Identifier: Apache-2.0
// Scalar arithmetic of half and bfloat16_t as the real headers declare it: through float, rounded
// to nearest even each time, as in the other front end.
#include <cmath>
#include <limits>

#include "core_state.h"
#include "include/ascendc/half_bits.h"

namespace {

using npu_scalar::Bfloat16ToFloat;
using npu_scalar::FloatToBfloat16;
using npu_scalar::FloatToHalf;
using npu_scalar::HalfToFloat;

// Toward zero, to the nearest value that Integer has; NaN gives 0.
template <class Integer>
Integer Truncate(float value) {
    using Limits = std::numeric_limits<Integer>;
    if (std::isnan(value)) {
        return 0;
    }
    if (value <= static_cast<float>(Limits::min())) {
        return Limits::min();
    }
    return value >= static_cast<float>(Limits::max()) ? Limits::max() : static_cast<Integer>(value);
}

}  // namespace

namespace float16 {

uint16_t Fp16T::FloatToFp16(const float& value) const { return FloatToHalf(value); }
// Rounding twice is harmless: float keeps more than twice the digits of half.
uint16_t Fp16T::DoubleToFp16(const double& value) { return FloatToHalf(static_cast<float>(value)); }
uint16_t Fp16T::Int8ToFp16(const int8_t& value) const { return FloatToHalf(value); }
uint16_t Fp16T::UInt8ToFp16(const uint8_t& value) const { return FloatToHalf(value); }
uint16_t Fp16T::Int16ToFp16(const int16_t& value) const { return FloatToHalf(value); }
uint16_t Fp16T::UInt16ToFp16(const uint16_t& value) { return FloatToHalf(value); }
uint16_t Fp16T::Int32ToFp16(const int32_t& value) const {
    return FloatToHalf(static_cast<float>(value));
}
uint16_t Fp16T::UInt32ToFp16(const uint32_t& value) const {
    return FloatToHalf(static_cast<float>(value));
}

float Fp16T::ToFloat() const { return HalfToFloat(val); }
double Fp16T::ToDouble() const { return ToFloat(); }
int8_t Fp16T::ToInt8() const { return Truncate<int8_t>(ToFloat()); }
uint8_t Fp16T::ToUInt8() const { return Truncate<uint8_t>(ToFloat()); }
int16_t Fp16T::ToInt16() const { return Truncate<int16_t>(ToFloat()); }
uint16_t Fp16T::ToUInt16() const { return Truncate<uint16_t>(ToFloat()); }
int32_t Fp16T::ToInt32() const { return Truncate<int32_t>(ToFloat()); }
uint32_t Fp16T::ToUInt32() const { return Truncate<uint32_t>(ToFloat()); }
Fp16T::operator float() const { return ToFloat(); }
Fp16T::operator double() const { return ToDouble(); }
Fp16T::operator int8_t() const { return ToInt8(); }
Fp16T::operator uint8_t() const { return ToUInt8(); }
Fp16T::operator int16_t() const { return ToInt16(); }
Fp16T::operator uint16_t() const { return ToUInt16(); }
Fp16T::operator int32_t() const { return ToInt32(); }
Fp16T::operator uint32_t() const { return ToUInt32(); }
int32_t Fp16T::IsInf() const {
    return std::isinf(ToFloat()) ? (std::signbit(ToFloat()) ? -1 : 1) : 0;
}

Fp16T Fp16T::operator+(const Fp16T other) const { return Fp16T(ToFloat() + other.ToFloat()); }
Fp16T Fp16T::operator-(const Fp16T other) const { return Fp16T(ToFloat() - other.ToFloat()); }
Fp16T Fp16T::operator*(const Fp16T other) const { return Fp16T(ToFloat() * other.ToFloat()); }
Fp16T Fp16T::operator/(const Fp16T other) const { return Fp16T(ToFloat() / other.ToFloat()); }
Fp16T Fp16T::operator+=(const Fp16T other) { return *this = *this + other; }
Fp16T Fp16T::operator-=(const Fp16T other) { return *this = *this - other; }
Fp16T Fp16T::operator*=(const Fp16T other) { return *this = *this * other; }
Fp16T Fp16T::operator/=(const Fp16T other) { return *this = *this / other; }
bool Fp16T::operator==(const Fp16T& other) const { return ToFloat() == other.ToFloat(); }
bool Fp16T::operator!=(const Fp16T& other) const { return ToFloat() != other.ToFloat(); }
bool Fp16T::operator>(const Fp16T& other) const { return ToFloat() > other.ToFloat(); }
bool Fp16T::operator>=(const Fp16T& other) const { return ToFloat() >= other.ToFloat(); }
bool Fp16T::operator<(const Fp16T& other) const { return ToFloat() < other.ToFloat(); }
bool Fp16T::operator<=(const Fp16T& other) const { return ToFloat() <= other.ToFloat(); }

#define NPU_ASSIGN(Value)                         \
    Fp16T& Fp16T::operator=(const Value& value) { \
        val = Fp16T(value).val;                   \
        return *this;                             \
    }
NPU_ASSIGN(Fp16T)
NPU_ASSIGN(float)
NPU_ASSIGN(double)
NPU_ASSIGN(int8_t)
NPU_ASSIGN(uint8_t)
NPU_ASSIGN(int16_t)
NPU_ASSIGN(uint16_t)
NPU_ASSIGN(int32_t)
NPU_ASSIGN(uint32_t)
#undef NPU_ASSIGN

}  // namespace float16

namespace bfloat16 {

uint16_t Bf16T::FloatToBf16(const float& value) const { return FloatToBfloat16(value); }
float Bf16T::ToFloat() const { return Bfloat16ToFloat(val); }
Bf16T::operator float() const { return ToFloat(); }
Bf16T& Bf16T::operator=(const Bf16T& other) {
    val = other.val;
    return *this;
}
Bf16T& Bf16T::operator=(const float& value) {
    val = FloatToBfloat16(value);
    return *this;
}
Bf16T Bf16T::operator+(const Bf16T other) const { return Bf16T(ToFloat() + other.ToFloat()); }
Bf16T Bf16T::operator+=(const Bf16T other) { return *this = *this + other; }
uint16_t Bf16T::Bf16Add(uint16_t left, uint16_t right) const {
    return FloatToBfloat16(Bfloat16ToFloat(left) + Bfloat16ToFloat(right));
}

}  // namespace bfloat16
