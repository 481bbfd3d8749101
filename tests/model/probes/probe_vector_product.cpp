// SPDX-License-Identifier: Apache-2.0
// Calls MulAddDst, Axpy or AddDeqRelu.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t { kMulAddDst, kAxpy, kAddDeqRelu };

template <class T, class U>
__aicore__ inline void CallMulAddDst(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<U> src0 = probe::Src0<U>(call);
    const LocalTensor<U> src1 = probe::Src1<U>(call);
    switch (call.form) {
        case probe::kMaskBits:
            return MulAddDst(dst, src0, src1, mask, call.Repeats(), call.Binary());
        case probe::kMaskCount:
            return MulAddDst(dst, src0, src1, mask[0], call.Repeats(), call.Binary());
        case probe::kCount:
            return MulAddDst(dst, src0, src1, call.count);
        case probe::kCallerMaskBits:
            return MulAddDst<T, U, false>(dst, src0, src1, mask, call.Repeats(), call.Binary());
        case probe::kCallerMaskCount:
            return MulAddDst<T, U, false>(dst, src0, src1, MASK_PLACEHOLDER, call.Repeats(),
                                          call.Binary());
        default:
            ASSERT(false);
    }
}

template <class T, class U>
__aicore__ inline void CallAxpy(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<T> dst = probe::Dst<T>(call);
    const LocalTensor<U> src = probe::Src0<U>(call);
    const U scalar = call.Scalar<U>();
    switch (call.form) {
        case probe::kMaskBits:
            return Axpy(dst, src, scalar, mask, call.Repeats(), call.Unary());
        case probe::kMaskCount:
            return Axpy(dst, src, scalar, mask[0], call.Repeats(), call.Unary());
        case probe::kCount:
            return Axpy(dst, src, scalar, call.count);
        case probe::kCallerMaskBits:
            return Axpy<T, U, false>(dst, src, scalar, mask, call.Repeats(), call.Unary());
        case probe::kCallerMaskCount:
            return Axpy<T, U, false>(dst, src, scalar, MASK_PLACEHOLDER, call.Repeats(),
                                     call.Unary());
        default:
            ASSERT(false);
    }
}

__aicore__ inline void CallAddDeqRelu(const probe::VectorCall& call, uint64_t* mask) {
    const LocalTensor<half> dst = probe::Dst<half>(call);
    const LocalTensor<int32_t> src0 = probe::Src0<int32_t>(call);
    const LocalTensor<int32_t> src1 = probe::Src1<int32_t>(call);
    SetDeqScale(call.Scalar<half>());
    switch (call.form) {
        case probe::kMaskBits:
            return AddDeqRelu(dst, src0, src1, mask, call.Repeats(), call.Binary());
        case probe::kMaskCount:
            return AddDeqRelu(dst, src0, src1, mask[0], call.Repeats(), call.Binary());
        case probe::kCount:
            return AddDeqRelu(dst, src0, src1, call.count);
        default:
            ASSERT(false);
    }
}

template <class T, class U>
__aicore__ inline void CallProduct(const probe::VectorCall& call, uint64_t* mask) {
    if (call.function == kMulAddDst) {
        CallMulAddDst<T, U>(call, mask);
    } else {
        CallAxpy<T, U>(call, mask);
    }
}

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    if (call.function == kAddDeqRelu) {
        CallAddDeqRelu(call, mask);
    } else if (call.sourceType == probe::kFloat) {
        CallProduct<float, float>(call, mask);
    } else if (call.type == probe::kFloat) {
        CallProduct<float, half>(call, mask);
    } else {
        CallProduct<half, half>(call, mask);
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_product(GM_ADDR in, GM_ADDR out,
                                                           GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
