// SPDX-License-Identifier: Apache-2.0
// The values of one repeat as an array, for instructions that are not one element at a time.
#pragma once

#include "leaf/lanes.h"
#include "leaf/value.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

template <class Type>
constexpr int kRowLanes = 256 / static_cast<int>(sizeof(typename Type::Stored));

constexpr Lanes kAllLanes{~uint64_t{0}, ~uint64_t{0}};

template <class Type>
NPU_LEAF_INLINE bool IsFull(const Lanes& lanes) {
    return lanes.low == ~uint64_t{0} && (kRowLanes<Type> == 64 || lanes.high == ~uint64_t{0});
}

template <class Type>
NPU_LEAF_INLINE bool IsEmpty(const Lanes& lanes) {
    return lanes.low == 0 && (kRowLanes<Type> == 64 || lanes.high == 0);
}

template <class Type>
using RowValue = typename Unaligned<typename Type::Value>::Type;

// All values of a repeat, in `buffer` or where they are stored; a disabled lane has the value
// `neutral`.
template <class Type>
NPU_LEAF_INLINE const RowValue<Type>* LoadRow(const Operand& source, uint32_t repeat,
                                              const Lanes& lanes, typename Type::Value neutral,
                                              typename Type::Value* buffer) {
    constexpr int kLanes = kRowLanes<Type>;
    using Element = typename Unaligned<typename Type::Stored>::Type;
    if (IsFull<Type>(lanes) && source.blockStride == kBlockBytes) {
        const uint8_t* row = source.data + repeat * source.repeatStride;
        if constexpr (Type::kStoredAsIs) {
            return reinterpret_cast<const RowValue<Type>*>(row);
        }
        LoadChunk<Type, kLanes>(reinterpret_cast<const Element*>(row), buffer);
        return buffer;
    }
    Element row[kLanes] = {};
    ReadRepeat<kLanes, sizeof(Element)>(source, repeat, lanes, row);
    LoadChunk<Type, kLanes>(row, buffer);
    if (!IsFull<Type>(lanes)) {
        for (int lane = 0; lane < kLanes; ++lane) {
            buffer[lane] = Lane(lanes, lane) ? buffer[lane] : neutral;
        }
    }
    return buffer;
}

// Writes bits of lane flags, 0 or 255 each, eight a byte from the lowest on.
template <int kLanes>
NPU_LEAF_INLINE void StoreBits(const uint8_t* flags, uint8_t* target) {
#if defined(__SSE2__)
    for (int lane = 0; lane < kLanes; lane += 16) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(flags + lane));
        const auto bits = static_cast<uint16_t>(_mm_movemask_epi8(sixteen));
        __builtin_memcpy(target + lane / 8, &bits, sizeof(bits));
    }
#else
    for (int lane = 0; lane < kLanes; lane += 8) {
        uint32_t bits = 0;
        for (int i = 0; i < 8; ++i) {
            bits |= (flags[lane + i] & 1u) << i;
        }
        target[lane / 8] = static_cast<uint8_t>(bits);
    }
#endif
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
