// SPDX-License-Identifier: Apache-2.0
// The operations that instructions with two tensors and with a tensor and a scalar share.
//
// Integers wrap around. Zeros: max(+0, -0) = +0 and min(+0, -0) = -0 in either order, and relu
// gives +0 for -0 (boundary value tables of the vector API).
#pragma once

#include "leaf/elementwise.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

NPU_LEAF_INLINE int32_t Wrapped(uint32_t value) { return static_cast<int32_t>(value); }

struct Add {
    static NPU_LEAF_INLINE float Of(float a, float b) { return a + b; }
    static NPU_LEAF_INLINE int32_t Of(int32_t a, int32_t b) {
        return Wrapped(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
    }
};

struct Subtract {
    static NPU_LEAF_INLINE float Of(float a, float b) { return a - b; }
    static NPU_LEAF_INLINE int32_t Of(int32_t a, int32_t b) {
        return Wrapped(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
    }
};

struct Multiply {
    static NPU_LEAF_INLINE float Of(float a, float b) { return a * b; }
    static NPU_LEAF_INLINE int32_t Of(int32_t a, int32_t b) {
        return Wrapped(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
    }
};

struct Divide {
    static NPU_LEAF_INLINE float Of(float a, float b) { return a / b; }
};

// The comparison fails for equal operands, so that both orders differ for zeros of both signs only:
// there the sign bits decide.
struct Max {
    static NPU_LEAF_INLINE float Of(float a, float b) {
        const float first = a > b ? a : b;
        const float second = b > a ? b : a;
        const float larger = FloatOf(BitsOf(first) & BitsOf(second));
        return __builtin_isunordered(a, b) ? FloatOf(kNanBits) : larger;
    }
    static NPU_LEAF_INLINE int32_t Of(int32_t a, int32_t b) { return a > b ? a : b; }
};

struct Min {
    static NPU_LEAF_INLINE float Of(float a, float b) {
        const float first = a < b ? a : b;
        const float second = b < a ? b : a;
        const float smaller = FloatOf(BitsOf(first) | BitsOf(second));
        return __builtin_isunordered(a, b) ? FloatOf(kNanBits) : smaller;
    }
    static NPU_LEAF_INLINE int32_t Of(int32_t a, int32_t b) { return a < b ? a : b; }
};

struct And {
    static NPU_LEAF_INLINE uint32_t Of(uint32_t a, uint32_t b) { return a & b; }
};

struct Or {
    static NPU_LEAF_INLINE uint32_t Of(uint32_t a, uint32_t b) { return a | b; }
};

// target = F(source0, source1)
template <class F, class Type>
struct Binary : OperationShape<Type, Type, 2> {
    using Value = typename Type::Value;
    NPU_LEAF_INLINE Value Apply(Value a, Value b, Value) const { return F::Of(a, b); }
};

NPU_LEAF_INLINE float Relu(float value) { return value <= 0.0f ? 0.0f : value; }
NPU_LEAF_INLINE int32_t Relu(int32_t value) { return value < 0 ? 0 : value; }

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
