// SPDX-License-Identifier: Apache-2.0
// mad itself, for what the API refuses when compiling.
#include "cube_image.h"

namespace {

struct MadCall {
    int32_t type;
};

}  // namespace

extern "C" __global__ __aicore__ void isa_mad(GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    GET_TILING_DATA_WITH_STRUCT(MadCall, call, tiling);
    const NpuMadParams params{};
    NpuMad(static_cast<NpuType>(call.type), 0, 0, 0, &params);
}

extern "C" __global__ __aicore__ void isa_mad_aiv(GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    GET_TILING_DATA_WITH_STRUCT(MadCall, call, tiling);
    const NpuMadParams params{};
    NpuMad(static_cast<NpuType>(call.type), 0, 0, 0, &params);
}
