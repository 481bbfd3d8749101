// SPDX-License-Identifier: Apache-2.0
// Runs an operation on each element: the choice among fast paths, and the loops themselves.
//
// An operation is a small struct:
//   Target, Source0, Source1         types of value.h (Source1 = Source0 if there is one source)
//   kSources                         0, 1 or 2
//   kReadsTarget                     the target is an operand too
//   Apply(source0, source1, target)  value for one element; operands it does not have are zero
// An operation with kTwoSteps rounds in between: Apply is given as First and Second, and Second
// takes the result of First, rounded to the type Middle, before the operands.
#pragma once

#include "leaf/lanes.h"
#include "leaf/value.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

template <class Op>
class Elementwise {
    using Target = typename Op::Target;
    using Source0 = typename Op::Source0;
    using Source1 = typename Op::Source1;
    using Middle = typename Op::Middle;
    using TargetElement = typename Unaligned<typename Target::Stored>::Type;
    using Element0 = typename Unaligned<typename Source0::Stored>::Type;
    using Element1 = typename Unaligned<typename Source1::Stored>::Type;
    using TargetValue = typename Target::Value;
    using Value0 = typename Source0::Value;
    using Value1 = typename Source1::Value;

    static constexpr int kTargetBytes = sizeof(typename Target::Stored);
    static constexpr int kBytes0 = sizeof(typename Source0::Stored);
    static constexpr int kBytes1 = sizeof(typename Source1::Stored);
    static constexpr int kLanes = 256 / Larger(kTargetBytes, Larger(kBytes0, kBytes1));
    static constexpr bool kSameSize = kTargetBytes == kBytes0 && kTargetBytes == kBytes1;
    static constexpr int kBlockLanes = static_cast<int>(kBlockBytes) / kTargetBytes;
    static constexpr bool kConverted =
        Target::kConverted || Source0::kConverted || Source1::kConverted;

 public:
    static void Run(const Op& op, const Operand& target, const Operand& source0,
                    const Operand& source1, uint32_t repeats, const Lanes& given) {
        const Lanes lanes = OfRepeat<kLanes>(given);
        const int count = PrefixLength(lanes);
        if (repeats == 0 || count == 0) {
            return;
        }
        if (IsFirstOneBlock(target, source0, source1, repeats, count)) {
            RowsWithFirstBlock(op, target, source0, source1, repeats);
        } else if (!AreRows(target, source0, repeats, count)) {
            AnyRepeats(op, target, source0, source1, repeats, lanes);
        } else if (IsRow1(target, source1, repeats, count)) {
            RunRows(op, target, source0, source1, repeats, count);
        } else if (kSameSize && count == kLanes && source1.blockStride == 0) {
            RowsWithOneBlock(op, target, source0, source1, repeats);
        } else {
            AnyRepeats(op, target, source0, source1, repeats, lanes);
        }
    }

    // `count` contiguous elements; sources must be the target or not overlap it.
    static void RunContiguous(const Op& op, uint8_t* target, const uint8_t* source0,
                              const uint8_t* source1, int64_t count) {
        Loop(op, reinterpret_cast<TargetElement*>(target),
             reinterpret_cast<const Element0*>(source0), reinterpret_cast<const Element1*>(source1),
             count);
    }

 private:
    static NPU_LEAF_INLINE TargetElement* AsTarget(const Operand& operand, uint32_t repeat) {
        return reinterpret_cast<TargetElement*>(operand.data + repeat * operand.repeatStride);
    }
    static NPU_LEAF_INLINE const Element0* As0(const Operand& operand, uint32_t repeat) {
        return reinterpret_cast<const Element0*>(operand.data + repeat * operand.repeatStride);
    }
    static NPU_LEAF_INLINE const Element1* As1(const Operand& operand, uint32_t repeat) {
        return reinterpret_cast<const Element1*>(operand.data + repeat * operand.repeatStride);
    }

    // Target and first source have their lanes side by side in every repeat.
    static bool AreRows(const Operand& target, const Operand& source0, uint32_t repeats,
                        int count) {
        return count > 0 && target.blockStride == kBlockBytes &&
               (Op::kSources < 1 || source0.blockStride == kBlockBytes) &&
               Independent<kTargetBytes, kBytes0>(target, source0, repeats, count, 0);
    }
    // So has the second source.
    static bool IsRow1(const Operand& target, const Operand& source1, uint32_t repeats, int count) {
        return (Op::kSources < 2 || source1.blockStride == kBlockBytes) &&
               Independent<kTargetBytes, kBytes1>(target, source1, repeats, count, 1);
    }

    // Target and second source have their lanes side by side, the first source is one block that
    // all blocks of the repeat share: how an operation that also reads its target scales rows.
    static bool IsFirstOneBlock(const Operand& target, const Operand& source0,
                                const Operand& source1, uint32_t repeats, int count) {
        return Op::kSources == 2 && Op::kReadsTarget && kSameSize && count == kLanes &&
               source0.blockStride == 0 && target.blockStride == kBlockBytes &&
               IsRow1(target, source1, repeats, count);
    }

    static void RunRows(const Op& op, const Operand& target, const Operand& source0,
                        const Operand& source1, uint32_t repeats, int count) {
        if (count < kLanes) {
            PartialRows(op, target, source0, source1, repeats, count);
        } else if (Contiguous(target, source0, source1, repeats)) {
            Loop(op, AsTarget(target, 0), As0(source0, 0), As1(source1, 0),
                 int64_t{kLanes} * repeats);
        } else {
            Rows(op, target, source0, source1, repeats);
        }
    }

    template <int kTo, int kFrom>
    static bool Independent(const Operand& target, const Operand& source, uint32_t repeats,
                            int count, int number) {
        return number >= Op::kSources ||
               IndependentLanes({target.data, int64_t{kTo} * count, target.repeatStride},
                                {source.data, int64_t{kFrom} * count, source.repeatStride}, repeats,
                                kTo == kFrom);
    }

    // The repeats follow each other without a gap and without reading what an earlier one wrote.
    static bool Contiguous(const Operand& target, const Operand& source0, const Operand& source1,
                           uint32_t repeats) {
        if (repeats == 1) {
            return true;
        }
        const int64_t all = int64_t{kLanes} * repeats;
        const Range to{target.data, all * kTargetBytes, 0};
        return target.repeatStride == kLanes * kTargetBytes &&
               (Op::kSources < 1 || (source0.repeatStride == kLanes * kBytes0 &&
                                     IndependentLanes(to, {source0.data, all * kBytes0, 0}, 1,
                                                      kTargetBytes == kBytes0))) &&
               (Op::kSources < 2 || (source1.repeatStride == kLanes * kBytes1 &&
                                     IndependentLanes(to, {source1.data, all * kBytes1, 0}, 1,
                                                      kTargetBytes == kBytes1)));
    }

    static NPU_LEAF_INLINE TargetValue Invoke(const Op& op, Value0 value0, Value1 value1,
                                              TargetValue old) {
        if constexpr (Op::kTwoSteps) {
            const auto first = op.First(value0, value1, old);
            return op.Second(Middle::Load(Middle::Store(first)), value0, value1, old);
        } else {
            return op.Apply(value0, value1, old);
        }
    }

    // kCount elements, converted ones through arrays of values.
    template <int kCount>
    static NPU_LEAF_INLINE void Chunk(const Op& op, TargetElement* target, const Element0* source0,
                                      const Element1* source1) {
        Value0 values0[kCount];
        Value1 values1[kCount];
        TargetValue values[kCount];
        if constexpr (Op::kSources > 0 && Source0::kConverted) {
            LoadChunk<Source0, kCount>(source0, values0);
        }
        if constexpr (Op::kSources > 1 && Source1::kConverted) {
            LoadChunk<Source1, kCount>(source1, values1);
        }
        if constexpr (Op::kReadsTarget && Target::kConverted) {
            LoadChunk<Target, kCount>(target, values);
        }
        const auto value0 = [&](int i) { return Pick<Source0, 0>(values0, source0, i); };
        const auto value1 = [&](int i) { return Pick<Source1, 1>(values1, source1, i); };
        const auto old = [&](int i) { return PickOld(values, target, i); };
        typename Middle::Value first[kCount];
        if constexpr (Op::kTwoSteps) {
            for (int i = 0; i < kCount; ++i) {
                first[i] = op.First(value0(i), value1(i), old(i));
            }
            RoundChunk<Middle, kCount>(first);
        }
        const auto result = [&](int i) {
            if constexpr (Op::kTwoSteps) {
                return op.Second(first[i], value0(i), value1(i), old(i));
            } else {
                return op.Apply(value0(i), value1(i), old(i));
            }
        };
        if constexpr (Target::kConverted) {
            for (int i = 0; i < kCount; ++i) {
                values[i] = Canonical(result(i));
            }
            StoreChunk<Target, kCount>(values, target);
        } else {
            NPU_LEAF_INDEPENDENT
            for (int i = 0; i < kCount; ++i) {
                target[i] = Target::Store(result(i));
            }
        }
    }

    // What the target held at i: loaded before if it is converted, 0 if the operation does not read
    // it.
    static NPU_LEAF_INLINE TargetValue PickOld(const TargetValue* values,
                                               const TargetElement* target, int i) {
        if constexpr (Op::kReadsTarget && Target::kConverted) {
            return values[i];
        } else if constexpr (Op::kReadsTarget) {
            return Target::Load(target[i]);
        } else {
            return TargetValue{};
        }
    }

    // Value i of a source: loaded before if it is converted, 0 if the operation has no such source.
    template <class Type, int kNumber>
    static NPU_LEAF_INLINE typename Type::Value Pick(
        const typename Type::Value* values,
        const typename Unaligned<typename Type::Stored>::Type* stored, int i) {
        if constexpr (kNumber >= Op::kSources) {
            return typename Type::Value{};
        } else if constexpr (Type::kConverted) {
            return values[i];
        } else {
            return Type::Load(stored[i]);
        }
    }

    static NPU_LEAF_INLINE void Element(const Op& op, TargetElement* target,
                                        const Element0* source0, const Element1* source1,
                                        int64_t i) {
        Value0 value0{};
        Value1 value1{};
        TargetValue old{};
        if constexpr (Op::kSources > 0) {
            value0 = Source0::Load(source0[i]);
        }
        if constexpr (Op::kSources > 1) {
            value1 = Source1::Load(source1[i]);
        }
        if constexpr (Op::kReadsTarget) {
            old = Target::Load(target[i]);
        }
        target[i] = Target::Store(Invoke(op, value0, value1, old));
    }

    // A number of elements that is known when compiling.
    template <int kCount>
    static NPU_LEAF_INLINE void Fixed(const Op& op, TargetElement* target, const Element0* source0,
                                      const Element1* source1) {
        if constexpr (kConverted) {
            constexpr int kStep = kCount < kChunk ? kCount : kChunk;
            for (int i = 0; i < kCount; i += kStep) {
                Chunk<kStep>(op, target + i, source0 + i, source1 + i);
            }
        } else {
            NPU_LEAF_INDEPENDENT
            for (int64_t i = 0; i < kCount; ++i) {
                Element(op, target, source0, source1, i);
            }
        }
    }

    static NPU_LEAF_INLINE void Loop(const Op& op, TargetElement* target, const Element0* source0,
                                     const Element1* source1, int64_t count) {
        if constexpr (kConverted) {
            int64_t i = 0;
            for (; i + kChunk <= count; i += kChunk) {
                Chunk<kChunk>(op, target + i, source0 + i, source1 + i);
            }
            if (i < count) {
                Tail(op, target + i, source0 + i, source1 + i, static_cast<int>(count - i));
            }
        } else {
            NPU_LEAF_INDEPENDENT
            for (int64_t i = 0; i < count; ++i) {
                Element(op, target, source0, source1, i);
            }
        }
    }

    // Fewer elements than a chunk.
    static void Tail(const Op& op, TargetElement* target, const Element0* source0,
                     const Element1* source1, int count) {
        TargetElement targetChunk[kChunk] = {};
        Element0 chunk0[kChunk] = {};
        Element1 chunk1[kChunk] = {};
        for (int i = 0; i < count; ++i) {
            if constexpr (Op::kSources > 0) {
                chunk0[i] = source0[i];
            }
            if constexpr (Op::kSources > 1) {
                chunk1[i] = source1[i];
            }
            if constexpr (Op::kReadsTarget) {
                targetChunk[i] = target[i];
            }
        }
        Chunk<kChunk>(op, targetChunk, chunk0, chunk1);
        for (int i = 0; i < count; ++i) {
            target[i] = targetChunk[i];
        }
    }

    static void Rows(const Op& op, const Operand& target, const Operand& source0,
                     const Operand& source1, uint32_t repeats) {
        for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
            Fixed<kLanes>(op, AsTarget(target, repeat), As0(source0, repeat), As1(source1, repeat));
        }
    }

    static void PartialRows(const Op& op, const Operand& target, const Operand& source0,
                            const Operand& source1, uint32_t repeats, int count) {
        for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
            Loop(op, AsTarget(target, repeat), As0(source0, repeat), As1(source1, repeat), count);
        }
    }

    // The second source is one block that all blocks of the repeat share.
    static void RowsWithOneBlock(const Op& op, const Operand& target, const Operand& source0,
                                 const Operand& source1, uint32_t repeats) {
        for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
            Element1 shared[kLanes];
            for (int first = 0; first < kLanes; first += kBlockLanes) {
                CopyBlock(shared + first, As1(source1, repeat));
            }
            Fixed<kLanes>(op, AsTarget(target, repeat), As0(source0, repeat), shared);
        }
    }

    static void RowsWithFirstBlock(const Op& op, const Operand& target, const Operand& source0,
                                   const Operand& source1, uint32_t repeats) {
        for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
            Element0 shared[kLanes];
            for (int first = 0; first < kLanes; first += kBlockLanes) {
                CopyBlock(shared + first, As0(source0, repeat));
            }
            Fixed<kLanes>(op, AsTarget(target, repeat), shared, As1(source1, repeat));
        }
    }

    // Any strides and lanes: gathers a repeat, computes all lanes and scatters the enabled ones.
    static void AnyRepeats(const Op& op, const Operand& target, const Operand& source0,
                           const Operand& source1, uint32_t repeats, const Lanes& lanes) {
        TargetElement result[kLanes] = {};
        Element0 row0[kLanes] = {};
        Element1 row1[kLanes] = {};
        for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
            if constexpr (Op::kSources > 0) {
                ReadRepeat<kLanes, kBytes0>(source0, repeat, lanes, row0);
            }
            if constexpr (Op::kSources > 1) {
                ReadRepeat<kLanes, kBytes1>(source1, repeat, lanes, row1);
            }
            if constexpr (Op::kReadsTarget) {
                ReadRepeat<kLanes, kTargetBytes>(target, repeat, lanes, result);
            }
            Fixed<kLanes>(op, result, row0, row1);
            WriteRepeat<kLanes, kTargetBytes>(target, repeat, lanes, result);
        }
    }
};

// What most operations share.
template <class TargetType, class SourceType, int kSourceCount>
struct OperationShape {
    using Target = TargetType;
    using Source0 = SourceType;
    using Source1 = SourceType;
    using Middle = TargetType;
    static constexpr int kSources = kSourceCount;
    static constexpr bool kReadsTarget = false;
    static constexpr bool kTwoSteps = false;
};

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
