// SPDX-License-Identifier: Apache-2.0
// A matrix product on the cube, or the move of one of its operands or of its result, `loops` times:
// what each costs on the model.
#include "kernel_operator.h"

using namespace AscendC;

namespace {

enum Function : int32_t {
    kMmad,
    kNd2Nz,  // A from GM to L1
    kLoadA,  // from L1 to L0A, A as it is in GM
    kLoadTransposedA,
    kLoadB,    // B as it is in GM, [k, n]
    kFixpipe,  // the result to rows in GM, as float
    kFixpipeToHalf,
};

constexpr uint32_t kL0Bytes = 64 * 1024;
constexpr int32_t kSide = 16;  // of a fractal of half

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

__aicore__ inline void RunNd2Nz(const BenchCubeTiling& data, GM_ADDR x) {
    GlobalTensor<half> source;
    source.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(x));
    const auto target = Tensor<half>(TPosition::A1, kL0Bytes);
    const auto rows = static_cast<uint16_t>(data.m);
    const auto columns = static_cast<uint16_t>(data.k);
    const Nd2NzParams params(1, rows, columns, 0, columns, rows, 1, 0);
    for (int32_t i = 0; i < data.loops; ++i) {
        DataCopy(target, source, params);
    }
}

// One LoadData for each of `count` rows of fractals, `repeats` fractals `stride` apart.
__aicore__ inline void RunLoads(const BenchCubeTiling& data, TPosition from, TPosition to,
                                int32_t count, int32_t repeats, int32_t stride, bool transpose) {
    constexpr uint32_t kFractal = kSide * kSide;
    const auto source = Tensor<half>(from, kL0Bytes);
    const auto target = Tensor<half>(to, kL0Bytes);
    LoadData2DParams params;
    params.repeatTimes = static_cast<uint8_t>(repeats);
    params.srcStride = static_cast<uint16_t>(stride);
    params.ifTranspose = transpose;
    for (int32_t i = 0; i < data.loops; ++i) {
        for (int32_t row = 0; row < count; ++row) {
            const auto first = static_cast<uint32_t>(stride == 1 ? row * repeats : row);
            LoadData(target[static_cast<uint32_t>(row * repeats) * kFractal],
                     source[first * kFractal], params);
        }
    }
}

template <class T>
__aicore__ inline void RunFixpipe(const BenchCubeTiling& data, GM_ADDR y, QuantMode_t quant) {
    GlobalTensor<T> target;
    target.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(y));
    const auto result = Tensor<float>(TPosition::CO1, 2 * kL0Bytes);
    const auto rows = static_cast<uint16_t>(data.m);
    const auto columns = static_cast<uint16_t>(data.n);
    FixpipeParamsV220 params(columns, rows, rows, columns, false);
    params.quantPre = quant;
    for (int32_t i = 0; i < data.loops; ++i) {
        Fixpipe(target, result, params);
    }
}

__aicore__ inline void Run(const BenchCubeTiling& data, GM_ADDR x, GM_ADDR y) {
    const int32_t m1 = data.m / kSide;
    const int32_t k1 = data.k / kSide;
    const int32_t n1 = data.n / kSide;
    switch (data.function) {
        case kMmad:
            return RunMmad(data);
        case kNd2Nz:
            return RunNd2Nz(data, x);
        case kLoadA:
            return RunLoads(data, TPosition::A1, TPosition::A2, m1, k1, m1, false);
        case kLoadTransposedA:
            return RunLoads(data, TPosition::A1, TPosition::A2, m1, k1, 1, true);
        case kLoadB:
            return RunLoads(data, TPosition::B1, TPosition::B2, k1, n1, k1, true);
        case kFixpipe:
            return RunFixpipe<float>(data, y, QuantMode_t::NoQuant);
        default:
            return RunFixpipe<half>(data, y, QuantMode_t::F322F16);
    }
}

}  // namespace

extern "C" __global__ __aicore__ void bench_cube(GM_ADDR x, GM_ADDR y, GM_ADDR workspace,
                                                 GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    static_cast<void>(workspace);
    GET_TILING_DATA_WITH_STRUCT(BenchCubeTiling, data, tiling);
    Run(data, x, y);
}
