// SPDX-License-Identifier: Apache-2.0
// Calls Select in one of its forms.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t { kTensor, kScalar, kBareTensor, kBareScalar };

// The selection bits lie at `extra`.
template <class U>
__aicore__ inline LocalTensor<U> Bits(const probe::VectorCall& call) {
    return probe::Ub<U>(static_cast<uint32_t>(call.extra), 4096);
}

template <class T, class U>
__aicore__ inline void CallTensor(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<T> src0 = probe::Src0<T>(call);
    const LocalTensor<T> src1 = probe::Src1<T>(call);
    const auto mode = static_cast<SELMODE>(call.variant);
    switch (call.form) {
        case probe::kMaskBits:
            return Select(dst, Bits<U>(call), src0, src1, mode, mask, call.Repeats(),
                          call.Binary());
        case probe::kMaskCount:
            return Select(dst, Bits<U>(call), src0, src1, mode, mask[0], call.Repeats(),
                          call.Binary());
        case probe::kCount:
            return Select(dst, Bits<U>(call), src0, src1, mode, static_cast<uint32_t>(call.count));
        default:
            ASSERT(false);
    }
}

template <class T, class U>
__aicore__ inline void CallScalar(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<T> src0 = probe::Src0<T>(call);
    const T scalar = call.Scalar<T>();
    const auto mode = static_cast<SELMODE>(call.variant);
    switch (call.form) {
        case probe::kMaskBits:
            return Select(dst, Bits<U>(call), src0, scalar, mode, mask, call.Repeats(),
                          call.Binary());
        case probe::kMaskCount:
            return Select(dst, Bits<U>(call), src0, scalar, mode, mask[0], call.Repeats(),
                          call.Binary());
        case probe::kCount:
            return Select(dst, Bits<U>(call), src0, scalar, mode,
                          static_cast<uint32_t>(call.count));
        default:
            ASSERT(false);
    }
}

// The register of comparison bits is loaded from `scalar`, as an address, first.
template <class T>
__aicore__ inline void CallBare(const probe::VectorCall& call) {
    SetCmpMask(probe::Ub<uint8_t>(static_cast<uint32_t>(call.scalar), 16));
    PipeBarrier<PIPE_V>();
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<T> src0 = probe::Src0<T>(call);
    const LocalTensor<T> src1 = probe::Src1<T>(call);
    if (call.function == kBareScalar) {
        Select<T, uint8_t>(dst, Bits<uint8_t>(call), src0, call.Repeats(), call.Binary());
    } else if (static_cast<SELMODE>(call.variant) == SELMODE::VSEL_CMPMASK_SPR) {
        Select<T, SELMODE::VSEL_CMPMASK_SPR>(dst, src0, src1, call.Repeats(), call.Binary());
    } else {
        Select<T, SELMODE::VSEL_TENSOR_TENSOR_MODE>(dst, src0, src1, call.Repeats(), call.Binary());
    }
}

template <class T, class U>
__aicore__ inline void Call(const probe::VectorCall& call, uint64_t* mask) {
    if (call.function == kTensor) {
        CallTensor<T, U>(call, mask);
    } else if (call.function == kScalar) {
        CallScalar<T, U>(call, mask);
    } else {
        CallBare<T>(call);
    }
}

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    probe::ForType<half, float>(call.type, [&](auto tag) {
        using T = typename decltype(tag)::Type;
        probe::ForType<uint8_t, uint16_t, uint32_t, uint64_t>(call.sourceType, [&](auto bits) {
            Call<T, typename decltype(bits)::Type>(call, mask);
        });
    });
}

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_select(GM_ADDR in, GM_ADDR out,
                                                          GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
