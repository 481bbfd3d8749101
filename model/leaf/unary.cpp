// SPDX-License-Identifier: Apache-2.0
// Instructions with one source tensor: vabs .. vnot, vcopy.
#include "leaf/arithmetic.h"
#include "leaf/elementwise.h"
#include "leaf/transcendental.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

struct AbsOf {
    static NPU_LEAF_INLINE float Of(float x) { return FloatOf(BitsOf(x) & 0x7FFFFFFFu); }
};
struct ExpOf {
    static NPU_LEAF_INLINE float Of(float x) { return Exp(x); }
};
struct LnOf {
    static NPU_LEAF_INLINE float Of(float x) { return Ln(x); }
};
struct SqrtOf {
    static NPU_LEAF_INLINE float Of(float x) { return __builtin_sqrtf(x); }
};
struct RsqrtOf {
    static NPU_LEAF_INLINE float Of(float x) { return Rsqrt(x); }
};
struct RecOf {
    static NPU_LEAF_INLINE float Of(float x) { return 1.0f / x; }
};
struct ReluOf {
    static NPU_LEAF_INLINE float Of(float x) { return Relu(x); }
    static NPU_LEAF_INLINE int32_t Of(int32_t x) { return Relu(x); }
};
struct NotOf {
    static NPU_LEAF_INLINE uint32_t Of(uint32_t x) { return ~x; }
};
struct CopyOf {
    static NPU_LEAF_INLINE uint32_t Of(uint32_t x) { return x; }
};

template <class F, class Type>
struct Unary : OperationShape<Type, Type, 1> {
    using Value = typename Type::Value;
    NPU_LEAF_INLINE Value Apply(Value x, Value, Value) const { return F::Of(x); }
};

template <class F, class Type>
void Run(const Operand& target, const Operand& source, uint32_t repeats, const Lanes& lanes) {
    Elementwise<Unary<F, Type>>::Run({}, target, source, source, repeats, lanes);
}

using OfTypes = UnaryFn[kNpuTypeCount];

template <class F>
void AddFloat(OfTypes& functions) {
    functions[kNpuF16] = Run<F, F16>;
    functions[kNpuF32] = Run<F, F32>;
}

}  // namespace

void AddUnary(Table& table) {
    AddFloat<AbsOf>(table.unary[kUnaryAbs]);
    AddFloat<ExpOf>(table.unary[kUnaryExp]);
    AddFloat<LnOf>(table.unary[kUnaryLn]);
    AddFloat<SqrtOf>(table.unary[kUnarySqrt]);
    AddFloat<RsqrtOf>(table.unary[kUnaryRsqrt]);
    AddFloat<RecOf>(table.unary[kUnaryRec]);
    AddFloat<ReluOf>(table.unary[kUnaryRelu]);
    table.unary[kUnaryRelu][kNpuS32] = Run<ReluOf, S32>;
    table.unary[kUnaryNot][kNpuS16] = Run<NotOf, U16>;
    table.unary[kUnaryNot][kNpuU16] = Run<NotOf, U16>;
    for (const NpuType type : kTwoByteTypes) {
        table.unary[kUnaryCopy][type] = Run<CopyOf, U16>;
    }
    for (const NpuType type : kFourByteTypes) {
        table.unary[kUnaryCopy][type] = Run<CopyOf, U32>;
    }
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
