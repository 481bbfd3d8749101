// SPDX-License-Identifier: Apache-2.0
// Calls Compare, CompareScalar, SetCmpMask or GetCmpMask.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t {
    kCompare,
    kCompareScalar,
    kCompareToMask,  // loads the register from src1 + 8 KiB before and shows it at dst afterwards
    kMoveCmpMask,    // src0 -> register -> dst
};

template <class T>
__aicore__ inline void CallCompare(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<uint8_t> dst = probe::Dst<uint8_t>(call);
    const LocalTensor<T> src0 = probe::Src0<T>(call);
    const LocalTensor<T> src1 = probe::Src1<T>(call);
    const auto mode = static_cast<CMPMODE>(call.variant);
    switch (call.form) {
        case probe::kMaskBits:
            return Compare(dst, src0, src1, mode, mask, call.Repeats(), call.Binary());
        case probe::kMaskCount:
            return Compare(probe::Dst<int8_t>(call), src0, src1, mode, mask[0], call.Repeats(),
                           call.Binary());
        case probe::kCount:
            return Compare(dst, src0, src1, mode, static_cast<uint32_t>(call.count));
        default:
            ASSERT(false);
    }
}

template <class T>
__aicore__ inline void CallOperator(const probe::VectorCall& call) {
    LocalTensor<uint8_t> dst = probe::Dst<uint8_t>(call);
    const LocalTensor<T> src0 = probe::Src0<T>(call);
    const LocalTensor<T> src1 = probe::Src1<T>(call);
    switch (static_cast<CMPMODE>(call.variant)) {
        case CMPMODE::LT:
            dst = src0 < src1;
            break;
        case CMPMODE::GT:
            dst = src0 > src1;
            break;
        case CMPMODE::EQ:
            dst = src0 == src1;
            break;
        case CMPMODE::LE:
            dst = src0 <= src1;
            break;
        case CMPMODE::GE:
            dst = src0 >= src1;
            break;
        default:
            dst = src0 != src1;
    }
}

template <class T>
__aicore__ inline void CallCompareScalar(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<uint8_t> dst = probe::Dst<uint8_t>(call);
    const LocalTensor<T> src0 = probe::Src0<T>(call);
    const T scalar = call.Scalar<T>();
    const auto mode = static_cast<CMPMODE>(call.variant);
    switch (call.form) {
        case probe::kMaskBits:
            return CompareScalar(dst, src0, scalar, mode, mask, call.Repeats(), call.Unary());
        case probe::kMaskCount:
            return CompareScalar(dst, src0, scalar, mode, mask[0], call.Repeats(), call.Unary());
        case probe::kCount:
            return CompareScalar(dst, src0, scalar, mode, static_cast<uint32_t>(call.count));
        default:
            ASSERT(false);
    }
}

template <class T>
__aicore__ inline void CallCompareToMask(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> src0 = probe::Src0<T>(call);
    const LocalTensor<T> src1 = probe::Src1<T>(call);
    const auto mode = static_cast<CMPMODE>(call.variant);
    SetCmpMask(probe::Ub<uint8_t>(static_cast<uint32_t>(call.extra), 16));
    PipeBarrier<PIPE_V>();
    switch (call.form) {
        case probe::kMaskBits:
            Compare(src0, src1, mode, mask, call.Binary());
            break;
        case probe::kMaskCount:
            Compare(src0, src1, mode, mask[0], call.Binary());
            break;
        case probe::kCallerMaskBits:
            Compare<T, false>(src0, src1, mode, mask, call.Binary());
            break;
        case probe::kCallerMaskCount:
            Compare<T, false>(src0, src1, mode, MASK_PLACEHOLDER, call.Binary());
            break;
        default:
            ASSERT(false);
    }
    PipeBarrier<PIPE_V>();
    GetCmpMask(probe::Dst<uint8_t>(call));
}

template <class T>
__aicore__ inline void Call(const probe::VectorCall& call, uint64_t* mask) {
    if (call.form == probe::kOperator) {
        if constexpr (!std::is_same_v<T, int32_t>) {
            CallOperator<T>(call);
        }
    } else if (call.function == kCompare) {
        CallCompare<T>(call, mask);
    } else if (call.function == kCompareScalar) {
        CallCompareScalar<T>(call, mask);
    } else if constexpr (!std::is_same_v<T, int32_t>) {
        CallCompareToMask<T>(call, mask);
    }
}

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    if (call.function == kMoveCmpMask) {
        SetCmpMask(probe::Src0<int32_t>(call));
        PipeBarrier<PIPE_V>();
        GetCmpMask(probe::Dst<int32_t>(call));
        return;
    }
    probe::ForType<half, float, int32_t>(
        call.sourceType, [&](auto tag) { Call<typename decltype(tag)::Type>(call, mask); });
}

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_compare(GM_ADDR in, GM_ADDR out,
                                                           GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
