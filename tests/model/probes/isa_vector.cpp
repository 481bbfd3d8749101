// SPDX-License-Identifier: Apache-2.0
// Calls one vector instruction with any element types, repeats and strides: the API checks types
// when compiling and passes the rest in 8 bits, so this goes to the instruction set itself.
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

struct Instruction {
    int32_t family;
    int32_t operation;
    int32_t sourceType;
    int32_t targetType;
    int32_t rounding;
    int32_t repeats;
    int32_t blockStride;  // of every operand
    int32_t repeatStride;
};

constexpr uint32_t kDst = 0;
constexpr uint32_t kSrc0 = 4096;
constexpr uint32_t kSrc1 = 8192;

template <class Enum>
__aicore__ inline Enum As(int32_t number) {
    return static_cast<Enum>(number);
}

__aicore__ inline NpuVectorStride StrideOf(const Instruction& call) {
    return {static_cast<uint16_t>(call.blockStride), static_cast<uint16_t>(call.repeatStride)};
}

__aicore__ inline uint16_t RepeatsOf(const Instruction& call) {
    return static_cast<uint16_t>(call.repeats);
}

__aicore__ inline void CallOneSource(const Instruction& call, NpuType source, NpuType target) {
    const NpuVectorStride stride = StrideOf(call);
    const NpuUnaryRepeat repeat{RepeatsOf(call), stride, stride};
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
            return NpuVectorFill(source, kDst, 1, repeat.repeats, &stride);
        default:
            return NpuVectorCopy(source, kDst, kSrc0, &repeat);
    }
}

__aicore__ inline void CallTwoSources(const Instruction& call, NpuType source, NpuType target) {
    const NpuVectorStride stride = StrideOf(call);
    const NpuBinaryRepeat repeat{RepeatsOf(call), stride, stride, stride};
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

extern "C" __global__ __aicore__ void isa_vector(GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(Instruction, call, tiling);
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
