// SPDX-License-Identifier: Apache-2.0
// Reductions within a repeat: sums over a binary tree, largest and smallest, with and without
// index.
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

constexpr int kBlocksPerRepeat = 8;

// Four lanes in a register, on every machine.
typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4 __attribute__((vector_size(16)));

NPU_LEAF_INLINE Float4 Splat4(float value) { return Float4{value, value, value, value}; }
NPU_LEAF_INLINE Int4 Splat4(int32_t value) { return Int4{value, value, value, value}; }

#if defined(__clang__)
#define NPU_LEAF_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define NPU_LEAF_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, Int4{__VA_ARGS__})
#endif

// Combines neighbours, then neighbours of those, in four rows at once: one result a row.
template <class Vector, class Combine>
NPU_LEAF_INLINE Vector ReduceRows(const Vector (&rows)[4], Combine combine) {
    const auto combinePairs = [&](Vector a, Vector b) {
        return combine(NPU_LEAF_SHUFFLE(a, b, 0, 2, 4, 6), NPU_LEAF_SHUFFLE(a, b, 1, 3, 5, 7));
    };
    return combinePairs(combinePairs(rows[0], rows[1]), combinePairs(rows[2], rows[3]));
}

// Sums of neighbours: kCount values to half as many, each rounded to the type. `sums` has room for
// at least 8 values.
template <class Type, int kCount>
NPU_LEAF_INLINE void AddPairs(const RowValue<F32>* values, float* sums) {
    constexpr int kRoom = Larger(kCount / 2, 8);
    for (int i = kCount / 2; i < kRoom; ++i) {
        sums[i] = 0.0f;
    }
    for (int i = 0; i < kCount / 2; ++i) {
        sums[i] = values[2 * i] + values[2 * i + 1];
    }
    RoundChunk<Type, kRoom>(sums);
}

// -0 is the neutral element of addition: x + -0 = x for every x.
constexpr float kNeutral = -0.0f;

template <class Type>
NPU_LEAF_INLINE void SumBlocks(const RowValue<F32>* values, float* sums) {
    if constexpr (kRowLanes<Type> == 128) {
        float pairs[64], fours[32], eights[16];
        AddPairs<Type, 128>(values, pairs);
        AddPairs<Type, 64>(pairs, fours);
        AddPairs<Type, 32>(fours, eights);
        AddPairs<Type, 16>(eights, sums);
    } else {
        const auto add = [](Float4 a, Float4 b) { return a + b; };
        for (int block = 0; block < kBlocksPerRepeat; block += 4) {
            Float4 left[4], right[4];
            for (int row = 0; row < 4; ++row) {
                __builtin_memcpy(&left[row], values + 8 * (block + row), sizeof(Float4));
                __builtin_memcpy(&right[row], values + 8 * (block + row) + 4, sizeof(Float4));
            }
            const Float4 four = ReduceRows(left, add) + ReduceRows(right, add);
            __builtin_memcpy(sums + block, &four, sizeof(four));
        }
    }
}

template <class Type>
NPU_LEAF_INLINE float SumAll(const RowValue<F32>* values) {
    float blocks[8], fours[8], twos[8], one[8];
    SumBlocks<Type>(values, blocks);
    AddPairs<Type, 8>(blocks, fours);
    AddPairs<Type, 4>(fours, twos);
    AddPairs<Type, 2>(twos, one);
    return one[0];
}

template <class Type>
void Sum(uint8_t* target, int64_t targetStride, const Operand& source, uint32_t repeats,
         const Lanes& lanes) {
    if (IsEmpty<Type>(lanes)) {
        return;
    }
    float buffer[kRowLanes<Type>];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* values = LoadRow<Type>(source, repeat, lanes, kNeutral, buffer);
        const typename Type::Stored sum = Type::Store(SumAll<Type>(values));
        __builtin_memcpy(target + repeat * targetStride, &sum, sizeof(sum));
    }
}

template <class Type>
uint32_t Accumulate(const Operand& source, uint32_t repeats, const Lanes& lanes, uint32_t sum) {
    typename Type::Stored stored;
    __builtin_memcpy(&stored, &sum, sizeof(stored));
    if (IsEmpty<Type>(lanes)) {
        return sum;
    }
    float buffer[kRowLanes<Type>];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* values = LoadRow<Type>(source, repeat, lanes, kNeutral, buffer);
        stored = Type::Store(Type::Load(stored) + SumAll<Type>(values));
    }
    uint32_t result = 0;
    __builtin_memcpy(&result, &stored, sizeof(stored));
    return result;
}

// Writes kCount results, each of kLanesEach lanes; skips those without an enabled lane.
template <class Type, int kCount, int kLanesEach>
NPU_LEAF_INLINE void StoreResults(const float* results, const Lanes& lanes, uint8_t* target) {
    using Element = typename Unaligned<typename Type::Stored>::Type;
    auto* to = reinterpret_cast<Element*>(target);
    float canonical[kCount];
    for (int i = 0; i < kCount; i += 4) {
        Float4 four;
        __builtin_memcpy(&four, results + i, sizeof(four));
        four = four == four ? four : Splat4(FloatOf(kNanBits));
        __builtin_memcpy(canonical + i, &four, sizeof(four));
    }
    if (IsFull<Type>(lanes)) {
        StoreChunk<Type, kCount>(canonical, to);
        return;
    }
    Element stored[kCount];
    StoreChunk<Type, kCount>(canonical, stored);
    for (int i = 0; i < kCount; ++i) {
        if (LaneBits(lanes, i * kLanesEach, kLanesEach) != 0) {
            to[i] = stored[i];
        }
    }
}

template <class Type>
void BlockSum(uint8_t* target, int64_t targetStride, const Operand& source, uint32_t repeats,
              const Lanes& lanes) {
    constexpr int kLanesPerBlock = kRowLanes<Type> / kBlocksPerRepeat;
    float buffer[kRowLanes<Type>];
    float sums[kBlocksPerRepeat];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* values = LoadRow<Type>(source, repeat, lanes, kNeutral, buffer);
        SumBlocks<Type>(values, sums);
        StoreResults<Type, kBlocksPerRepeat, kLanesPerBlock>(sums, lanes,
                                                             target + repeat * targetStride);
    }
}

template <class Type>
void PairSum(uint8_t* target, int64_t targetStride, const Operand& source, uint32_t repeats,
             const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    float buffer[kLanes];
    float sums[kLanes / 2];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* values = LoadRow<Type>(source, repeat, lanes, kNeutral, buffer);
        AddPairs<Type, kLanes>(values, sums);
        StoreResults<Type, kLanes / 2, 2>(sums, lanes, target + repeat * targetStride);
    }
}

// Integers in the order of the floats, -0 before +0, a NaN before (smallest) or behind (largest)
// everything. A disabled lane has the key kWorst and never wins.
template <bool kLargest>
struct Key {
    static constexpr int32_t kNan = kLargest ? INT32_MAX : INT32_MIN;
    static constexpr int32_t kWorst = kLargest ? INT32_MIN : INT32_MAX;

    static NPU_LEAF_INLINE int32_t Of(float value) {
        const auto bits = static_cast<int32_t>(BitsOf(value));
        const int32_t key = bits ^ ((bits >> 31) & INT32_MAX);
        return value == value ? key : kNan;
    }
    // The bits of the value.
    static NPU_LEAF_INLINE Int4 BitsOf4(Int4 key) {
        const Int4 bits = key ^ ((key >> 31) & INT32_MAX);
        return key == Splat4(kNan) ? Splat4(static_cast<int32_t>(kNanBits)) : bits;
    }
    static NPU_LEAF_INLINE int32_t Better(int32_t a, int32_t b) {
        return (kLargest ? a > b : a < b) ? a : b;
    }
};

template <class Type, bool kLargest>
NPU_LEAF_INLINE void KeysOf(const RowValue<F32>* values, const Lanes& lanes, int32_t* keys) {
    for (int lane = 0; lane < kRowLanes<Type>; ++lane) {
        keys[lane] = Key<kLargest>::Of(values[lane]);
    }
    if (!IsFull<Type>(lanes)) {
        for (int lane = 0; lane < kRowLanes<Type>; ++lane) {
            keys[lane] = Lane(lanes, lane) ? keys[lane] : Key<kLargest>::kWorst;
        }
    }
}

// The best value of each block of kLanesPerBlock.
template <bool kLargest, int kLanesPerBlock>
NPU_LEAF_INLINE void BestOfBlocks(const int32_t* keys, float* best) {
    const auto better = [](Int4 a, Int4 b) { return (kLargest ? a > b : a < b) ? a : b; };
    for (int block = 0; block < kBlocksPerRepeat; block += 4) {
        Int4 rows[4];
        for (int row = 0; row < 4; ++row) {
            const int32_t* first = keys + (block + row) * kLanesPerBlock;
            __builtin_memcpy(&rows[row], first, sizeof(Int4));
            for (int lane = 4; lane < kLanesPerBlock; lane += 4) {
                Int4 next;
                __builtin_memcpy(&next, first + lane, sizeof(next));
                rows[row] = better(rows[row], next);
            }
        }
        const Int4 four = Key<kLargest>::BitsOf4(ReduceRows(rows, better));
        __builtin_memcpy(best + block, &four, sizeof(four));
    }
}

template <class Type, bool kLargest>
void BlockExtreme(uint8_t* target, int64_t targetStride, const Operand& source, uint32_t repeats,
                  const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    constexpr int kLanesPerBlock = kLanes / kBlocksPerRepeat;
    float buffer[kLanes];
    int32_t keys[kLanes];
    float best[kBlocksPerRepeat];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* values = LoadRow<Type>(source, repeat, lanes, 0.0f, buffer);
        KeysOf<Type, kLargest>(values, lanes, keys);
        BestOfBlocks<kLargest, kLanesPerBlock>(keys, best);
        StoreResults<Type, kBlocksPerRepeat, kLanesPerBlock>(best, lanes,
                                                             target + repeat * targetStride);
    }
}

// Bits is an unsigned integer as wide as the value.
template <class Bits>
NPU_LEAF_INLINE void StoreExtreme(uint8_t* target, ExtremeOrder order, Bits value, uint32_t index) {
    const auto narrow = static_cast<Bits>(index);
    switch (order) {
        case kOrderValueIndex:
            __builtin_memcpy(target, &value, sizeof(value));
            __builtin_memcpy(target + sizeof(value), &narrow, sizeof(narrow));
            break;
        case kOrderIndexValue:
            __builtin_memcpy(target, &narrow, sizeof(narrow));
            __builtin_memcpy(target + sizeof(narrow), &value, sizeof(value));
            break;
        case kOrderValue:
            __builtin_memcpy(target, &value, sizeof(value));
            break;
        case kOrderIndex:
            __builtin_memcpy(target, &index, sizeof(index));
            break;
    }
}

// The key of a zero of either sign is that of +0.
template <class Type, class Bits, bool kLargest>
Extreme FirstExtreme(uint8_t* target, int64_t targetStride, ExtremeOrder order,
                     const Operand& source, uint32_t repeats, const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    float buffer[kLanes], unsignedZeros[kLanes];
    int32_t keys[kLanes];
    Extreme overall{0, 0};
    int32_t overallKey = Key<kLargest>::kWorst;
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* values = LoadRow<Type>(source, repeat, lanes, 0.0f, buffer);
        for (int lane = 0; lane < kLanes; ++lane) {
            unsignedZeros[lane] = values[lane] + 0.0f;
        }
        KeysOf<Type, kLargest>(unsignedZeros, lanes, keys);
        int32_t best = Key<kLargest>::kWorst;
        for (int lane = 0; lane < kLanes; ++lane) {
            best = Key<kLargest>::Better(keys[lane], best);
        }
        int32_t index = kLanes;
        for (int lane = 0; lane < kLanes; ++lane) {
            const int32_t found = keys[lane] == best ? lane : kLanes;
            index = found < index ? found : index;
        }
        const typename Type::Stored stored = Type::Store(values[index]);
        Bits value;
        __builtin_memcpy(&value, &stored, sizeof(value));
        const auto lane = static_cast<uint32_t>(index);
        StoreExtreme(target + repeat * targetStride, order, value, lane);
        if (best != overallKey && Key<kLargest>::Better(best, overallKey) == best) {
            overallKey = best;
            overall.index = repeat * kLanes + lane;
            overall.value = value;
        }
    }
    return overall;
}

template <class Type, class Bits>
void AddType(Table& table, NpuType type) {
    table.reduce[kReduceSum][type] = Sum<Type>;
    table.reduce[kReduceBlockSum][type] = BlockSum<Type>;
    table.reduce[kReduceBlockMax][type] = BlockExtreme<Type, true>;
    table.reduce[kReduceBlockMin][type] = BlockExtreme<Type, false>;
    table.reduce[kReducePairSum][type] = PairSum<Type>;
    table.accumulate[type] = Accumulate<Type>;
    table.largest[type] = FirstExtreme<Type, Bits, true>;
    table.smallest[type] = FirstExtreme<Type, Bits, false>;
}

}  // namespace

void AddReduce(Table& table) {
    AddType<F16, uint16_t>(table, kNpuF16);
    AddType<F32, uint32_t>(table, kNpuF32);
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
