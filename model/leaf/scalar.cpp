// SPDX-License-Identifier: Apache-2.0
// Instructions with a tensor and a scalar: vadds .. vaxpy, shifts, vector_dup.
#include "leaf/arithmetic.h"
#include "leaf/elementwise.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

// Value of a scalar given as bits of the type.
template <class Type>
typename Type::Value ScalarOf(uint32_t bits) {
    typename Type::Stored stored;
    __builtin_memcpy(&stored, &bits, sizeof(stored));
    return Type::Load(stored);
}

// target = F(source, scalar)
template <class F, class Type>
struct WithScalar : OperationShape<Type, Type, 1> {
    using Value = typename Type::Value;
    Value scalar;
    explicit WithScalar(uint32_t bits) : scalar(ScalarOf<Type>(bits)) {}
    NPU_LEAF_INLINE Value Apply(Value x, Value, Value) const { return F::Of(x, scalar); }
};

// The sign bit decides, so +0 passes any scalar and -0 is multiplied.
template <class Type>
struct LeakyRelu : OperationShape<Type, Type, 1> {
    float scalar;
    explicit LeakyRelu(uint32_t bits) : scalar(ScalarOf<Type>(bits)) {}
    NPU_LEAF_INLINE float Apply(float x, float, float) const {
        return (BitsOf(x) >> 31) == 0 ? x : x * scalar;
    }
};

// target += source * scalar: the product is rounded, then the sum.
template <class TargetType, class SourceType>
struct Axpy : OperationShape<TargetType, SourceType, 1> {
    static constexpr bool kReadsTarget = true;
    static constexpr bool kTwoSteps = true;
    float scalar;
    explicit Axpy(uint32_t bits) : scalar(ScalarOf<SourceType>(bits)) {}
    NPU_LEAF_INLINE float First(float x, float, float) const { return x * scalar; }
    NPU_LEAF_INLINE float Second(float product, float, float, float target) const {
        return product + target;
    }
};

template <class Type>
constexpr bool kIsSigned = static_cast<typename Type::Stored>(-1) < 0;
template <class Type>
constexpr uint32_t kBits = 8 * sizeof(typename Type::Stored);

// An arithmetic shift to the left keeps the sign bit and loses the digit below it.
template <class Type>
struct ShiftLeft : OperationShape<Type, Type, 1> {
    using Value = typename Type::Value;
    uint32_t count;
    uint32_t keep;
    explicit ShiftLeft(uint32_t shift)
        : count(shift < kBits<Type> ? shift : 0), keep(shift < kBits<Type> ? ~uint32_t{0} : 0) {}
    NPU_LEAF_INLINE Value Apply(Value x, Value, Value) const {
        constexpr uint32_t kSign = kIsSigned<Type> ? uint32_t{1} << (kBits<Type> - 1) : 0;
        const auto bits = static_cast<uint32_t>(x);
        return static_cast<Value>((bits & kSign) | ((bits << count) & keep & ~kSign));
    }
};

template <class Type, bool kRound>
struct ShiftRight : OperationShape<Type, Type, 1> {
    using Value = typename Type::Value;
    uint32_t first;  // all but the last place, so that the full width can be shifted out
    uint32_t last;
    explicit ShiftRight(uint32_t shift) : first(shift > 0 ? shift - 1 : 0), last(shift > 0) {}
    NPU_LEAF_INLINE Value Apply(Value x, Value, Value) const {
        const Value partly = x >> first;
        const Value carry = kRound && last != 0 ? partly & 1 : 0;
        return (partly >> last) + carry;
    }
};

struct Fill16 : OperationShape<U16, U16, 0> {
    uint32_t scalar;
    NPU_LEAF_INLINE uint32_t Apply(uint32_t, uint32_t, uint32_t) const { return scalar; }
};
struct Fill32 : OperationShape<U32, U32, 0> {
    uint32_t scalar;
    NPU_LEAF_INLINE uint32_t Apply(uint32_t, uint32_t, uint32_t) const { return scalar; }
};

template <class Op>
void Run(const Operand& target, const Operand& source, uint32_t scalar, uint32_t repeats,
         const Lanes& lanes) {
    Elementwise<Op>::Run(Op(scalar), target, source, source, repeats, lanes);
}

template <class Op>
void RunFill(const Operand& target, uint32_t scalar, uint32_t repeats, const Lanes& lanes) {
    Op op;
    op.scalar = scalar;
    Elementwise<Op>::Run(op, target, target, target, repeats, lanes);
}

using OfTypes = ScalarFn[kNpuTypeCount][kNpuTypeCount];

template <class F>
void AddNumbers(OfTypes& functions) {
    functions[kNpuF16][kNpuF16] = Run<WithScalar<F, F16>>;
    functions[kNpuF32][kNpuF32] = Run<WithScalar<F, F32>>;
    functions[kNpuS16][kNpuS16] = Run<WithScalar<F, S16>>;
    functions[kNpuS32][kNpuS32] = Run<WithScalar<F, S32>>;
}

void AddShifts(Table& table) {
    auto& left = table.scalar[kScalarShiftLeft];
    left[kNpuS16][kNpuS16] = Run<ShiftLeft<S16>>;
    left[kNpuU16][kNpuU16] = Run<ShiftLeft<U16>>;
    left[kNpuS32][kNpuS32] = Run<ShiftLeft<S32>>;
    left[kNpuU32][kNpuU32] = Run<ShiftLeft<U32>>;
    auto& right = table.scalar[kScalarShiftRight];
    right[kNpuS16][kNpuS16] = Run<ShiftRight<S16, false>>;
    right[kNpuU16][kNpuU16] = Run<ShiftRight<U16, false>>;
    right[kNpuS32][kNpuS32] = Run<ShiftRight<S32, false>>;
    right[kNpuU32][kNpuU32] = Run<ShiftRight<U32, false>>;
    // Rounding has an effect on signed types only.
    auto& round = table.scalar[kScalarShiftRightRound];
    round[kNpuS16][kNpuS16] = Run<ShiftRight<S16, true>>;
    round[kNpuU16][kNpuU16] = Run<ShiftRight<U16, false>>;
    round[kNpuS32][kNpuS32] = Run<ShiftRight<S32, true>>;
    round[kNpuU32][kNpuU32] = Run<ShiftRight<U32, false>>;
}

}  // namespace

void AddScalar(Table& table) {
    AddNumbers<Add>(table.scalar[kScalarAdd]);
    AddNumbers<Multiply>(table.scalar[kScalarMul]);
    AddNumbers<Max>(table.scalar[kScalarMax]);
    AddNumbers<Min>(table.scalar[kScalarMin]);
    table.scalar[kScalarLeakyRelu][kNpuF16][kNpuF16] = Run<LeakyRelu<F16>>;
    table.scalar[kScalarLeakyRelu][kNpuF32][kNpuF32] = Run<LeakyRelu<F32>>;
    table.scalar[kScalarAxpy][kNpuF16][kNpuF16] = Run<Axpy<F16, F16>>;
    table.scalar[kScalarAxpy][kNpuF32][kNpuF32] = Run<Axpy<F32, F32>>;
    table.scalar[kScalarAxpy][kNpuF16][kNpuF32] = Run<Axpy<F32, F16>>;
    AddShifts(table);
    for (const NpuType type : kTwoByteTypes) {
        table.fill[type] = RunFill<Fill16>;
    }
    for (const NpuType type : kFourByteTypes) {
        table.fill[type] = RunFill<Fill32>;
    }
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
