// SPDX-License-Identifier: Apache-2.0
// Names around Mmad that are newer than CANN 8.1: each as a step of a product of floats.
#include "cube_image.h"

using namespace AscendC;

extern "C" __global__ __aicore__ void probe_mmad_newest(GM_ADDR fm, GM_ADDR filter, GM_ADDR out,
                                                        GM_ADDR mode) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    constexpr uint32_t kFractal = 512;
    const auto left = probe::Local<float>(TPosition::A2, 0, kFractal);
    const auto right = probe::Local<float>(TPosition::B2, 0, kFractal);
    LoadData2DParams load;
    load.repeatTimes = 1;
    load.srcStride = 1;
    probe::LoadL1(fm, 0, kFractal);
    LoadData(left, probe::Local<float>(TPosition::A1, 0, kFractal), load);
    PipeBarrier<PIPE_ALL>();
    probe::LoadL1(filter, 0, kFractal);
    LoadData(right, probe::Local<float>(TPosition::B1, 0, kFractal), load);
    PipeBarrier<PIPE_ALL>();

    SetHF32Mode(mode[0] != 0 ? HF32Mode::ENABLE : HF32Mode::DISABLE);
    SetHF32TransMode(mode[1] != 0 ? HF32TransMode::NEAREST_ZERO : HF32TransMode::NEAREST_EVEN);
    if (mode[2] != 0) {
        SetMMRowMajor();
    } else {
        SetMMColumnMajor();
    }
    Mmad(probe::Local<float>(TPosition::CO1, 0, 2 * kFractal), left, right,
         MmadParams(16, 16, 8, 0, false, true));
    probe::StoreLocal(out, kNpuL0c, 0, 2 * kFractal);
}
