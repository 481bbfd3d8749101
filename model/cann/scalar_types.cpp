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

uint16_t half::FloatToFp16(const float& value) const { return FloatToHalf(value); }
// Rounding twice is harmless: float keeps more than twice the digits of half.
uint16_t half::DoubleToFp16(const double& value) { return FloatToHalf(static_cast<float>(value)); }
uint16_t half::Int8ToFp16(const int8_t& value) const { return FloatToHalf(value); }
uint16_t half::UInt8ToFp16(const uint8_t& value) const { return FloatToHalf(value); }
uint16_t half::Int16ToFp16(const int16_t& value) const { return FloatToHalf(value); }
uint16_t half::UInt16ToFp16(const uint16_t& value) { return FloatToHalf(value); }
uint16_t half::Int32ToFp16(const int32_t& value) const {
    return FloatToHalf(static_cast<float>(value));
}
uint16_t half::UInt32ToFp16(const uint32_t& value) const {
    return FloatToHalf(static_cast<float>(value));
}

float half::ToFloat() const { return HalfToFloat(val); }
double half::ToDouble() const { return ToFloat(); }
int8_t half::ToInt8() const { return Truncate<int8_t>(ToFloat()); }
uint8_t half::ToUInt8() const { return Truncate<uint8_t>(ToFloat()); }
int16_t half::ToInt16() const { return Truncate<int16_t>(ToFloat()); }
uint16_t half::ToUInt16() const { return Truncate<uint16_t>(ToFloat()); }
int32_t half::ToInt32() const { return Truncate<int32_t>(ToFloat()); }
uint32_t half::ToUInt32() const { return Truncate<uint32_t>(ToFloat()); }
half::operator float() const { return ToFloat(); }
half::operator double() const { return ToDouble(); }
half::operator int8_t() const { return ToInt8(); }
half::operator uint8_t() const { return ToUInt8(); }
half::operator int16_t() const { return ToInt16(); }
half::operator uint16_t() const { return ToUInt16(); }
half::operator int32_t() const { return ToInt32(); }
half::operator uint32_t() const { return ToUInt32(); }
int32_t half::IsInf() const {
    return std::isinf(ToFloat()) ? (std::signbit(ToFloat()) ? -1 : 1) : 0;
}

half half::operator+(const half other) const { return half(ToFloat() + other.ToFloat()); }
half half::operator-(const half other) const { return half(ToFloat() - other.ToFloat()); }
half half::operator*(const half other) const { return half(ToFloat() * other.ToFloat()); }
half half::operator/(const half other) const { return half(ToFloat() / other.ToFloat()); }
half half::operator+=(const half other) { return *this = *this + other; }
half half::operator-=(const half other) { return *this = *this - other; }
half half::operator*=(const half other) { return *this = *this * other; }
half half::operator/=(const half other) { return *this = *this / other; }
bool half::operator==(const half& other) const { return ToFloat() == other.ToFloat(); }
bool half::operator!=(const half& other) const { return ToFloat() != other.ToFloat(); }
bool half::operator>(const half& other) const { return ToFloat() > other.ToFloat(); }
bool half::operator>=(const half& other) const { return ToFloat() >= other.ToFloat(); }
bool half::operator<(const half& other) const { return ToFloat() < other.ToFloat(); }
bool half::operator<=(const half& other) const { return ToFloat() <= other.ToFloat(); }

#define NPU_ASSIGN(Value)                       \
    half& half::operator=(const Value& value) { \
        val = half(value).val;                  \
        return *this;                           \
    }
NPU_ASSIGN(half)
NPU_ASSIGN(float)
NPU_ASSIGN(double)
NPU_ASSIGN(int8_t)
NPU_ASSIGN(uint8_t)
NPU_ASSIGN(int16_t)
NPU_ASSIGN(uint16_t)
NPU_ASSIGN(int32_t)
NPU_ASSIGN(uint32_t)
#undef NPU_ASSIGN

uint16_t bfloat16_t::FloatToBf16(const float& value) const { return FloatToBfloat16(value); }
float bfloat16_t::ToFloat() const { return Bfloat16ToFloat(val); }
bfloat16_t::operator float() const { return ToFloat(); }
bfloat16_t& bfloat16_t::operator=(const bfloat16_t& other) {
    val = other.val;
    return *this;
}
bfloat16_t& bfloat16_t::operator=(const float& value) {
    val = FloatToBfloat16(value);
    return *this;
}
bfloat16_t bfloat16_t::operator+(const bfloat16_t other) const {
    return bfloat16_t(ToFloat() + other.ToFloat());
}
bfloat16_t bfloat16_t::operator+=(const bfloat16_t other) { return *this = *this + other; }
uint16_t bfloat16_t::Bf16Add(uint16_t left, uint16_t right) const {
    return FloatToBfloat16(Bfloat16ToFloat(left) + Bfloat16ToFloat(right));
}
