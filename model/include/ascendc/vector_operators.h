// SPDX-License-Identifier: Apache-2.0
// dst = src0 + src1 and the other operators on whole tensors: the count forms of the functions.
#pragma once

#include "ascendc/vector_binary.h"
#include "ascendc/vector_compare.h"

namespace AscendC {
namespace detail {

template <NpuBinaryOp op, typename T>
class TensorExpression {
 public:
    TensorExpression(const LocalTensor<T>& src0, const LocalTensor<T>& src1)
        : src0_(src0), src1_(src1) {}

    void StoreTo(const LocalTensor<T>& dst) const {
        constexpr bool kBits = op == kNpuVand || op == kNpuVor;
        const uint32_t count = dst.GetSize();
        if constexpr (kBits) {
            // These instructions handle elements of 16 bits.
            BinaryCount<op>("operator", dst, src0_, src1_,
                            static_cast<int32_t>(count * sizeof(T) / sizeof(int16_t)), kNpuS16);
        } else {
            BinaryCount<op>("operator", dst, src0_, src1_, static_cast<int32_t>(count));
        }
    }

 private:
    const LocalTensor<T>& src0_;
    const LocalTensor<T>& src1_;
};

template <typename T>
class CompareExpression {
 public:
    CompareExpression(const LocalTensor<T>& src0, const LocalTensor<T>& src1, CMPMODE cmpMode)
        : src0_(src0), src1_(src1), cmpMode_(cmpMode) {}

    template <typename U>
    void StoreTo(const LocalTensor<U>& dst) const {
        Compare(dst, src0_, src1_, cmpMode_, src0_.GetSize());
    }

 private:
    const LocalTensor<T>& src0_;
    const LocalTensor<T>& src1_;
    CMPMODE cmpMode_;
};

}  // namespace detail

#define NPU_TENSOR_OPERATOR(symbol, op, ...)                                             \
    template <typename T>                                                                \
    inline detail::TensorExpression<op, T> operator symbol(const LocalTensor<T>& src0,   \
                                                           const LocalTensor<T>& src1) { \
        static_assert(SupportType<T, __VA_ARGS__>(),                                     \
                      "operator " #symbol ": T must be one of " #__VA_ARGS__);           \
        return {src0, src1};                                                             \
    }
NPU_TENSOR_OPERATOR(+, kNpuVadd, half, float, int16_t, int32_t)
NPU_TENSOR_OPERATOR(-, kNpuVsub, half, float, int16_t, int32_t)
NPU_TENSOR_OPERATOR(*, kNpuVmul, half, float, int16_t, int32_t)
NPU_TENSOR_OPERATOR(/, kNpuVdiv, half, float)
NPU_TENSOR_OPERATOR(&, kNpuVand, int16_t, uint16_t, int32_t, uint32_t)
NPU_TENSOR_OPERATOR(|, kNpuVor, int16_t, uint16_t, int32_t, uint32_t)
#undef NPU_TENSOR_OPERATOR

#define NPU_COMPARE_OPERATOR(symbol, mode)                                            \
    template <typename T>                                                             \
    inline detail::CompareExpression<T> operator symbol(const LocalTensor<T>& src0,   \
                                                        const LocalTensor<T>& src1) { \
        static_assert(SupportType<T, half, float>(),                                  \
                      "operator " #symbol ": T must be half or float");               \
        return {src0, src1, mode};                                                    \
    }
NPU_COMPARE_OPERATOR(<, CMPMODE::LT)
NPU_COMPARE_OPERATOR(>, CMPMODE::GT)
NPU_COMPARE_OPERATOR(==, CMPMODE::EQ)
NPU_COMPARE_OPERATOR(<=, CMPMODE::LE)
NPU_COMPARE_OPERATOR(>=, CMPMODE::GE)
NPU_COMPARE_OPERATOR(!=, CMPMODE::NE)
#undef NPU_COMPARE_OPERATOR

}  // namespace AscendC
