// SPDX-License-Identifier: Apache-2.0
// Moves that fill and empty L1, to the bias table and to the Fixpipe buffer: one row a function,
// type and form.
#include "cube_rows.h"

using namespace AscendC;

namespace {

// clang-format off
#define MOVE(T)                                                                               \
    CUBE_ROW("DataCopy." #T ".to_l1.count", DataCopy(u.L1<T>(), u.In<T>(), 512))              \
    CUBE_ROW("DataCopy." #T ".to_l1.params",                                                  \
             DataCopy(u.L1<T>(), u.In<T>(), DataCopyParams(3, 2, 5, 1)))                      \
    CUBE_ROW("DataCopy." #T ".to_l1.enhanced",                                                \
             DataCopy(u.L1<T>(), u.In<T>(), DataCopyParams(3, 2, 5, 1),                       \
                      DataCopyEnhancedParams()))                                              \
    CUBE_ROW("DataCopy." #T ".from_l1.count", DataCopy(u.Out<T>(), u.L1<T>(), 512))           \
    CUBE_ROW("DataCopy." #T ".from_l1.params",                                                \
             DataCopy(u.Out<T>(), u.L1<T>(), DataCopyParams(3, 2, 5, 1)))                     \
    CUBE_ROW("DataCopy." #T ".from_l1.enhanced",                                              \
             DataCopy(u.Out<T>(), u.L1<T>(), DataCopyParams(3, 2, 5, 1),                      \
                      DataCopyEnhancedParams()))
// Rows of 35 of 40 columns; 24 rows of room in a column block.
#define ND2NZ(T)                                                                              \
    CUBE_ROW("DataCopy." #T ".nd2nz.one",                                                     \
             DataCopy(u.L1<T>(), u.In<T>(), Nd2NzParams(1, 17, 35, 0, 40, 24, 1, 0)))         \
    CUBE_ROW("DataCopy." #T ".nd2nz.several",                                                 \
             DataCopy(u.L1<T>(), u.In<T>(), Nd2NzParams(2, 17, 35, 680, 40, 24, 1, 1536)))    \
    CUBE_ROW("DataCopy." #T ".nd2nz.gaps",                                                    \
             DataCopy(u.L1<T>(), u.In<T>(), Nd2NzParams(1, 7, 35, 0, 40, 24, 3, 0)))          \
    CUBE_ROW("DataCopy." #T ".nd2nz.row",                                                     \
             DataCopy(u.L1<T>(), u.In<T>(), Nd2NzParams(1, 1, 37, 0, 37, 1, 1, 0)))
#define BIAS(T)                                                                               \
    CUBE_ROW("DataCopy." #T ".bias.count", DataCopy(u.Bias<T>(), u.L1<T>(), 64))              \
    CUBE_ROW("DataCopy." #T ".bias", DataCopy(u.Bias<T>(), u.L1<T>(), DataCopyParams(2, 3, 1, 2)))

const probe::CubeRow kRows[] = {
    MOVE(half) MOVE(bfloat16_t) MOVE(int16_t) MOVE(uint16_t) MOVE(float) MOVE(int32_t)
    MOVE(uint32_t) MOVE(int8_t) MOVE(uint8_t) MOVE(uint64_t)
    ND2NZ(half) ND2NZ(bfloat16_t) ND2NZ(int16_t) ND2NZ(uint16_t) ND2NZ(float) ND2NZ(int32_t)
    ND2NZ(uint32_t) ND2NZ(int8_t) ND2NZ(uint8_t)
    BIAS(float) BIAS(int32_t)
    CUBE_ROW("DataCopy.float.half.bias",
             DataCopy(u.Bias<float>(), u.L1<half>(), DataCopyParams(2, 2, 1, 1)))
    CUBE_ROW("DataCopy.uint64_t.fix.count", DataCopy(u.Fix<uint64_t>(), u.L1<uint64_t>(), 64))
    CUBE_ROW("DataCopy.uint64_t.fix",
             DataCopy(u.Fix<uint64_t>(), u.L1<uint64_t>(), DataCopyParams(2, 1, 2, 1)))
};
// clang-format on

}  // namespace

CUBE_PROBE_KERNEL(probe_cube_move, kRows)
