// SPDX-License-Identifier: Apache-2.0
// Comparison to bit masks (vcmpv, vcmpvs, vcmp) and selection by them (vsel).
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

// Not IEEE 754 for kRelationNotEqual: it is false if an operand is a NaN (boundary value table).
template <Relation kRelation, class Value>
NPU_LEAF_INLINE bool Holds(Value a, Value b) {
    switch (kRelation) {
        case kRelationLess:
            return a < b;
        case kRelationGreater:
            return a > b;
        case kRelationEqual:
            return a == b;
        case kRelationLessEqual:
            return a <= b;
        case kRelationGreaterEqual:
            return a >= b;
        default:
            return (a < b) | (a > b);
    }
}

template <Relation kRelation, class Type>
NPU_LEAF_INLINE void CompareRow(const RowValue<Type>* a, const RowValue<Type>* b, uint8_t* target) {
    constexpr int kLanes = kRowLanes<Type>;
    uint8_t flags[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
        flags[lane] = Holds<kRelation>(a[lane], b[lane]) ? 255 : 0;
    }
    StoreBits<kLanes>(flags, target);
}

template <Relation kRelation, class Type>
void Compare(uint8_t* target, int64_t targetRepeatStride, const Operand& source0,
             const Operand& source1, uint32_t repeats) {
    constexpr int kLanes = kRowLanes<Type>;
    typename Type::Value buffer0[kLanes];
    typename Type::Value buffer1[kLanes];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* a = LoadRow<Type>(source0, repeat, kAllLanes, 0, buffer0);
        const auto* b = LoadRow<Type>(source1, repeat, kAllLanes, 0, buffer1);
        CompareRow<kRelation, Type>(a, b, target + repeat * targetRepeatStride);
    }
}

template <Relation kRelation, class Type>
void CompareScalar(uint8_t* target, int64_t targetRepeatStride, const Operand& source,
                   uint32_t scalar, uint32_t repeats) {
    constexpr int kLanes = kRowLanes<Type>;
    typename Type::Stored stored;
    __builtin_memcpy(&stored, &scalar, sizeof(stored));
    typename Type::Value buffer[kLanes];
    typename Type::Value b[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
        b[lane] = Type::Load(stored);
    }
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* a = LoadRow<Type>(source, repeat, kAllLanes, 0, buffer);
        CompareRow<kRelation, Type>(a, b, target + repeat * targetRepeatStride);
    }
}

// result = bit set ? a : b, eight lanes a byte of bits.
template <class Type>
NPU_LEAF_INLINE void SelectRow(const typename Type::Stored* a, const typename Type::Stored* b,
                               const uint8_t* bits, typename Type::Stored* result) {
    using Stored = typename Type::Stored;
    typedef Stored Vector __attribute__((vector_size(16)));
    constexpr int kPerVector = static_cast<int>(sizeof(Vector) / sizeof(Stored));
    Vector weights;
    for (int i = 0; i < kPerVector; ++i) {
        weights[i] = static_cast<Stored>(1 << i);
    }
    uint8_t own[kRowLanes<Type> / 8];
    __builtin_memcpy(own, bits, sizeof(own));
    for (int lane = 0; lane < kRowLanes<Type>; lane += kPerVector) {
        const auto byte = static_cast<Stored>(own[lane / 8] >> (lane % 8));
        Vector fromA, fromB;
        __builtin_memcpy(&fromA, a + lane, sizeof(fromA));
        __builtin_memcpy(&fromB, b + lane, sizeof(fromB));
        const Vector chosen = (weights & byte) != 0 ? fromA : fromB;
        __builtin_memcpy(result + lane, &chosen, sizeof(chosen));
    }
}

template <class Type>
void Select(const Operand& target, const Operand& source0, const Operand& source1,
            const uint8_t* bits, int64_t bitsStride, uint32_t repeats, const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    constexpr int kBytes = sizeof(typename Type::Stored);
    typename Type::Stored a[kLanes] = {};
    typename Type::Stored b[kLanes] = {};
    typename Type::Stored result[kLanes];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        ReadRepeat<kLanes, kBytes>(source0, repeat, lanes, a);
        ReadRepeat<kLanes, kBytes>(source1, repeat, lanes, b);
        SelectRow<Type>(a, b, bits + repeat * bitsStride, result);
        WriteRepeat<kLanes, kBytes>(target, repeat, lanes, result);
    }
}

template <class Type>
void SelectScalar(const Operand& target, const Operand& source0, uint32_t scalar,
                  const uint8_t* bits, int64_t bitsStride, uint32_t repeats, const Lanes& lanes) {
    constexpr int kLanesPerBlock = static_cast<int>(kBlockBytes / sizeof(typename Type::Stored));
    typename Type::Stored block[kLanesPerBlock];
    for (int lane = 0; lane < kLanesPerBlock; ++lane) {
        block[lane] = static_cast<typename Type::Stored>(scalar);
    }
    const Operand source1{reinterpret_cast<uint8_t*>(block), 0, 0};
    Select<Type>(target, source0, source1, bits, bitsStride, repeats, lanes);
}

template <Relation kRelation>
void AddRelation(Table& table) {
    table.compare[kRelation][kNpuF16] = Compare<kRelation, F16>;
    table.compare[kRelation][kNpuF32] = Compare<kRelation, F32>;
    table.compareScalar[kRelation][kNpuF16] = CompareScalar<kRelation, F16>;
    table.compareScalar[kRelation][kNpuF32] = CompareScalar<kRelation, F32>;
}

}  // namespace

void AddCompare(Table& table) {
    AddRelation<kRelationLess>(table);
    AddRelation<kRelationGreater>(table);
    AddRelation<kRelationEqual>(table);
    AddRelation<kRelationLessEqual>(table);
    AddRelation<kRelationGreaterEqual>(table);
    AddRelation<kRelationNotEqual>(table);
    table.compare[kRelationEqual][kNpuS32] = Compare<kRelationEqual, S32>;
    table.compareScalar[kRelationEqual][kNpuS32] = CompareScalar<kRelationEqual, S32>;
    table.select[kNpuF16] = Select<U16>;
    table.select[kNpuF32] = Select<U32>;
    table.selectScalar[kNpuF16] = SelectScalar<U16>;
    table.selectScalar[kNpuF32] = SelectScalar<U32>;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
