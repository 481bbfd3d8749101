// SPDX-License-Identifier: Apache-2.0
// Calls one vector function with one source.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t { kAbs, kExp, kLn, kSqrt, kRsqrt, kReciprocal, kRelu, kNot };

#define PROBE_CASE(Name, ...)                                                            \
    case k##Name:                                                                        \
        probe::ForType<__VA_ARGS__>(call.type, [&](auto tag) {                           \
            using T = typename decltype(tag)::Type;                                      \
            const LocalTensor<T> dst = probe::Dst<T>(call);                              \
            const LocalTensor<T> src = probe::Src0<T>(call);                             \
            switch (call.form) {                                                         \
                case probe::kMaskBits:                                                   \
                    return Name(dst, src, mask, call.Repeats(), call.Unary());           \
                case probe::kMaskCount:                                                  \
                    return Name(dst, src, mask[0], call.Repeats(), call.Unary());        \
                case probe::kCount:                                                      \
                    return Name(dst, src, call.count);                                   \
                case probe::kCallerMaskBits:                                             \
                    return Name<T, false>(dst, src, mask, call.Repeats(), call.Unary()); \
                case probe::kCallerMaskCount:                                            \
                    return Name<T, false>(dst, src, MASK_PLACEHOLDER, call.Repeats(),    \
                                          call.Unary());                                 \
                default:                                                                 \
                    ASSERT(false);                                                       \
            }                                                                            \
        });                                                                              \
        break;

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    switch (call.function) {
        PROBE_CASE(Abs, half, float)
        PROBE_CASE(Exp, half, float)
        PROBE_CASE(Ln, half, float)
        PROBE_CASE(Sqrt, half, float)
        PROBE_CASE(Rsqrt, half, float)
        PROBE_CASE(Reciprocal, half, float)
        PROBE_CASE(Relu, half, float, int32_t)
        PROBE_CASE(Not, int16_t, uint16_t)
        default:
            ASSERT(false);
    }
}
#undef PROBE_CASE

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_unary(GM_ADDR in, GM_ADDR out, GM_ADDR workspace,
                                                         GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
