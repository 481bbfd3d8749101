// SPDX-License-Identifier: Apache-2.0
// exp, ln and 1/sqrt of one float, without libm and without branches: they vectorise in a loop.
//
// Measured over all floats against double: exp and ln stay below 1 ulp, 1/sqrt is correctly
// rounded. The document gives no accuracy for exp and ln on this chip, and says that 1/sqrt and 1/x
// miss a relative accuracy of 1e-4: kernels must not count on more.
#pragma once

#include "leaf/value.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

NPU_LEAF_INLINE float PowerOfTwo(int32_t exponent) {
    return FloatOf(static_cast<uint32_t>(127 + exponent) << 23);
}

// exp(x) = 2^n exp(r) with n = round(x / ln 2), exp(r) = 1 + r + r^2 q(r). Coefficients: minimax in
// relative error on |r| <= ln 2 / 2, own computation.
NPU_LEAF_INLINE float Exp(float x) {
    // Beyond these the result is 0 or infinity.
    const float atLeast = x < -105.0f ? -105.0f : x;
    const float clamped = atLeast > 89.0f ? 89.0f : atLeast;
    constexpr float kShift = 12582912.0f;  // 1.5 * 2^23: its last digit counts one
    const float shifted = clamped * 1.44269504f + kShift;
    const auto n = static_cast<int32_t>(BitsOf(shifted) - BitsOf(kShift));
    const float whole = shifted - kShift;
    // ln 2 in two parts; n times the first is exact.
    const float r = (clamped - whole * 0x1.63p-1f) - whole * -0x1.bd0106p-13f;
    float q = 0x1.6a2256p-10f;
    q = q * r + 0x1.123b02p-7f;
    q = q * r + 0x1.5558f8p-5f;
    q = q * r + 0x1.555490p-3f;
    q = q * r + 0x1.fffffcp-2f;
    const float power = 1.0f + (r + r * r * q);
    // Two factors: 2^n alone need not be a normal float. Only the last product can round.
    const int32_t half = n >> 1;
    const float result = power * PowerOfTwo(half) * PowerOfTwo(n - half);
    return x == x ? result : x;
}

// ln(x) = e ln 2 + ln(1 + f), with 1 + f between sqrt(1/2) and sqrt(2); ln(1 + f) =
// f - f^2 / 2 + f^3 p(f). Coefficients: minimax in relative error, own computation.
NPU_LEAF_INLINE float Ln(float x) {
    constexpr float kSmallestNormal = 0x1p-126f;
    const bool subnormal = x < kSmallestNormal;
    const float normal = subnormal ? x * 0x1p23f : x;
    constexpr uint32_t kRootHalf = 0x3F3504F3;
    const uint32_t offset = BitsOf(normal) - kRootHalf;
    const int32_t exponent = static_cast<int32_t>(offset) >> 23;
    const float e = static_cast<float>(exponent) - (subnormal ? 23.0f : 0.0f);
    const float f = FloatOf((offset & 0x7FFFFFu) + kRootHalf) - 1.0f;
    float p = 0x1.1457c4p-4f;
    p = p * f + -0x1.de3c1cp-4f;
    p = p * f + 0x1.e6f062p-4f;
    p = p * f + -0x1.fc2206p-4f;
    p = p * f + 0x1.233768p-3f;
    p = p * f + -0x1.555c4ep-3f;
    p = p * f + 0x1.99a4b6p-3f;
    p = p * f + -0x1.000006p-2f;
    p = p * f + 0x1.555548p-2f;
    const float square = f * f;
    const float tail = square * f * p + e * -0x1.bd0106p-13f;
    const float result = e * 0x1.63p-1f + (f - (0.5f * square - tail));
    const float positive = x == FloatOf(0x7F800000) ? x : result;
    const float zero = x == 0.0f ? FloatOf(0xFF800000) : positive;
    return x >= 0.0f ? zero : FloatOf(kNanBits);
}

NPU_LEAF_INLINE float Rsqrt(float x) {
    return static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(x)));
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
