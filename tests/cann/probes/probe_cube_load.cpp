// SPDX-License-Identifier: Apache-2.0
// Loads of fractals and images into L0A and L0B, and constant fills: one row a function, type and
// form.
#include "cube_rows.h"

using namespace AscendC;

namespace {

// Gaps on both sides, in fractals.
const LoadData2DParams kPlain(1, 5, 3, 0, 2, false, 0);
const LoadData2DParams kTurned(1, 5, 3, 0, 2, true, 0);
// In squares and fractals.
const LoadData2dTransposeParams kSquares(1, 3, 2, 3, 1);

// An image of 6 x 5 pixels with padding on all sides, a 3 x 2 filter, steps and gaps.
constexpr uint8_t kPads[4] = {1, 2, 1, 1};
constexpr uint8_t kNoPads[4] = {0, 0, 0, 0};

template <class T>
LoadData3DParamsV2<T> Image(uint16_t channels, uint16_t depth, bool transpose) {
    return {kPads, 6, 5, channels, depth, 16, 0, 0, 2, 1, 2, 3, 1, 1, transpose, false, T(3)};
}
// A matrix of 48 rows as an image of one pixel a row: the part of [16, depth] from [16, 0] on.
template <class T>
LoadData3DParamsV2<T> Matrix(uint16_t depth, bool transpose) {
    return {
        kNoPads,   1,     48,  static_cast<uint16_t>(2 * depth), depth, 32, 0, 16, 1, 1, 1, 1, 1, 1,
        transpose, false, T(0)};
}
// 16 of 32 channels of 16 of 64 rows.
LoadData3DParamsV2<half> Column() {
    return {kNoPads, 1, 64, 32, 16, 16, 0, 16, 1, 1, 1, 1, 1, 1, false, false, half(0)};
}
LoadData3DParamsV2Pro Pro(uint16_t channels, uint64_t depth) {
    constexpr uint64_t kRows = 16;
    return {channels, false, false, false, false, false, depth | kRows << 16, 0x010102020301};
}

constexpr IsResetLoad3dConfig kKeepBoth = {false, false};

// A column of 32 pixels in the right register, and everything else that images read.
void SetRegisters() {
    SetFmatrix(32, 1, kNoPads, FmatrixMode::FMATRIX_RIGHT);
    SetLoadDataBoundary(2048);
    SetLoadDataRepeat(LoadDataRepeatParam(1, 2, 1));
}
void ResetRegisters() {
    SetLoadDataBoundary(0);
    SetLoadDataRepeat(LoadDataRepeatParam());
}
template <class T>
LoadData3DParamsV2<T> FromRegisters() {
    LoadData3DParamsV2<T> params;
    params.l1H = params.l1W = 1;
    params.channelSize = 96 / sizeof(T);
    params.kExtension = 32 / sizeof(T);
    params.mExtension = 32;
    params.fMatrixCtrl = true;
    return params;
}

// clang-format off
#define LOAD(T)                                                                               \
    CUBE_ROW("LoadData." #T ".a2", LoadData(u.A<T>(), u.L1<T>(), kPlain))                     \
    CUBE_ROW("LoadData." #T ".b2", LoadData(u.B<T>(), u.L1<T>(), kPlain))
#define LOAD_GM(T)                                                                            \
    CUBE_ROW("LoadData." #T ".gm_to_l1", LoadData(u.L1<T>(), u.In<T>(), kPlain))              \
    CUBE_ROW("LoadData." #T ".gm_to_a2", LoadData(u.A<T>(), u.In<T>(), kPlain))               \
    CUBE_ROW("LoadData." #T ".gm_to_b2", LoadData(u.B<T>(), u.In<T>(), kPlain))
#define LOAD_TURNED(T)                                                                        \
    CUBE_ROW("LoadData." #T ".a2.transposed", LoadData(u.A<T>(), u.L1<T>(), kTurned))         \
    CUBE_ROW("LoadData." #T ".b2.transposed", LoadData(u.B<T>(), u.L1<T>(), kTurned))
#define SQUARES(T)                                                                            \
    CUBE_ROW("LoadDataWithTranspose." #T ".a2",                                               \
             LoadDataWithTranspose(u.A<T>(), u.L1<T>(), kSquares))                            \
    CUBE_ROW("LoadDataWithTranspose." #T ".b2",                                               \
             LoadDataWithTranspose(u.B<T>(), u.L1<T>(), kSquares))
#define IMAGE(T, channels)                                                                    \
    CUBE_ROW("LoadData3Dv2." #T ".a2.image",                                                  \
             LoadData(u.A<T>(), u.L1<T>(), Image<T>(channels, 2 * channels, false)))          \
    CUBE_ROW("LoadData3Dv2." #T ".a2.matrix",                                                 \
             LoadData(u.A<T>(), u.L1<T>(), Matrix<T>(2 * channels, false)))                   \
    CUBE_ROW("LoadData3Dv2Pro." #T ".a2",                                                     \
             SetFmatrix(6, 5, kPads, FmatrixMode::FMATRIX_LEFT); SetLoadDataPaddingValue(T(2)); \
             LoadData(u.A<T>(), u.L1<T>(), Pro(channels, 2 * channels)))
#define IMAGE_REGISTERS(T)                                                                    \
    CUBE_ROW("LoadData3Dv2." #T ".b2.registers", SetRegisters(); SetLoadDataPaddingValue(T(5)); \
             (LoadData<T, kKeepBoth>(u.B<T>(), u.L1<T>(), FromRegisters<T>())); ResetRegisters())
#define IMAGE_TURNED(T, channels)                                                             \
    CUBE_ROW("LoadData3Dv2." #T ".a2.image.transposed",                                       \
             LoadData(u.A<T>(), u.L1<T>(), Image<T>(channels, 2 * channels, true)))           \
    CUBE_ROW("LoadData3Dv2." #T ".b2.matrix.transposed",                                      \
             LoadData(u.B<T>(), u.L1<T>(), Matrix<T>(2 * channels, true)))
#define IMAGE_B(T, channels)                                                                  \
    CUBE_ROW("LoadData3Dv2." #T ".b2.image",                                                  \
             LoadData(u.B<T>(), u.L1<T>(), Image<T>(channels, 2 * channels, false)))          \
    CUBE_ROW("LoadData3Dv2." #T ".b2.matrix",                                                 \
             LoadData(u.B<T>(), u.L1<T>(), Matrix<T>(2 * channels, false)))
#define FILL(T, value)                                                                        \
    CUBE_ROW("InitConstValue." #T ".l1",                                                      \
             InitConstValue(u.L1<T>(), InitConstValueParams<T>(3, 2, 1, T(value))))           \
    CUBE_ROW("InitConstValue." #T ".a2",                                                      \
             InitConstValue(u.A<T>(), InitConstValueParams<T>(3, T(value))))                  \
    CUBE_ROW("InitConstValue." #T ".b2",                                                      \
             InitConstValue(u.B<T>(), InitConstValueParams<T>(3, 2, 1, T(value))))

const probe::CubeRow kRows[] = {
    LOAD(half) LOAD(bfloat16_t) LOAD(float) LOAD(int32_t) LOAD(uint32_t) LOAD(int8_t) LOAD(uint8_t)
    LOAD_GM(half) LOAD_GM(bfloat16_t) LOAD_GM(float) LOAD_GM(int32_t) LOAD_GM(uint32_t)
    LOAD_GM(int8_t) LOAD_GM(uint8_t)
    LOAD_TURNED(half) LOAD_TURNED(bfloat16_t)
    SQUARES(half) SQUARES(bfloat16_t) SQUARES(float) SQUARES(int32_t) SQUARES(uint32_t)
    SQUARES(int8_t) SQUARES(uint8_t)
    IMAGE(half, 16) IMAGE(bfloat16_t, 16) IMAGE(float, 8) IMAGE(int32_t, 8) IMAGE(uint32_t, 8)
    IMAGE(int8_t, 32) IMAGE(uint8_t, 32)
    IMAGE_TURNED(half, 16) IMAGE_TURNED(bfloat16_t, 16) IMAGE_TURNED(float, 16)
    IMAGE_TURNED(int32_t, 16) IMAGE_TURNED(uint32_t, 16)
    IMAGE_B(half, 16) IMAGE_B(bfloat16_t, 16) IMAGE_B(float, 8) IMAGE_B(int32_t, 8)
    IMAGE_B(uint32_t, 8)
    IMAGE_REGISTERS(half) IMAGE_REGISTERS(bfloat16_t) IMAGE_REGISTERS(float)
    CUBE_ROW("LoadData3Dv2.half.registers",
             SetFmatrix(6, 5, kPads, FmatrixMode::FMATRIX_LEFT);
             SetLoadDataPaddingValue(half(2));
             (LoadData<half, kKeepBoth>(u.A<half>(), u.L1<half>(), Image<half>(16, 32, false))))
    CUBE_ROW("LoadData3Dv2.half.boundary", SetLoadDataBoundary(1024);
             LoadData(u.A<half>(), u.L1<half>(), Matrix<half>(32, false)); SetLoadDataBoundary(0))
    CUBE_ROW("LoadData3Dv2.half.repeat", SetLoadDataRepeat(LoadDataRepeatParam(1, 2, 0));
             LoadData(u.A<half>(), u.L1<half>(), Column());
             SetLoadDataRepeat(LoadDataRepeatParam()))
    FILL(half, 1.5f) FILL(float, 1.5f) FILL(int32_t, -7) FILL(uint32_t, 7)
};
// clang-format on

}  // namespace

CUBE_PROBE_KERNEL(probe_cube_load, kRows)
