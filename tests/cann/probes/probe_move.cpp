// SPDX-License-Identifier: Apache-2.0
// Moves between GM and UB: one row a function, type and form.
#include "vector_rows.h"

using namespace AscendC;

namespace {

// clang-format off
#define MOVE(T)                                                                       \
    PROBE_ROW("DataCopy." #T ".in.count", DataCopy(u.Dst<T>(), u.In<T>(), 256))       \
    PROBE_ROW("DataCopy." #T ".in.params",                                            \
              DataCopy(u.Dst<T>(), u.In<T>(), DataCopyParams(3, 2, 5, 1)))            \
    PROBE_ROW("DataCopy." #T ".out.count", DataCopy(u.Out<T>(), u.Src0<T>(), 256))    \
    PROBE_ROW("DataCopy." #T ".out.params",                                           \
              DataCopy(u.Out<T>(), u.Src0<T>(), DataCopyParams(3, 2, 5, 1)))          \
    PROBE_ROW("DataCopy." #T ".within.count", DataCopy(u.Dst<T>(), u.Src0<T>(), 256)) \
    PROBE_ROW("DataCopy." #T ".within.params",                                        \
              DataCopy(u.Dst<T>(), u.Src0<T>(), DataCopyParams(3, 2, 5, 1)))          \
    PROBE_ROW("DataCopyPad." #T ".out.extended",                                      \
              DataCopyPad(u.Out<T>(), u.Src0<T>(),                                    \
                          DataCopyExtParams(3, 5 * sizeof(T), 2, 7 * sizeof(T), 0)))  \
    PROBE_ROW(                                                                        \
        "DataCopyPad." #T ".out.params",                                              \
        DataCopyPad(u.Out<T>(), u.Src0<T>(), DataCopyParams(3, 5 * sizeof(T), 2, 7 * sizeof(T))))
#define PAD(T, value)                                                                           \
    PROBE_ROW("DataCopyPad." #T ".in.padded",                                                   \
              DataCopyPad(u.Dst<T>(), u.In<T>(),                                                \
                          DataCopyExtParams(3, 5 * sizeof(T), 7 * sizeof(T), 2, 0),             \
                          DataCopyPadExtParams<T>(true, 1, 2, T(value))))                       \
    PROBE_ROW("DataCopyPad." #T ".in.plain",                                                    \
              DataCopyPad(u.Dst<T>(), u.In<T>(), DataCopyExtParams(3, 64, 9 * sizeof(T), 1, 0), \
                          DataCopyPadExtParams<T>(false, 0, 0, T(value))))                      \
    PROBE_ROW(                                                                                  \
        "DataCopyPad." #T ".in.params",                                                         \
        DataCopyPad(u.Dst<T>(), u.In<T>(), DataCopyParams(3, 5 * sizeof(T), 7 * sizeof(T), 2),  \
                    DataCopyPadParams(true, 2, 1, 0)))
#define ATOMIC(F, T)                                                                               \
    PROBE_ROW(#F "." #T, F<T>(); DataCopy(u.Out<T>(), u.Src0<T>(), 256); PipeBarrier<PIPE_MTE3>(); \
              DataCopy(u.Out<T>(), u.Src1<T>(), 256); SetAtomicNone())
#define ATOMICS(T) ATOMIC(SetAtomicAdd, T) ATOMIC(SetAtomicMax, T) ATOMIC(SetAtomicMin, T)

const probe::Row kRows[] = {
    MOVE(half) MOVE(bfloat16_t) MOVE(int16_t) MOVE(uint16_t) MOVE(float) MOVE(int32_t)
    MOVE(uint32_t) MOVE(int8_t) MOVE(uint8_t)
    PAD(half, 1.5f) PAD(int16_t, -7) PAD(uint16_t, 7) PAD(float, 1.5f) PAD(int32_t, -7)
    PAD(uint32_t, 7) PAD(int8_t, -7) PAD(uint8_t, 7)
    PROBE_ROW("DataCopyPad.int64_t.in.zero",
              DataCopyPad(u.Dst<int64_t>(), u.In<int64_t>(), DataCopyExtParams(3, 40, 56, 2, 0),
                          DataCopyPadExtParams<int64_t>(true, 1, 2, 0)))
    ATOMICS(half) ATOMICS(bfloat16_t) ATOMICS(float) ATOMICS(int8_t) ATOMICS(int16_t)
    ATOMICS(int32_t)
};
// clang-format on

}  // namespace

PROBE_KERNEL(probe_move, kRows)
