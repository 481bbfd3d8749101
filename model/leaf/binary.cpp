// SPDX-License-Identifier: Apache-2.0
// Instructions with two source tensors: vadd .. vmaddrelu and the converting forms.
#include "leaf/arithmetic.h"
#include "leaf/convert.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

// target = relu(F(source0, source1)). A 16-bit sum saturates, unlike that of vadd.
template <class F, class Type>
struct BinaryRelu : OperationShape<Type, Type, 2> {
    using Value = typename Type::Value;
    NPU_LEAF_INLINE Value Apply(Value a, Value b, Value) const { return Limit(Relu(F::Of(a, b))); }
    static NPU_LEAF_INLINE float Limit(float value) { return value; }
    static NPU_LEAF_INLINE int32_t Limit(int32_t value) { return value > 32767 ? 32767 : value; }
};

// The product is rounded, then the sum: not fused.
template <class TargetType, class SourceType>
struct ProductAndSum : OperationShape<TargetType, SourceType, 2> {
    static constexpr bool kReadsTarget = true;
    static constexpr bool kTwoSteps = true;
};

// target += source0 * source1
template <class TargetType, class SourceType>
struct MultiplyAdd : ProductAndSum<TargetType, SourceType> {
    NPU_LEAF_INLINE float First(float a, float b, float) const { return a * b; }
    NPU_LEAF_INLINE float Second(float product, float, float, float target) const {
        return product + target;
    }
};

// target = source0 * target + source1
template <class Type>
struct MultiplyTarget : ProductAndSum<Type, Type> {
    NPU_LEAF_INLINE float First(float a, float, float target) const { return a * target; }
    NPU_LEAF_INLINE float Second(float product, float, float b, float) const { return product + b; }
};

template <class Type>
struct MultiplyTargetRelu : ProductAndSum<Type, Type> {
    NPU_LEAF_INLINE float First(float a, float, float target) const { return a * target; }
    NPU_LEAF_INLINE float Second(float product, float, float b, float) const {
        return Relu(product + b);
    }
};

// target = half(relu(F(source0, source1))); a NaN gives 0.
template <class F>
struct ReluToHalf : OperationShape<F16, F32, 2> {
    NPU_LEAF_INLINE float Apply(float a, float b, float) const {
        const float sum = F::Of(a, b);
        return sum > 0.0f ? sum : 0.0f;
    }
};

// target = clip(relu(F(source0, source1))), 16-bit integers to 8 bits.
template <class F>
struct ReluToByte : OperationShape<S8, S16, 2> {
    NPU_LEAF_INLINE int32_t Apply(int32_t a, int32_t b, int32_t) const {
        const int32_t sum = F::Of(a, b);
        return sum < 0 ? 0 : (sum > 127 ? 127 : sum);
    }
};

// target = clip(rint(half(F(source0, source1)))), f16 to 8 bits; a NaN gives 0.
template <class F, class TargetType, bool kRelu>
struct HalfToByte : OperationShape<TargetType, F16, 2> {
    using Middle = F16;
    static constexpr bool kTwoSteps = true;
    NPU_LEAF_INLINE float First(float a, float b, int32_t) const { return F::Of(a, b); }
    NPU_LEAF_INLINE int32_t Second(float half, float, float, int32_t) const {
        return ToInteger<TargetType>(Rounded<kRoundRint>(kRelu ? Relu(half) : half));
    }
};

template <class Op>
void Run(const Operand& target, const Operand& source0, const Operand& source1, uint32_t repeats,
         const Lanes& lanes) {
    Elementwise<Op>::Run(Op{}, target, source0, source1, repeats, lanes);
}

using OfTypes = BinaryFn[kNpuTypeCount][kNpuTypeCount];

template <class F>
void AddFloat(OfTypes& functions) {
    functions[kNpuF16][kNpuF16] = Run<Binary<F, F16>>;
    functions[kNpuF32][kNpuF32] = Run<Binary<F, F32>>;
}

template <class F>
void AddNumbers(OfTypes& functions) {
    AddFloat<F>(functions);
    functions[kNpuS16][kNpuS16] = Run<Binary<F, S16>>;
    functions[kNpuS32][kNpuS32] = Run<Binary<F, S32>>;
}

template <class F>
void AddBits(OfTypes& functions) {
    functions[kNpuS16][kNpuS16] = Run<Binary<F, U16>>;
    functions[kNpuU16][kNpuU16] = Run<Binary<F, U16>>;
}

template <class F>
void AddRelu(OfTypes& functions) {
    functions[kNpuF16][kNpuF16] = Run<BinaryRelu<F, F16>>;
    functions[kNpuF32][kNpuF32] = Run<BinaryRelu<F, F32>>;
    functions[kNpuS16][kNpuS16] = Run<BinaryRelu<F, S16>>;
    functions[kNpuF32][kNpuF16] = Run<ReluToHalf<F>>;
    functions[kNpuF16][kNpuS8] = Run<HalfToByte<F, S8, true>>;
    functions[kNpuS16][kNpuS8] = Run<ReluToByte<F>>;
}

}  // namespace

void AddBinary(Table& table) {
    AddNumbers<Add>(table.binary[kNpuVadd]);
    AddNumbers<Subtract>(table.binary[kNpuVsub]);
    AddNumbers<Multiply>(table.binary[kNpuVmul]);
    AddNumbers<Max>(table.binary[kNpuVmax]);
    AddNumbers<Min>(table.binary[kNpuVmin]);
    AddFloat<Divide>(table.binary[kNpuVdiv]);
    AddBits<And>(table.binary[kNpuVand]);
    AddBits<Or>(table.binary[kNpuVor]);
    AddRelu<Add>(table.binary[kNpuVaddrelu]);
    AddRelu<Subtract>(table.binary[kNpuVsubrelu]);
    table.binary[kNpuVmul][kNpuF16][kNpuS8] = Run<HalfToByte<Multiply, S8, false>>;
    table.binary[kNpuVmul][kNpuF16][kNpuU8] = Run<HalfToByte<Multiply, U8, false>>;
    table.binary[kNpuVmla][kNpuF16][kNpuF16] = Run<MultiplyAdd<F16, F16>>;
    table.binary[kNpuVmla][kNpuF32][kNpuF32] = Run<MultiplyAdd<F32, F32>>;
    table.binary[kNpuVmla][kNpuF16][kNpuF32] = Run<MultiplyAdd<F32, F16>>;
    table.binary[kNpuVmadd][kNpuF16][kNpuF16] = Run<MultiplyTarget<F16>>;
    table.binary[kNpuVmadd][kNpuF32][kNpuF32] = Run<MultiplyTarget<F32>>;
    table.binary[kNpuVmaddrelu][kNpuF16][kNpuF16] = Run<MultiplyTargetRelu<F16>>;
    table.binary[kNpuVmaddrelu][kNpuF32][kNpuF32] = Run<MultiplyTargetRelu<F32>>;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
