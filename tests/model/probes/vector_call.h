// SPDX-License-Identifier: Apache-2.0
// One call of a vector function on an image of UB: loads the image, makes the call, stores it.
// tests/model/vector_call.py builds the struct and computes the image that must come out.
#pragma once

#include "probe_tensors.h"

namespace probe {

// How the call says which elements it handles.
enum Form : int32_t {
    kMaskBits,         // bit mask
    kMaskCount,        // number of lanes
    kCount,            // number of elements
    kCallerMaskBits,   // isSetMask = false, with a placeholder for the bits
    kCallerMaskCount,  // isSetMask = false, with a placeholder for the number of lanes
    kCallerCount,      // isSetMask = false, count form
    kOperator,
};

// In the order of the types in vector_call.py.
enum Type : int32_t {
    kHalf,
    kBfloat16,
    kFloat,
    kInt8,
    kUint8,
    kInt16,
    kUint16,
    kInt32,
    kUint32,
    kInt64,
    kUint64,
    kInt4,
};

// Mask mode and mask before the call.
enum MaskSetup : int32_t { kMaskAsIs, kMaskNormal, kMaskCounter };

struct Stride {
    int32_t block;
    int32_t repeat;
};

struct VectorCall {
    uint64_t mask[2];
    uint64_t callerMask[2];
    uint64_t scalar;  // bits
    int32_t function;
    int32_t type;  // of the destination, and of the sources unless they differ
    int32_t sourceType;
    int32_t form;
    int32_t variant;  // rounding, relation, mode: what the function has besides
    int32_t count;
    int32_t repeatTimes;
    int32_t dst, src0, src1, extra;  // bytes in UB
    Stride dstStride, src0Stride, src1Stride;
    int32_t dstPosition, src0Position, src1Position;
    int32_t maskSetup;
    int32_t maskAt;  // where to show the mask register after the call, 256 bytes; -1: nowhere
    int32_t loadBytes;
    int32_t storeBytes;

    __aicore__ inline AscendC::UnaryRepeatParams Unary() const {
        return {static_cast<uint16_t>(dstStride.block), static_cast<uint16_t>(src0Stride.block),
                static_cast<uint8_t>(dstStride.repeat), static_cast<uint8_t>(src0Stride.repeat)};
    }
    __aicore__ inline AscendC::BinaryRepeatParams Binary() const {
        return {static_cast<uint8_t>(dstStride.block),   static_cast<uint8_t>(src0Stride.block),
                static_cast<uint8_t>(src1Stride.block),  static_cast<uint8_t>(dstStride.repeat),
                static_cast<uint8_t>(src0Stride.repeat), static_cast<uint8_t>(src1Stride.repeat)};
    }
    __aicore__ inline uint8_t Repeats() const { return static_cast<uint8_t>(repeatTimes); }

    template <class T>
    __aicore__ inline T Scalar() const {
        T value;
        __builtin_memcpy(&value, &scalar, sizeof(T));
        return value;
    }
};

template <class T>
inline __aicore__ AscendC::LocalTensor<T> At(int32_t address, int32_t position, uint32_t bytes) {
    return Local<T>(static_cast<AscendC::TPosition>(position), static_cast<uint32_t>(address),
                    bytes);
}

// Length of an operand: an operator handles the whole tensor, everything else a part of its area.
template <class T>
inline __aicore__ uint32_t BytesOf(const VectorCall& call) {
    constexpr uint32_t kAreaBytes = 16384;
    return call.form == kOperator ? static_cast<uint32_t>(call.count * sizeof(T)) : kAreaBytes;
}

template <class T>
inline __aicore__ AscendC::LocalTensor<T> Dst(const VectorCall& call) {
    return At<T>(call.dst, call.dstPosition, BytesOf<T>(call));
}
template <class T>
inline __aicore__ AscendC::LocalTensor<T> Src0(const VectorCall& call) {
    return At<T>(call.src0, call.src0Position, BytesOf<T>(call));
}
template <class T>
inline __aicore__ AscendC::LocalTensor<T> Src1(const VectorCall& call) {
    return At<T>(call.src1, call.src1Position, BytesOf<T>(call));
}

template <class T>
constexpr int32_t kTypeOf = -1;
template <>
constexpr int32_t kTypeOf<half> = kHalf;
template <>
constexpr int32_t kTypeOf<bfloat16_t> = kBfloat16;
template <>
constexpr int32_t kTypeOf<float> = kFloat;
template <>
constexpr int32_t kTypeOf<int8_t> = kInt8;
template <>
constexpr int32_t kTypeOf<uint8_t> = kUint8;
template <>
constexpr int32_t kTypeOf<int16_t> = kInt16;
template <>
constexpr int32_t kTypeOf<uint16_t> = kUint16;
template <>
constexpr int32_t kTypeOf<int32_t> = kInt32;
template <>
constexpr int32_t kTypeOf<uint32_t> = kUint32;
template <>
constexpr int32_t kTypeOf<int64_t> = kInt64;
template <>
constexpr int32_t kTypeOf<uint64_t> = kUint64;
template <>
constexpr int32_t kTypeOf<AscendC::int4b_t> = kInt4;

// Stands for a type as an argument.
template <class T>
struct TypeTag {
    using Type = T;
};

// Calls visit(TypeTag<T>()) for the one of the types that the number means.
template <class... T, class Visit>
inline __aicore__ void ForType(int32_t type, Visit visit) {
    bool found = false;
    ((type == kTypeOf<T> ? (found = true, visit(TypeTag<T>())) : void()), ...);
    ASSERT(found);
}

inline __aicore__ void LoadImage(GM_ADDR in, const VectorCall& call) {
    if (call.loadBytes == 0) {
        return;
    }
    const auto bytes = static_cast<uint32_t>(call.loadBytes);
    AscendC::DataCopy(Ub<int8_t>(0, bytes), Gm<int8_t>(in), bytes);
    AscendC::SetFlag<AscendC::HardEvent::MTE2_V>(0);
    AscendC::WaitFlag<AscendC::HardEvent::MTE2_V>(0);
}

inline __aicore__ void StoreImage(GM_ADDR out, const VectorCall& call) {
    if (call.storeBytes == 0) {
        return;
    }
    const auto bytes = static_cast<uint32_t>(call.storeBytes);
    AscendC::SetFlag<AscendC::HardEvent::V_MTE3>(0);
    AscendC::WaitFlag<AscendC::HardEvent::V_MTE3>(0);
    AscendC::DataCopy(Gm<int8_t>(out), Ub<int8_t>(0, bytes), bytes);
}

inline __aicore__ void SetUpMask(const VectorCall& call) {
    if (call.maskSetup == kMaskCounter) {
        AscendC::SetMaskCount();
    }
    if (call.maskSetup != kMaskAsIs) {
        AscendC::SetVectorMask<half, AscendC::MaskMode::NORMAL>(call.callerMask[1],
                                                                call.callerMask[0]);
    }
}

// Ones in the enabled lanes of 16 bits; in counter mode in as many lanes as it counts.
inline __aicore__ void ShowMask(const VectorCall& call) {
    if (call.maskAt >= 0) {
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Duplicate<int16_t, false>(Ub<int16_t>(static_cast<uint32_t>(call.maskAt), 256),
                                           int16_t(1), AscendC::MASK_PLACEHOLDER, 1, 1, 8);
    }
    AscendC::SetMaskNorm();
    AscendC::ResetMask();
}

// The whole probe; `make` makes the call, with a copy of the mask that functions may take.
template <class Make>
inline __aicore__ void RunCall(GM_ADDR in, GM_ADDR out, GM_ADDR tiling, Make make) {
    GET_TILING_DATA_WITH_STRUCT(VectorCall, call, tiling);
    uint64_t mask[2] = {call.mask[0], call.mask[1]};
    LoadImage(in, call);
    SetUpMask(call);
    make(call, mask);
    ShowMask(call);
    StoreImage(out, call);
}

}  // namespace probe
