// SPDX-License-Identifier: Apache-2.0
// Vector functions with two sources of one type: Add .. Or, AddRelu, SubRelu, FusedMulAdd.
#pragma once

#include "ascendc/vector_mask.h"

namespace AscendC {
namespace detail {

template <NpuBinaryOp op, typename T>
inline void Binary(const char* function, const LocalTensor<T>& dst, const LocalTensor<T>& src0,
                   const LocalTensor<T>& src1, const NpuBinaryRepeat& repeat,
                   NpuType type = TypeOf<T>()) {
    NpuVectorBinary(op, type, UbAddress(function, dst), UbAddress(function, src0),
                    UbAddress(function, src1), &repeat);
}

template <NpuBinaryOp op, bool isSetMask, typename T, typename Mask>
inline void BinaryRepeats(const char* function, const LocalTensor<T>& dst,
                          const LocalTensor<T>& src0, const LocalTensor<T>& src1, Mask mask,
                          uint8_t repeatTimes, const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        SetMask<T, isSetMask>(function, mask);
        Binary<op>(function, dst, src0, src1, ToRepeat(repeatTimes, repeatParams));
    }
}

template <NpuBinaryOp op, typename T>
inline void BinaryCount(const char* function, const LocalTensor<T>& dst, const LocalTensor<T>& src0,
                        const LocalTensor<T>& src1, int32_t count, NpuType type = TypeOf<T>()) {
    if (ASCEND_IS_AIV) {
        OnFirst(function, count,
                [&] { Binary<op>(function, dst, src0, src1, ContiguousBinary<T, T>(), type); });
    }
}

}  // namespace detail

// The forms with a bit mask and with a number of lanes.
#define NPU_BINARY_REPEATS(Name, op, ...)                                                       \
    template <typename T, bool isSetMask = true>                                                \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src0,                     \
                     const LocalTensor<T>& src1, uint64_t mask[], const uint8_t repeatTimes,    \
                     const BinaryRepeatParams& repeatParams) {                                  \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__); \
        detail::BinaryRepeats<op, isSetMask>(#Name, dst, src0, src1, mask, repeatTimes,         \
                                             repeatParams);                                     \
    }                                                                                           \
    template <typename T, bool isSetMask = true>                                                \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src0,                     \
                     const LocalTensor<T>& src1, uint64_t mask, const uint8_t repeatTimes,      \
                     const BinaryRepeatParams& repeatParams) {                                  \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__); \
        detail::BinaryRepeats<op, isSetMask>(#Name, dst, src0, src1, mask, repeatTimes,         \
                                             repeatParams);                                     \
    }

// All three forms.
#define NPU_BINARY_FUNCTION(Name, op, ...)                                                      \
    NPU_BINARY_REPEATS(Name, op, __VA_ARGS__)                                                   \
    template <typename T>                                                                       \
    inline void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src0,                     \
                     const LocalTensor<T>& src1, const int32_t& count) {                        \
        static_assert(SupportType<T, __VA_ARGS__>(), #Name ": T must be one of " #__VA_ARGS__); \
        detail::BinaryCount<op>(#Name, dst, src0, src1, count);                                 \
    }

NPU_BINARY_FUNCTION(Add, kNpuVadd, half, float, int16_t, int32_t)
NPU_BINARY_FUNCTION(Sub, kNpuVsub, half, float, int16_t, int32_t)
NPU_BINARY_FUNCTION(Mul, kNpuVmul, half, float, int16_t, int32_t)
NPU_BINARY_FUNCTION(Div, kNpuVdiv, half, float)
NPU_BINARY_FUNCTION(Max, kNpuVmax, half, float, int16_t, int32_t)
NPU_BINARY_FUNCTION(Min, kNpuVmin, half, float, int16_t, int32_t)
NPU_BINARY_FUNCTION(AddRelu, kNpuVaddrelu, int16_t, half, float)
NPU_BINARY_FUNCTION(SubRelu, kNpuVsubrelu, int16_t, half, float)
NPU_BINARY_FUNCTION(FusedMulAdd, kNpuVmadd, half, float)
NPU_BINARY_FUNCTION(FusedMulAddRelu, kNpuVmaddrelu, half, float)
NPU_BINARY_REPEATS(And, kNpuVand, int16_t, uint16_t)
NPU_BINARY_REPEATS(Or, kNpuVor, int16_t, uint16_t)

#undef NPU_BINARY_FUNCTION
#undef NPU_BINARY_REPEATS

// The count of these two counts elements of 16 bits, also for the 32-bit types.
template <typename T>
inline void And(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1,
                const int32_t& count) {
    static_assert(SupportType<T, int16_t, uint16_t, int32_t, uint32_t>(),
                  "And: T must be one of int16_t, uint16_t, int32_t, uint32_t");
    detail::BinaryCount<kNpuVand>("And", dst, src0, src1, count, kNpuS16);
}
template <typename T>
inline void Or(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1,
               const int32_t& count) {
    static_assert(SupportType<T, int16_t, uint16_t, int32_t, uint32_t>(),
                  "Or: T must be one of int16_t, uint16_t, int32_t, uint32_t");
    detail::BinaryCount<kNpuVor>("Or", dst, src0, src1, count, kNpuS16);
}

}  // namespace AscendC
