// SPDX-License-Identifier: Apache-2.0
// Calls Duplicate, Copy, or a function that sets the mask.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t { kDuplicate, kCopy, kSetMask };

template <class T>
__aicore__ inline void CallDuplicate(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const T scalar = call.Scalar<T>();
    const uint8_t repeats = call.Repeats();
    const auto block = static_cast<uint16_t>(call.dstStride.block);
    const auto repeat = static_cast<uint8_t>(call.dstStride.repeat);
    switch (call.form) {
        case probe::kMaskBits:
            return Duplicate(dst, scalar, mask, repeats, block, repeat);
        case probe::kMaskCount:
            return Duplicate(dst, scalar, mask[0], repeats, block, repeat);
        case probe::kCount:
            return Duplicate(dst, scalar, call.count);
        case probe::kCallerMaskBits:
            return Duplicate<T, false>(dst, scalar, mask, repeats, block, repeat);
        case probe::kCallerMaskCount:
            return Duplicate<T, false>(dst, scalar, MASK_PLACEHOLDER, repeats, block, repeat);
        default:
            ASSERT(false);
    }
}

template <class T>
__aicore__ inline void CallCopy(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<T> src = probe::Src0<T>(call);
    const CopyRepeatParams params{static_cast<uint16_t>(call.dstStride.block),
                                  static_cast<uint16_t>(call.src0Stride.block),
                                  static_cast<uint16_t>(call.dstStride.repeat),
                                  static_cast<uint16_t>(call.src0Stride.repeat)};
    switch (call.form) {
        case probe::kMaskBits:
            return Copy(dst, src, mask, call.Repeats(), params);
        case probe::kMaskCount:
            return Copy(dst, src, mask[0], call.Repeats(), params);
        case probe::kCallerMaskBits:
            return Copy<T, false>(dst, src, mask, call.Repeats(), params);
        case probe::kCallerMaskCount:
            return Copy<T, false>(dst, src, MASK_PLACEHOLDER, call.Repeats(), params);
        default:
            ASSERT(false);
    }
}

enum MaskFunction : int32_t {
    kSetBits,
    kSetLength,
    kSetCounterBits,
    kSetCounterLength,
    kReset,
    kNormal,
    kCounter,
};

template <class T>
__aicore__ inline void CallMask(const probe::VectorCall& call, uint64_t* mask) {
    switch (call.variant) {
        case kSetBits:
            return SetVectorMask<T>(mask[1], mask[0]);
        case kSetLength:
            return SetVectorMask<T>(call.count);
        case kSetCounterBits:
            SetMaskCount();
            return SetVectorMask<T, MaskMode::COUNTER>(0, mask[0]);
        case kSetCounterLength:
            SetMaskCount();
            return SetVectorMask<T, MaskMode::COUNTER>(call.count);
        case kReset:
            return ResetMask();
        case kNormal:
            return SetMaskNorm();
        default:
            return SetMaskCount();
    }
}

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    probe::ForType<half, bfloat16_t, int16_t, uint16_t, int32_t, uint32_t, float>(
        call.type, [&](auto tag) {
            using T = typename decltype(tag)::Type;
            if (call.function == kDuplicate) {
                CallDuplicate<T>(call, mask);
            } else if (call.function == kCopy) {
                CallCopy<T>(call, mask);
            } else {
                CallMask<T>(call, mask);
            }
        });
}

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_fill(GM_ADDR in, GM_ADDR out, GM_ADDR workspace,
                                                        GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
