// SPDX-License-Identifier: Apache-2.0
// Calls one vector function with two sources of the destination's type.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t {
    kAdd,
    kSub,
    kMul,
    kDiv,
    kMax,
    kMin,
    kAddRelu,
    kSubRelu,
    kFusedMulAdd,
    kFusedMulAddRelu,
    kAnd,
    kOr,
};

#define PROBE_REPEATS(Name, ...)                                                                   \
    if (call.function == k##Name && call.form != probe::kCount && call.form != probe::kOperator) { \
        return probe::ForType<__VA_ARGS__>(call.type, [&](auto tag) {                              \
            using T = typename decltype(tag)::Type;                                                \
            const LocalTensor<T> dst = probe::Dst<T>(call);                                        \
            const LocalTensor<T> src0 = probe::Src0<T>(call);                                      \
            const LocalTensor<T> src1 = probe::Src1<T>(call);                                      \
            switch (call.form) {                                                                   \
                case probe::kMaskBits:                                                             \
                    return Name(dst, src0, src1, mask, call.Repeats(), call.Binary());             \
                case probe::kMaskCount:                                                            \
                    return Name(dst, src0, src1, mask[0], call.Repeats(), call.Binary());          \
                case probe::kCallerMaskBits:                                                       \
                    return Name<T, false>(dst, src0, src1, mask, call.Repeats(), call.Binary());   \
                case probe::kCallerMaskCount:                                                      \
                    return Name<T, false>(dst, src0, src1, MASK_PLACEHOLDER, call.Repeats(),       \
                                          call.Binary());                                          \
                default:                                                                           \
                    ASSERT(false);                                                                 \
            }                                                                                      \
        });                                                                                        \
    }
#define PROBE_COUNT(Name, ...)                                                                 \
    if (call.function == k##Name && call.form == probe::kCount) {                              \
        return probe::ForType<__VA_ARGS__>(call.type, [&](auto tag) {                          \
            using T = typename decltype(tag)::Type;                                            \
            Name(probe::Dst<T>(call), probe::Src0<T>(call), probe::Src1<T>(call), call.count); \
        });                                                                                    \
    }
#define PROBE_OPERATOR(Name, symbol, ...)                             \
    if (call.function == k##Name && call.form == probe::kOperator) {  \
        return probe::ForType<__VA_ARGS__>(call.type, [&](auto tag) { \
            using T = typename decltype(tag)::Type;                   \
            LocalTensor<T> dst = probe::Dst<T>(call);                 \
            const LocalTensor<T> src0 = probe::Src0<T>(call);         \
            const LocalTensor<T> src1 = probe::Src1<T>(call);         \
            dst = src0 symbol src1;                                   \
        });                                                           \
    }
#define PROBE_ALL(Name, ...)         \
    PROBE_REPEATS(Name, __VA_ARGS__) \
    PROBE_COUNT(Name, __VA_ARGS__)

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    PROBE_ALL(Add, half, float, int16_t, int32_t)
    PROBE_ALL(Sub, half, float, int16_t, int32_t)
    PROBE_ALL(Mul, half, float, int16_t, int32_t)
    PROBE_ALL(Div, half, float)
    PROBE_ALL(Max, half, float, int16_t, int32_t)
    PROBE_ALL(Min, half, float, int16_t, int32_t)
    PROBE_ALL(AddRelu, int16_t, half, float)
    PROBE_ALL(SubRelu, int16_t, half, float)
    PROBE_ALL(FusedMulAdd, half, float)
    PROBE_ALL(FusedMulAddRelu, half, float)
    PROBE_REPEATS(And, int16_t, uint16_t)
    PROBE_REPEATS(Or, int16_t, uint16_t)
    PROBE_COUNT(And, int16_t, uint16_t, int32_t, uint32_t)
    PROBE_COUNT(Or, int16_t, uint16_t, int32_t, uint32_t)
    PROBE_OPERATOR(Add, +, half, float, int16_t, int32_t)
    PROBE_OPERATOR(Sub, -, half, float, int16_t, int32_t)
    PROBE_OPERATOR(Mul, *, half, float, int16_t, int32_t)
    PROBE_OPERATOR(Div, /, half, float)
    PROBE_OPERATOR(And, &, int16_t, uint16_t, int32_t, uint32_t)
    PROBE_OPERATOR(Or, |, int16_t, uint16_t, int32_t, uint32_t)
    ASSERT(false);
}
#undef PROBE_ALL
#undef PROBE_OPERATOR
#undef PROBE_COUNT
#undef PROBE_REPEATS

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_binary(GM_ADDR in, GM_ADDR out,
                                                          GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
