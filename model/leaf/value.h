// SPDX-License-Identifier: Apache-2.0
// Element types: how they are stored, what they compute in, and how both convert.
//
// f16 and bf16 compute in float and round once on the way back. Storing a float, f16 or bf16 writes
// the canonical NaN: the one place where the levels could differ otherwise.
#pragma once

#include "leaf/level.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

// UB has no element type of its own, and GM no alignment.
template <class T>
struct Unaligned {
    typedef T Type __attribute__((may_alias, aligned(1)));
};

NPU_LEAF_INLINE uint32_t BitsOf(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof(bits));
    return bits;
}

NPU_LEAF_INLINE float FloatOf(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, sizeof(value));
    return value;
}

constexpr uint32_t kNanBits = 0x7FC00000;

NPU_LEAF_INLINE float Canonical(float value) { return value == value ? value : FloatOf(kNanBits); }

// Exact.
NPU_LEAF_INLINE float HalfToFloat(uint16_t half) {
    const uint32_t magnitude = (half & 0x7FFFu) << 13;
    const uint32_t sign = (half & 0x8000u) << 16;
    constexpr uint32_t kRebias = 112u << 23;  // exponent bias 127 - 15
    // A subnormal: its digits below a leading one, which is then taken away.
    constexpr uint32_t kOne = 113u << 23;
    const uint32_t subnormal = BitsOf(FloatOf(magnitude + kOne) - FloatOf(kOne));
    const uint32_t special = magnitude | 0x7F800000u;
    const uint32_t normal = magnitude + kRebias;
    const uint32_t finite = magnitude < (1u << 23) ? subnormal : normal;
    return FloatOf(sign | (magnitude >= (31u << 23) ? special : finite));
}

// To nearest, ties to even; a NaN gives the canonical one.
NPU_LEAF_INLINE uint16_t FloatToHalf(float value) {
    const uint32_t bits = BitsOf(value);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    const uint32_t sign = (bits >> 16) & 0x8000u;
    // Adding 0.5 lets the adder round at the last digit of a subnormal half.
    constexpr uint32_t kHalf = 126u << 23;
    const uint32_t subnormal = BitsOf(FloatOf(magnitude) + FloatOf(kHalf)) - kHalf;
    const uint32_t odd = (magnitude >> 13) & 1;
    const uint32_t normal = (magnitude - (112u << 23) + 0xFFF + odd) >> 13;
    const uint32_t finite = magnitude < (113u << 23) ? subnormal : normal;
    const uint32_t special = magnitude > 0x7F800000u ? 0x7E00u : 0x7C00u;
    const uint32_t rounded = magnitude >= (143u << 23) ? special : finite;
    return static_cast<uint16_t>((magnitude > 0x7F800000u ? 0 : sign) | rounded);
}

NPU_LEAF_INLINE uint16_t FloatToBf16(float value) {
    const uint32_t bits = BitsOf(value);
    const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    return static_cast<uint16_t>(value == value ? rounded : kNanBits >> 16);
}

template <class A, class B>
constexpr bool kSame = false;
template <class A>
constexpr bool kSame<A, A> = true;

// The types of the table. kConverted types go through chunks of floats; loading a kStoredAsIs type
// changes no bit.
template <class StoredType, class ValueType>
struct Plain {
    using Stored = StoredType;
    using Value = ValueType;
    static constexpr bool kConverted = false;
    static constexpr bool kStoredAsIs = kSame<Stored, Value>;
    static NPU_LEAF_INLINE Value Load(Stored stored) { return static_cast<Value>(stored); }
    static NPU_LEAF_INLINE Stored Store(Value value) { return static_cast<Stored>(value); }
};
struct S8 : Plain<int8_t, int32_t> {};
struct U8 : Plain<uint8_t, int32_t> {};
struct S16 : Plain<int16_t, int32_t> {};
struct U16 : Plain<uint16_t, uint32_t> {};
struct S32 : Plain<int32_t, int32_t> {};
struct U32 : Plain<uint32_t, uint32_t> {};
struct S64 : Plain<int64_t, int64_t> {};

struct F32 : Plain<float, float> {
    static NPU_LEAF_INLINE float Store(float value) { return Canonical(value); }
};
struct Bf16 : Plain<uint16_t, float> {
    static NPU_LEAF_INLINE float Load(uint16_t stored) {
        return FloatOf(static_cast<uint32_t>(stored) << 16);
    }
    static NPU_LEAF_INLINE uint16_t Store(float value) { return FloatToBf16(value); }
};
struct F16 : Plain<uint16_t, float> {
    static constexpr bool kConverted = true;
    static NPU_LEAF_INLINE float Load(uint16_t stored) { return HalfToFloat(stored); }
    static NPU_LEAF_INLINE uint16_t Store(float value) { return FloatToHalf(value); }
};

// What moves look at: the size alone.
constexpr NpuType kTwoByteTypes[] = {kNpuF16, kNpuBf16, kNpuS16, kNpuU16};
constexpr NpuType kFourByteTypes[] = {kNpuF32, kNpuS32, kNpuU32};

// A block of 32 bytes. memcpy of a block may become narrower moves, and then the processor cannot
// forward the stores to the wide loads of a vector loop.
constexpr int64_t kBlockBytes = 32;
typedef uint8_t Block __attribute__((vector_size(32), may_alias, aligned(1)));
NPU_LEAF_INLINE void CopyBlock(void* target, const void* source) {
    *static_cast<Block*>(target) = *static_cast<const Block*>(source);
}

// Elements that a converted type handles at a time: two blocks.
constexpr int kChunk = 32;

template <class Type, int kCount>
NPU_LEAF_INLINE void LoadChunk(const typename Unaligned<typename Type::Stored>::Type* stored,
                               typename Type::Value* values) {
#ifdef NPU_LEAF_F16C
    if constexpr (Type::kConverted) {
        static_assert(kCount % 8 == 0, "eight elements at a time");
        for (int i = 0; i < kCount; i += 8) {
            const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(stored + i));
            _mm256_storeu_ps(values + i, _mm256_cvtph_ps(half));
        }
        return;
    }
#endif
    constexpr int kBytes = kCount * static_cast<int>(sizeof(typename Type::Stored));
    if constexpr (Type::kStoredAsIs && kBytes % kBlockBytes == 0) {
        for (int byte = 0; byte < kBytes; byte += kBlockBytes) {
            CopyBlock(reinterpret_cast<uint8_t*>(values) + byte,
                      reinterpret_cast<const uint8_t*>(stored) + byte);
        }
    } else {
        NPU_LEAF_INDEPENDENT
        for (int i = 0; i < kCount; ++i) {
            values[i] = Type::Load(stored[i]);
        }
    }
}

// The values of a converted type must not be NaN other than the canonical one.
template <class Type, int kCount>
NPU_LEAF_INLINE void StoreChunk(const typename Type::Value* values,
                                typename Unaligned<typename Type::Stored>::Type* stored) {
#ifdef NPU_LEAF_F16C
    if constexpr (Type::kConverted) {
        static_assert(kCount % 8 == 0, "eight elements at a time");
        for (int i = 0; i < kCount; i += 8) {
            const __m128i half = _mm256_cvtps_ph(_mm256_loadu_ps(values + i),
                                                 _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
            _mm_storeu_si128(reinterpret_cast<__m128i_u*>(stored + i), half);
        }
        return;
    }
#endif
    NPU_LEAF_INDEPENDENT
    for (int i = 0; i < kCount; ++i) {
        stored[i] = Type::Store(values[i]);
    }
}

// Rounds values to the type, in place. Any NaN stays some NaN.
template <class Type, int kCount>
NPU_LEAF_INLINE void RoundChunk(typename Type::Value* values) {
    if constexpr (Type::kConverted) {
        typename Unaligned<typename Type::Stored>::Type stored[kCount];
        StoreChunk<Type, kCount>(values, stored);
        LoadChunk<Type, kCount>(stored, values);
    }
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
