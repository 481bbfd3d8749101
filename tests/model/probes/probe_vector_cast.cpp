// SPDX-License-Identifier: Apache-2.0
// Calls Cast, CastDeq, AddReluCast, SubReluCast or MulCast.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t { kCast, kCastDeq, kAddReluCast, kSubReluCast, kMulCast };

template <class T, class U>
__aicore__ inline void CallCast(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<U> src = probe::Src0<U>(call);
    const auto mode = static_cast<RoundMode>(call.variant);
    SetDeqScale(call.Scalar<half>());
    switch (call.form) {
        case probe::kMaskBits:
            return Cast(dst, src, mode, mask, call.Repeats(), call.Unary());
        case probe::kMaskCount:
            return Cast(dst, src, mode, mask[0], call.Repeats(), call.Unary());
        case probe::kCount:
            return Cast(dst, src, mode, static_cast<uint32_t>(call.count));
        case probe::kCallerMaskBits:
            return Cast<T, U, false>(dst, src, mode, mask, call.Repeats(), call.Unary());
        case probe::kCallerMaskCount:
            return Cast<T, U, false>(dst, src, mode, MASK_PLACEHOLDER, call.Repeats(),
                                     call.Unary());
        default:
            ASSERT(false);
    }
}

// Calls visit(TypeTag<T>(), TypeTag<U>()) for the destination and source types.
template <class U, class... T, class Visit>
__aicore__ inline void ForTargets(const probe::VectorCall& call, Visit visit) {
    if (call.sourceType == probe::kTypeOf<U>) {
        probe::ForType<T...>(call.type, [&](auto tag) { visit(tag, probe::TypeTag<U>()); });
    }
}

__aicore__ inline void CallAnyCast(const probe::VectorCall& call, uint64_t* mask) {
    const auto visit = [&](auto target, auto source) {
        CallCast<typename decltype(target)::Type, typename decltype(source)::Type>(call, mask);
    };
    ForTargets<int4b_t, half>(call, visit);
    ForTargets<int8_t, half>(call, visit);
    ForTargets<uint8_t, half>(call, visit);
    ForTargets<int16_t, half, float>(call, visit);
    ForTargets<half, int4b_t, int8_t, uint8_t, int16_t, int32_t, float>(call, visit);
    ForTargets<bfloat16_t, int32_t, float>(call, visit);
    ForTargets<int32_t, int16_t, half, float, int64_t>(call, visit);
    ForTargets<float, int16_t, half, bfloat16_t, int32_t, float, int64_t>(call, visit);
    ForTargets<int64_t, int32_t, float>(call, visit);
}

// Settings of CastDeq: the low bits of `variant`.
constexpr int32_t kVecDeq = 1;
constexpr int32_t kHalfBlock = 2;

template <class T, bool isVecDeq, bool halfBlock>
__aicore__ inline void CallCastDeq(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<int16_t> src = probe::Src0<int16_t>(call);
    switch (call.form) {
        case probe::kMaskBits:
            return CastDeq<T, int16_t, true, isVecDeq, halfBlock>(dst, src, mask, call.Repeats(),
                                                                  call.Unary());
        case probe::kMaskCount:
            return CastDeq<T, int16_t, true, isVecDeq, halfBlock>(
                dst, src, static_cast<int32_t>(mask[0]), call.Repeats(), call.Unary());
        case probe::kCount:
            return CastDeq<T, int16_t, isVecDeq, halfBlock>(dst, src,
                                                            static_cast<uint32_t>(call.count));
        case probe::kCallerMaskCount:
            return CastDeq<T, int16_t, false, isVecDeq, halfBlock>(dst, src, 0, call.Repeats(),
                                                                   call.Unary());
        default:
            ASSERT(false);
    }
}

// One setting for all lanes comes in `scalar`; the other settings are a simple function of the lane
// that the test knows.
__aicore__ inline void SetDeq(const probe::VectorCall& call) {
    const bool isSigned = call.type == probe::kInt8;
    if ((call.variant & kVecDeq) == 0) {
        SetDeqScale(call.Scalar<float>(), static_cast<int16_t>(call.count % 7 - 3), isSigned);
        return;
    }
    VdeqInfo info;
    for (int32_t lane = 0; lane < 16; ++lane) {
        info.vdeqScale[lane] = 0.25f * static_cast<float>(lane + 1);
        info.vdeqOffset[lane] = static_cast<int16_t>(lane - 8);
        info.vdeqSignMode[lane] = isSigned;
    }
    SetDeqScale(probe::At<uint64_t>(call.extra, call.src1Position, 128), info);
    if (call.src1 == 0) {
        SetFlag<HardEvent::S_V>(0);
        WaitFlag<HardEvent::S_V>(0);
    }
}

template <class T>
__aicore__ inline void CallAnyCastDeq(const probe::VectorCall& call, uint64_t* mask) {
    SetDeq(call);
    switch (call.variant) {
        case 0:
            return CallCastDeq<T, false, false>(call, mask);
        case kVecDeq:
            return CallCastDeq<T, true, false>(call, mask);
        case kHalfBlock:
            return CallCastDeq<T, false, true>(call, mask);
        default:
            return CallCastDeq<T, true, true>(call, mask);
    }
}

#define PROBE_RELU_CAST(Name)                                                                   \
    template <class T, class U>                                                                 \
    __aicore__ inline void Call##Name(const probe::VectorCall& call, uint64_t* mask) {          \
        const LocalTensor<T> dst = probe::Dst<T>(call);                                         \
        const LocalTensor<U> src0 = probe::Src0<U>(call);                                       \
        const LocalTensor<U> src1 = probe::Src1<U>(call);                                       \
        switch (call.form) {                                                                    \
            case probe::kMaskBits:                                                              \
                return Name(dst, src0, src1, mask, call.Repeats(), call.Binary());              \
            case probe::kMaskCount:                                                             \
                return Name(dst, src0, src1, mask[0], call.Repeats(), call.Binary());           \
            case probe::kCount:                                                                 \
                return Name(dst, src0, src1, static_cast<uint32_t>(call.count));                \
            case probe::kCallerMaskBits:                                                        \
                return Name<T, U, false>(dst, src0, src1, mask, call.Repeats(), call.Binary()); \
            case probe::kCallerMaskCount:                                                       \
                return Name<T, U, false>(dst, src0, src1, MASK_PLACEHOLDER, call.Repeats(),     \
                                         call.Binary());                                        \
            default:                                                                            \
                ASSERT(false);                                                                  \
        }                                                                                       \
    }
PROBE_RELU_CAST(AddReluCast)
PROBE_RELU_CAST(SubReluCast)
#undef PROBE_RELU_CAST

template <class T>
__aicore__ inline void CallMulCast(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<half> src0 = probe::Src0<half>(call);
    const LocalTensor<half> src1 = probe::Src1<half>(call);
    switch (call.form) {
        case probe::kMaskBits:
            return MulCast(dst, src0, src1, mask, call.Repeats(), call.Binary());
        case probe::kMaskCount:
            return MulCast(dst, src0, src1, mask[0], call.Repeats(), call.Binary());
        case probe::kCount:
            return MulCast(dst, src0, src1, static_cast<uint32_t>(call.count));
        default:
            ASSERT(false);
    }
}

template <class T, class U>
__aicore__ inline void CallReluCast(const probe::VectorCall& call, uint64_t* mask) {
    if (call.function == kAddReluCast) {
        CallAddReluCast<T, U>(call, mask);
    } else {
        CallSubReluCast<T, U>(call, mask);
    }
}

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    switch (call.function) {
        case kCast:
            return CallAnyCast(call, mask);
        case kCastDeq:
            return call.type == probe::kInt8 ? CallAnyCastDeq<int8_t>(call, mask)
                                             : CallAnyCastDeq<uint8_t>(call, mask);
        case kMulCast:
            return call.type == probe::kInt8 ? CallMulCast<int8_t>(call, mask)
                                             : CallMulCast<uint8_t>(call, mask);
        default:
            if (call.sourceType == probe::kFloat) {
                CallReluCast<half, float>(call, mask);
            } else if (call.sourceType == probe::kHalf) {
                CallReluCast<int8_t, half>(call, mask);
            } else {
                CallReluCast<int8_t, int16_t>(call, mask);
            }
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_cast(GM_ADDR in, GM_ADDR out, GM_ADDR workspace,
                                                        GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
