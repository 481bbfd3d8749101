// SPDX-License-Identifier: Apache-2.0
// Calls one vector instruction with any element types: the API checks types when compiling, so this
// goes to the instruction set itself. No repeat is executed.
#include "kernel_operator.h"

namespace {

enum Family : int32_t {
    kUnary,
    kBinary,
    kBinaryMixed,
    kScalar,
    kConvert,
    kCompare,
    kCompareScalar,
    kCompareToMask,
    kSelect,
    kFill,
    kCopy,
};

struct TypeCall {
    int32_t family;
    int32_t operation;
    int32_t sourceType;
    int32_t targetType;
    int32_t rounding;
};

constexpr uint32_t kDst = 0;
constexpr uint32_t kSrc0 = 4096;
constexpr uint32_t kSrc1 = 8192;

template <class Enum>
__aicore__ inline Enum As(int32_t number) {
    return static_cast<Enum>(number);
}

__aicore__ inline void CallOneSource(const TypeCall& call, NpuType source, NpuType target) {
    const NpuUnaryRepeat repeat{0, {1, 8}, {1, 8}};
    const NpuVectorStride stride{1, 8};
    switch (call.family) {
        case kUnary:
            return NpuVectorUnary(As<NpuUnaryOp>(call.operation), source, kDst, kSrc0, &repeat);
        case kScalar:
            return NpuVectorScalar(As<NpuScalarOp>(call.operation), source, target, kDst, kSrc0, 1,
                                   &repeat);
        case kConvert:
            return NpuVectorConvert(source, target, As<NpuRounding>(call.rounding), kDst, kSrc0,
                                    &repeat);
        case kCompareScalar:
            return NpuVectorCompareScalar(As<NpuRelation>(call.operation), source, kDst, kSrc0, 1,
                                          &repeat);
        case kFill:
            return NpuVectorFill(source, kDst, 1, 0, &stride);
        default:
            return NpuVectorCopy(source, kDst, kSrc0, &repeat);
    }
}

__aicore__ inline void CallTwoSources(const TypeCall& call, NpuType source, NpuType target) {
    const NpuBinaryRepeat repeat{0, {1, 8}, {1, 8}, {1, 8}};
    switch (call.family) {
        case kBinary:
            return NpuVectorBinary(As<NpuBinaryOp>(call.operation), source, kDst, kSrc0, kSrc1,
                                   &repeat);
        case kBinaryMixed:
            return NpuVectorBinaryMixed(As<NpuBinaryOp>(call.operation), source, target, kDst,
                                        kSrc0, kSrc1, &repeat);
        case kCompare:
            return NpuVectorCompare(As<NpuRelation>(call.operation), source, kDst, kSrc0, kSrc1,
                                    &repeat);
        case kCompareToMask:
            NpuSetVectorMask(0, 0);
            return NpuVectorCompareToMask(As<NpuRelation>(call.operation), source, kSrc0, kSrc1,
                                          &repeat);
        default:
            return NpuVectorSelect(As<NpuSelectMode>(call.operation), source, kDst, kSrc0, kSrc1,
                                   &repeat);
    }
}

}  // namespace

extern "C" __global__ __aicore__ void isa_vector_types(GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(TypeCall, call, tiling);
    const auto source = static_cast<NpuType>(call.sourceType);
    const auto target = static_cast<NpuType>(call.targetType);
    switch (call.family) {
        case kUnary:
        case kScalar:
        case kConvert:
        case kCompareScalar:
        case kFill:
        case kCopy:
            return CallOneSource(call, source, target);
        default:
            CallTwoSources(call, source, target);
    }
}
