// SPDX-License-Identifier: Apache-2.0
// Exp of `count` floats in UB, `loops` times: what one vector instruction costs on the model.
#include "kernel_operator.h"

struct BenchExpTiling {
    int32_t count;  // multiple of 8
    int32_t loops;
};

extern "C" __global__ __aicore__ void bench_exp(GM_ADDR x, GM_ADDR y, GM_ADDR workspace,
                                                GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    static_cast<void>(workspace);
    GET_TILING_DATA_WITH_STRUCT(BenchExpTiling, data, tiling);
    AscendC::TPipe pipe;
    AscendC::TQue<AscendC::TPosition::VECIN, 1> in;
    AscendC::TQue<AscendC::TPosition::VECOUT, 1> out;
    const auto bytes = static_cast<uint32_t>(data.count * static_cast<int32_t>(sizeof(float)));
    pipe.InitBuffer(in, 1, bytes);
    pipe.InitBuffer(out, 1, bytes);
    AscendC::GlobalTensor<float> source;
    AscendC::GlobalTensor<float> target;
    source.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(x));
    target.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(y));

    AscendC::LocalTensor<float> values = in.AllocTensor<float>();
    AscendC::DataCopy(values, source, static_cast<uint32_t>(data.count));
    in.EnQue(values);
    values = in.DeQue<float>();
    AscendC::LocalTensor<float> results = out.AllocTensor<float>();
    for (int32_t i = 0; i < data.loops; ++i) {
        AscendC::Exp(results, values, data.count);
        AscendC::PipeBarrier<PIPE_V>();
    }
    out.EnQue(results);
    in.FreeTensor(values);
    results = out.DeQue<float>();
    AscendC::DataCopy(target, results, static_cast<uint32_t>(data.count));
    out.FreeTensor(results);
}
