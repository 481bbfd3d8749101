// SPDX-License-Identifier: Apache-2.0
// Conversions between float and the bits of half and bfloat16_t.
#pragma once

#include <cstdint>
#include <cstring>

namespace npu_scalar {

inline uint32_t FloatBits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
}

inline float BitsFloat(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

// Round to nearest even; overflow gives infinity, subnormals are kept.
inline uint16_t FloatToHalf(float value) {
    const uint32_t bits = FloatBits(value);
    const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) {
        return 0x7E00;
    }
    if (magnitude >= 0x477FF000u) {
        return static_cast<uint16_t>(sign | 0x7C00u);
    }
    if (magnitude < 0x38800000u) {
        // Adding 0.5 ulp of the subnormal grid lets the float adder round to it.
        const float shifted = BitsFloat(magnitude) + BitsFloat(0x3F000000u);
        return static_cast<uint16_t>(sign | (FloatBits(shifted) - 0x3F000000u));
    }
    const uint32_t rounded = magnitude + 0xFFFu + (magnitude >> 13 & 1u);
    return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

inline float HalfToFloat(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const uint32_t exponent = half >> 10 & 0x1Fu;
    const uint32_t fraction = half & 0x3FFu;
    if (exponent == 0x1F) {
        return BitsFloat(sign | 0x7F800000u | fraction << 13);
    }
    if (exponent == 0) {
        const float magnitude = static_cast<float>(fraction) * BitsFloat(0x33800000u);  // 2^-24
        return BitsFloat(sign | FloatBits(magnitude));
    }
    return BitsFloat(sign | (exponent + 112) << 23 | fraction << 13);
}

inline uint16_t FloatToBfloat16(float value) {
    const uint32_t bits = FloatBits(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
        return 0x7FC0;
    }
    return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

inline float Bfloat16ToFloat(uint16_t value) {
    return BitsFloat(static_cast<uint32_t>(value) << 16);
}

}  // namespace npu_scalar
