// SPDX-License-Identifier: Apache-2.0
// One instruction of the cube, `loops` times: what it costs on the model.
#include "kernel_operator.h"

using namespace AscendC;

namespace {

enum Function : int32_t { kMmad };

struct BenchCubeTiling {
    int32_t function;
    int32_t m;
    int32_t k;
    int32_t n;
    int32_t loops;
};

template <class T>
__aicore__ inline LocalTensor<T> Tensor(TPosition position, uint32_t bytes) {
    TBuffAddr place{};
    place.dataLen = bytes;
    place.logicPos = static_cast<uint8_t>(position);
    LocalTensor<T> tensor;
    tensor.SetAddr(place);
    return tensor;
}

__aicore__ inline void RunMmad(const BenchCubeTiling& data) {
    constexpr uint32_t kL0Bytes = 64 * 1024;
    const auto left = Tensor<half>(TPosition::A2, kL0Bytes);
    const auto right = Tensor<half>(TPosition::B2, kL0Bytes);
    const auto result = Tensor<float>(TPosition::CO1, 2 * kL0Bytes);
    const MmadParams params(static_cast<uint16_t>(data.m), static_cast<uint16_t>(data.n),
                            static_cast<uint16_t>(data.k), 0, false, true);
    for (int32_t i = 0; i < data.loops; ++i) {
        Mmad(result, left, right, params);
        PipeBarrier<PIPE_M>();
    }
}

}  // namespace

extern "C" __global__ __aicore__ void bench_cube(GM_ADDR x, GM_ADDR y, GM_ADDR workspace,
                                                 GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    static_cast<void>(x);
    static_cast<void>(y);
    static_cast<void>(workspace);
    GET_TILING_DATA_WITH_STRUCT(BenchCubeTiling, data, tiling);
    RunMmad(data);
}
