// SPDX-License-Identifier: Apache-2.0
// Products: one row a pair of types and form.
#include "cube_rows.h"

using namespace AscendC;

namespace {

MmadParams Params(uint16_t m, uint16_t n, uint16_t k, bool fromBias, bool fromZero) {
    return {m, n, k, 0, fromBias, fromZero};
}

// Two products into the same place; the second one may add to the first.
template <class C, class T>
void Twice(const probe::CubeMemories& u, uint16_t m, uint16_t n, uint16_t k, bool fromZero) {
    u.FillL0<T>();
    Mmad(u.C<C>(), u.A<T>(), u.B<T>(), Params(m, n, k, false, true));
    PipeBarrier<PIPE_M>();
    Mmad(u.C<C>(), u.A<T>(), u.B<T>(), Params(m, n, k, false, fromZero));
}

template <class C, class T>
void FromBias(const probe::CubeMemories& u, uint16_t m, uint16_t n, uint16_t k) {
    u.FillL0<T>();
    u.FillBias<C>();
    Mmad(u.C<C>(), u.A<T>(), u.B<T>(), Params(m, n, k, true, false));
}

// The tensor says where the product starts from.
template <class C, class T>
void WithTensor(const probe::CubeMemories& u, uint16_t k, bool bias) {
    u.FillL0<T>();
    u.FillBias<C>();
    Mmad(u.C<C>(), u.A<T>(), u.B<T>(), Params(48, 32, k, false, true));
    PipeBarrier<PIPE_M>();
    Mmad(u.C<C>(), u.A<T>(), u.B<T>(), bias ? u.Bias<C>(128) : u.C<C>(),
         Params(48, 32, k, false, false));
}

// Floats as HF32.
void AsHf32(const probe::CubeMemories& u, bool tiesToZero) {
    u.FillL0<float>();
    SetHF32Mode(true);
    SetHF32TransMode(tiesToZero);
    Mmad(u.C<float>(), u.A<float>(), u.B<float>(), Params(33, 18, 15, false, true));
    SetHF32Mode(false);
    SetHF32TransMode(false);
}

void Aligned(const probe::CubeMemories& u, bool aligned) {
    u.FillL0<float>();
    MmadParams params = Params(33, 18, 7, false, true);
    params.kDirectionAlign = aligned;
    Mmad(u.C<float>(), u.A<float>(), u.B<float>(), params);
}

void InDirection(const probe::CubeMemories& u, bool rows) {
    u.FillL0<half>();
    SetMMLayoutTransform(rows);
    Mmad(u.C<float>(), u.A<half>(), u.B<half>(), Params(33, 18, 37, false, true));
    SetMMLayoutTransform(false);
}

// clang-format off
// 64 rows and columns of `k` elements fill what a row may use of L0A and L0B.
#define PRODUCT(C, T, k)                                                                      \
    CUBE_ROW("Mmad." #C "." #T ".full", Twice<C, T>(u, 64, 64, k, true))                      \
    CUBE_ROW("Mmad." #C "." #T ".ragged", Twice<C, T>(u, 33, 18, k - 5, true))                \
    CUBE_ROW("Mmad." #C "." #T ".adds", Twice<C, T>(u, 33, 18, k - 5, false))                 \
    CUBE_ROW("Mmad." #C "." #T ".vector", Twice<C, T>(u, 1, 18, k - 5, false))                \
    CUBE_ROW("Mmad." #C "." #T ".nothing", Twice<C, T>(u, 16, 16, 0, false))                  \
    CUBE_ROW("Mmad." #C "." #T ".bias", FromBias<C, T>(u, 33, 18, k - 5))                     \
    CUBE_ROW("Mmad." #C "." #T ".tensor.bias", WithTensor<C, T>(u, k, true))                  \
    CUBE_ROW("Mmad." #C "." #T ".tensor.c", WithTensor<C, T>(u, k, false))

const probe::CubeRow kRows[] = {
    PRODUCT(float, half, 64) PRODUCT(float, bfloat16_t, 64) PRODUCT(float, float, 32)
    PRODUCT(int32_t, int8_t, 128)
    CUBE_ROW("Mmad.hf32.even", AsHf32(u, false))
    CUBE_ROW("Mmad.hf32.zero", AsHf32(u, true))
    CUBE_ROW("Mmad.float.k8", Aligned(u, false))
    CUBE_ROW("Mmad.float.k16", Aligned(u, true))
    CUBE_ROW("Mmad.direction.rows", InDirection(u, true))
    CUBE_ROW("Mmad.direction.columns", InDirection(u, false))
};
// clang-format on

}  // namespace

CUBE_PROBE_KERNEL(probe_cube_mad, kRows)
