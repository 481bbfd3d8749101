// SPDX-License-Identifier: Apache-2.0
// What Fixpipe writes of products to GM: several matrices, through unit flags, added up, with and
// without ReLU. Every form and mode of quantisation: probe_fixpipe.cpp.
#include <cstring>

#include "cube_rows.h"

using namespace AscendC;

namespace {

// A part of 40 x 48 of the product of 64 x 64.
constexpr uint16_t kRowsOfPart = 40;
constexpr uint16_t kColumns = 48;
constexpr uint16_t kSourceStride = 64;

FixpipeParamsV220 Params(uint32_t dstStride, bool relu) {
    return {kColumns, kRowsOfPart, kSourceStride, dstStride, relu};
}
FixpipeParamsV220 Quantized(uint32_t dstStride, bool relu, QuantMode_t mode, float scale = 0) {
    FixpipeParamsV220 params = Params(dstStride, relu);
    params.quantPre = mode;
    uint32_t bits = 0;
    std::memcpy(&bits, &scale, sizeof(bits));
    params.deqScalar = bits;
    return params;
}

// Three matrices of 40 x 16, a column block each: 4 KiB apart, in units of 1 KiB.
FixpipeParamsV220 Several(QuantMode_t mode) {
    return {16, kRowsOfPart, kSourceStride, 24, false, mode, 0, 3, kSourceStride / 16, 1000, 0};
}

// The product waits for the Fixpipe of the product before it, and that one for its product.
template <class C, class T>
void WithUnitFlags(const probe::CubeMemories& u) {
    u.FillL0<T>();
    for (uint32_t i = 0; i < 2; ++i) {
        Mmad(u.C<C>(), u.A<T>(), u.B<T>(), MmadParams(64, 64, 128 / sizeof(T) / 2, 2, false, true));
        Mmad(u.C<C>(), u.A<T>(), u.B<T>(),
             MmadParams(64, 64, 128 / sizeof(T) / 2, 3, false, false));
        Fixpipe<C, C, CFG_ROW_MAJOR>(
            u.Out<C>()[i * 4096], u.C<C>(),
            FixpipeParamsV220(64, 64, 64, 64, false, QuantMode_t::NoQuant, 0, 1, 0, 0, 3));
    }
}

// clang-format off
#define TO_ROWS(D, Sum, T, name, relu, ...)                                                   \
    CUBE_ROW("Fixpipe." #Sum "." #D ".gm.nd." name, u.FillC<Sum, T>();                        \
             Fixpipe<D, Sum, CFG_ROW_MAJOR>(u.Out<D>(), u.C<Sum>(),                           \
                                            Quantized(52, relu, __VA_ARGS__)))
#define TO_GM(D, Sum, T, name, ...)                                                           \
    TO_ROWS(D, Sum, T, name, false, __VA_ARGS__)                                              \
    TO_ROWS(D, Sum, T, name ".relu", true, __VA_ARGS__)                                       \
    CUBE_ROW("Fixpipe." #Sum "." #D ".gm.nz." name, u.FillC<Sum, T>();                        \
             Fixpipe<D, Sum, CFG_NZ>(u.Out<D>(), u.C<Sum>(), Quantized(100, false, __VA_ARGS__)))
#define SEVERAL(D, Sum, T, mode)                                                              \
    CUBE_ROW("Fixpipe." #Sum "." #D ".gm.several", u.FillC<Sum, T>();                         \
             Fixpipe<D, Sum, CFG_ROW_MAJOR>(u.Out<D>(), u.C<Sum>(), Several(QuantMode_t::mode)))

const probe::CubeRow kRows[] = {
    TO_GM(float, float, half, "plain", QuantMode_t::NoQuant)
    TO_GM(int32_t, int32_t, int8_t, "plain", QuantMode_t::NoQuant)
    TO_GM(half, float, half, "plain", QuantMode_t::F322F16)
    TO_GM(bfloat16_t, float, bfloat16_t, "plain", QuantMode_t::F322BF16)
    TO_GM(int8_t, float, half, "factor", QuantMode_t::QF322B8_PRE, 0.5f)
    TO_GM(half, int32_t, int8_t, "factor", QuantMode_t::DEQF16, 0.0625f)
    TO_GM(uint8_t, int32_t, int8_t, "factor", QuantMode_t::REQ8, 0.0009765625f)
    SEVERAL(float, float, half, NoQuant) SEVERAL(int32_t, int32_t, int8_t, NoQuant)
    SEVERAL(half, float, half, F322F16) SEVERAL(bfloat16_t, float, half, F322BF16)
    CUBE_ROW("Fixpipe.float.unit_flags", (WithUnitFlags<float, half>(u)))
    CUBE_ROW("Fixpipe.int32_t.unit_flags", (WithUnitFlags<int32_t, int8_t>(u)))
    CUBE_ROW("Fixpipe.float.atomic", u.FillC<float, half>(); SetAtomicAdd<float>();
             Fixpipe<float, float, CFG_ROW_MAJOR>(u.Out<float>(), u.C<float>(), Params(52, false));
             PipeBarrier<PIPE_FIX>();
             Fixpipe<float, float, CFG_ROW_MAJOR>(u.Out<float>(), u.C<float>(), Params(52, false));
             SetAtomicNone())
};
// clang-format on

}  // namespace

CUBE_PROBE_KERNEL(probe_cube_fixpipe, kRows)
