// SPDX-License-Identifier: Apache-2.0
// What the matrix product knows of its element types.
#pragma once

#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

// float rounded to 11 digits behind the point, to nearest, before it is multiplied.
template <Hf32Rounding kRounding>
struct Hf32 : Plain<float, float> {
    static constexpr bool kStoredAsIs = false;
    static NPU_LEAF_INLINE float Load(float stored) {
        constexpr uint32_t kCutOff = 0xFFF;
        const uint32_t bits = BitsOf(stored);
        const uint32_t last = kRounding == kHf32TiesToEven ? (bits >> 12) & 1 : 0;
        const float rounded = FloatOf((bits + (kCutOff >> 1) + last) & ~kCutOff);
        return stored == stored ? rounded : FloatOf(kNanBits);
    }
};

// Products of two values of the type are floats.
template <class Type>
constexpr bool kExactProducts = false;
template <>
constexpr bool kExactProducts<F16> = true;

NPU_LEAF_INLINE int32_t SaturatingAdd(int32_t a, int32_t b) {
    const int64_t sum = int64_t{a} + b;
    const int64_t low = sum < INT32_MIN ? INT32_MIN : sum;
    return static_cast<int32_t>(low > INT32_MAX ? INT32_MAX : low);
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
