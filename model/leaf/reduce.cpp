// SPDX-License-Identifier: Apache-2.0
// Reductions within a repeat: sums over a binary tree, largest and smallest, with and without index.
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

constexpr int kBlocksPerRepeat = 8;

// Sums of neighbours: kCount values to half as many, each rounded to the type. Room for 8 results.
template <class Type, int kCount>
NPU_LEAF_INLINE void AddPairs(const float* values, float* sums) {
    constexpr int kRoom = Larger(kCount / 2, 8);
    for (int i = 0; i < kRoom; ++i) {
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
NPU_LEAF_INLINE void SumBlocks(const float* values, float* sums) {
    if constexpr (kRowLanes<Type> == 128) {
        float pairs[64], fours[32], eights[16];
        AddPairs<Type, 128>(values, pairs);
        AddPairs<Type, 64>(pairs, fours);
        AddPairs<Type, 32>(fours, eights);
        AddPairs<Type, 16>(eights, sums);
    } else {
        float pairs[32], fours[16];
        AddPairs<Type, 64>(values, pairs);
        AddPairs<Type, 32>(pairs, fours);
        AddPairs<Type, 16>(fours, sums);
    }
}

template <class Type>
NPU_LEAF_INLINE float SumAll(const float* values) {
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
    float values[kRowLanes<Type>];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        LoadRow<Type>(source, repeat, lanes, kNeutral, values);
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
    float values[kRowLanes<Type>];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        LoadRow<Type>(source, repeat, lanes, kNeutral, values);
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
    if (IsFull<Type>(lanes)) {
        StoreChunk<Type, kCount>(results, to);
        return;
    }
    Element stored[kCount];
    StoreChunk<Type, kCount>(results, stored);
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
    float values[kRowLanes<Type>];
    float sums[kBlocksPerRepeat];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        LoadRow<Type>(source, repeat, lanes, kNeutral, values);
        SumBlocks<Type>(values, sums);
        StoreResults<Type, kBlocksPerRepeat, kLanesPerBlock>(sums, lanes,
                                                             target + repeat * targetStride);
    }
}

template <class Type>
void PairSum(uint8_t* target, int64_t targetStride, const Operand& source, uint32_t repeats,
             const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    float values[kLanes];
    float sums[kLanes / 2];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        LoadRow<Type>(source, repeat, lanes, kNeutral, values);
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
    static NPU_LEAF_INLINE float ValueOf(int32_t key) {
        const int32_t bits = key ^ ((key >> 31) & INT32_MAX);
        return key == kNan ? FloatOf(kNanBits) : FloatOf(static_cast<uint32_t>(bits));
    }
    static NPU_LEAF_INLINE int32_t Better(int32_t a, int32_t b) {
        return (kLargest ? a > b : a < b) ? a : b;
    }
};

template <bool kLargest, int kCount>
NPU_LEAF_INLINE void BetterOfPairs(const int32_t* keys, int32_t* better) {
    for (int i = 0; i < kCount / 2; ++i) {
        better[i] = Key<kLargest>::Better(keys[2 * i], keys[2 * i + 1]);
    }
}

template <class Type, bool kLargest>
NPU_LEAF_INLINE void KeysOf(const float* values, const Lanes& lanes, int32_t* keys) {
    for (int lane = 0; lane < kRowLanes<Type>; ++lane) {
        keys[lane] = Key<kLargest>::Of(values[lane]);
    }
    if (!IsFull<Type>(lanes)) {
        for (int lane = 0; lane < kRowLanes<Type>; ++lane) {
            keys[lane] = Lane(lanes, lane) ? keys[lane] : Key<kLargest>::kWorst;
        }
    }
}

template <class Type, bool kLargest>
void BlockExtreme(uint8_t* target, int64_t targetStride, const Operand& source, uint32_t repeats,
                  const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    constexpr int kLanesPerBlock = kLanes / kBlocksPerRepeat;
    float values[kLanes];
    int32_t keys[kLanes], half[kLanes / 2], quarter[kLanes / 4], eighth[kLanes / 8];
    int32_t best[kBlocksPerRepeat];
    float results[kBlocksPerRepeat];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        LoadRow<Type>(source, repeat, lanes, 0.0f, values);
        KeysOf<Type, kLargest>(values, lanes, keys);
        BetterOfPairs<kLargest, kLanes>(keys, half);
        BetterOfPairs<kLargest, kLanes / 2>(half, quarter);
        BetterOfPairs<kLargest, kLanes / 4>(quarter, eighth);
        const int32_t* blocks = eighth;
        if constexpr (kLanesPerBlock == 16) {
            BetterOfPairs<kLargest, kLanes / 8>(eighth, best);
            blocks = best;
        }
        for (int block = 0; block < kBlocksPerRepeat; ++block) {
            results[block] = Key<kLargest>::ValueOf(blocks[block]);
        }
        StoreResults<Type, kBlocksPerRepeat, kLanesPerBlock>(results, lanes,
                                                             target + repeat * targetStride);
    }
}

template <class Stored>
NPU_LEAF_INLINE void StoreExtreme(uint8_t* target, ExtremeOrder order, Stored value,
                                  uint32_t index) {
    const auto narrow = static_cast<Stored>(index);
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
template <class Type, bool kLargest>
Extreme FirstExtreme(uint8_t* target, int64_t targetStride, ExtremeOrder order,
                     const Operand& source, uint32_t repeats, const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    float values[kLanes], unsignedZeros[kLanes];
    int32_t keys[kLanes];
    Extreme overall{0, 0};
    int32_t overallKey = Key<kLargest>::kWorst;
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        LoadRow<Type>(source, repeat, lanes, 0.0f, values);
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
        using Stored = typename Type::Stored;
        float value[8] = {values[index]};
        typename Unaligned<Stored>::Type stored[8];
        StoreChunk<Type, 8>(value, stored);
        const auto lane = static_cast<uint32_t>(index);
        StoreExtreme<Stored>(target + repeat * targetStride, order, stored[0], lane);
        if (best != overallKey && Key<kLargest>::Better(best, overallKey) == best) {
            overallKey = best;
            overall.index = repeat * kLanes + lane;
            __builtin_memcpy(&overall.value, stored, sizeof(Stored));
        }
    }
    return overall;
}

template <class Type>
void AddType(Table& table, NpuType type) {
    table.reduce[kReduceSum][type] = Sum<Type>;
    table.reduce[kReduceBlockSum][type] = BlockSum<Type>;
    table.reduce[kReduceBlockMax][type] = BlockExtreme<Type, true>;
    table.reduce[kReduceBlockMin][type] = BlockExtreme<Type, false>;
    table.reduce[kReducePairSum][type] = PairSum<Type>;
    table.accumulate[type] = Accumulate<Type>;
    table.largest[type] = FirstExtreme<Type, true>;
    table.smallest[type] = FirstExtreme<Type, false>;
}

}  // namespace

void AddReduce(Table& table) {
    AddType<F16>(table, kNpuF16);
    AddType<F32>(table, kNpuF32);
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
