// SPDX-License-Identifier: Apache-2.0
// Element types and strides of the intrinsics in the terms of the instruction set.
#pragma once

#include <cstring>

#include "core_state.h"

namespace npu_cann {

template <class T>
constexpr NpuType kTypeOf = kNpuTypeCount;
template <>
constexpr NpuType kTypeOf<half> = kNpuF16;
template <>
constexpr NpuType kTypeOf<bfloat16_t> = kNpuBf16;
template <>
constexpr NpuType kTypeOf<float> = kNpuF32;
template <>
constexpr NpuType kTypeOf<int8_t> = kNpuS8;
template <>
constexpr NpuType kTypeOf<uint8_t> = kNpuU8;
template <>
constexpr NpuType kTypeOf<int16_t> = kNpuS16;
template <>
constexpr NpuType kTypeOf<uint16_t> = kNpuU16;
template <>
constexpr NpuType kTypeOf<int32_t> = kNpuS32;
template <>
constexpr NpuType kTypeOf<uint32_t> = kNpuU32;
template <>
constexpr NpuType kTypeOf<int64_t> = kNpuS64;
// Two int4b_t a byte: their intrinsics take void pointers.
template <>
constexpr NpuType kTypeOf<void> = kNpuS4;

template <class T>
uint32_t BitsOf(T value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(value));
    return bits;
}

}  // namespace npu_cann

// Strides as intrinsics take them; `Step` is the type of the repeat strides, which is part of the
// overload.
#define NPU_UNARY_STRIDES(Step) \
    uint8_t repeats, uint16_t targetBlock, uint16_t sourceBlock, Step targetStep, Step sourceStep
#define NPU_UNARY_REPEAT                                                \
    {                                                                   \
        repeats, {targetBlock, targetStep}, { sourceBlock, sourceStep } \
    }

#define NPU_BINARY_STRIDES                                                            \
    uint8_t repeats, uint8_t targetBlock, uint8_t source0Block, uint8_t source1Block, \
        uint8_t targetStep, uint8_t source0Step, uint8_t source1Step
#define NPU_BINARY_REPEAT                                                  \
    {                                                                      \
        repeats, {targetBlock, targetStep}, {source0Block, source0Step}, { \
            source1Block, source1Step                                      \
        }                                                                  \
    }

// Expands X(argument, T) for each type.
#define NPU_FLOATS(X, ...) X(__VA_ARGS__, half) X(__VA_ARGS__, float)
#define NPU_NUMBERS(X, ...) \
    NPU_FLOATS(X, __VA_ARGS__) X(__VA_ARGS__, int16_t) X(__VA_ARGS__, int32_t)
#define NPU_BITS16(X, ...) X(__VA_ARGS__, int16_t) X(__VA_ARGS__, uint16_t)
#define NPU_BITS32(X, ...) X(__VA_ARGS__, int32_t) X(__VA_ARGS__, uint32_t)
