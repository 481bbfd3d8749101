// SPDX-License-Identifier: Apache-2.0
// Calls one vector function with a tensor and a scalar.
#include "vector_call.h"

using namespace AscendC;

namespace {

enum Function : int32_t { kAdds, kMuls, kMaxs, kMins, kLeakyRelu, kShiftLeft, kShiftRight };

// ShiftRight takes one argument more, `variant`, in the forms with repeats.
#define PROBE_CASE(Name, last, ...)                                                            \
    case k##Name:                                                                              \
        probe::ForType<__VA_ARGS__>(call.type, [&](auto tag) {                                 \
            using T = typename decltype(tag)::Type;                                            \
            const LocalTensor<T> dst = probe::Dst<T>(call);                                    \
            const LocalTensor<T> src = probe::Src0<T>(call);                                   \
            const T scalar = call.Scalar<T>();                                                 \
            const uint8_t repeats = call.Repeats();                                            \
            switch (call.form) {                                                               \
                case probe::kMaskBits:                                                         \
                    return Name(dst, src, scalar, mask, repeats, call.Unary() last);           \
                case probe::kMaskCount:                                                        \
                    return Name(dst, src, scalar, mask[0], repeats, call.Unary() last);        \
                case probe::kCount:                                                            \
                    return Name(dst, src, scalar, call.count);                                 \
                case probe::kCallerMaskBits:                                                   \
                    return Name<T, false>(dst, src, scalar, mask, repeats, call.Unary() last); \
                case probe::kCallerMaskCount:                                                  \
                    return Name<T, false>(dst, src, scalar, MASK_PLACEHOLDER, repeats,         \
                                          call.Unary() last);                                  \
                case probe::kCallerCount:                                                      \
                    return Name<T, false>(dst, src, scalar, call.count);                       \
                default:                                                                       \
                    ASSERT(false);                                                             \
            }                                                                                  \
        });                                                                                    \
        break;
#define PROBE_NOTHING
#define PROBE_ROUND , call.variant != 0

__aicore__ inline void Make(const probe::VectorCall& call, uint64_t* mask) {
    switch (call.function) {
        PROBE_CASE(Adds, PROBE_NOTHING, half, float, int16_t, int32_t)
        PROBE_CASE(Muls, PROBE_NOTHING, half, float, int16_t, int32_t)
        PROBE_CASE(Maxs, PROBE_NOTHING, half, float, int16_t, int32_t)
        PROBE_CASE(Mins, PROBE_NOTHING, half, float, int16_t, int32_t)
        PROBE_CASE(LeakyRelu, PROBE_NOTHING, half, float)
        PROBE_CASE(ShiftLeft, PROBE_NOTHING, int16_t, uint16_t, int32_t, uint32_t)
        PROBE_CASE(ShiftRight, PROBE_ROUND, int16_t, uint16_t, int32_t, uint32_t)
        default:
            ASSERT(false);
    }
}
#undef PROBE_ROUND
#undef PROBE_NOTHING
#undef PROBE_CASE

}  // namespace

extern "C" __global__ __aicore__ void probe_vector_scalar(GM_ADDR in, GM_ADDR out,
                                                          GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(workspace);
    probe::RunCall(in, out, tiling, Make);
}
