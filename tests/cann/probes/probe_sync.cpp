// SPDX-License-Identifier: Apache-2.0
// Cores that wait for each other in the middle of a kernel: what a front end keeps for a core must
// still be that of the same core afterwards.
#include "kernel_operator.h"

using namespace AscendC;

namespace {

constexpr int32_t kElements = 64;

}  // namespace

// exchange, out: [blocks, kElements] int32. Each core writes its number, meets the others, and adds
// what the next core wrote to its own number.
extern "C" __global__ __aicore__ void probe_sync(GM_ADDR exchange, GM_ADDR out) {
    TPipe pipe;
    TQue<TPosition::VECIN, 1> inputs;
    TQue<TPosition::VECOUT, 1> outputs;
    TBuf<TPosition::VECCALC> own;
    pipe.InitBuffer(inputs, 1, kElements * sizeof(int32_t));
    pipe.InitBuffer(outputs, 1, kElements * sizeof(int32_t));
    pipe.InitBuffer(own, kElements * sizeof(int32_t));
    GlobalTensor<int32_t> shared;
    shared.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(exchange));
    GlobalTensor<int32_t> result;
    result.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(out));

    LocalTensor<int32_t> number = own.Get<int32_t>();
    Duplicate(number, static_cast<int32_t>(GetBlockIdx() + 1), kElements);
    PipeBarrier<PIPE_V>();
    LocalTensor<int32_t> written = outputs.AllocTensor<int32_t>();
    Adds(written, number, 0, kElements);
    outputs.EnQue(written);
    written = outputs.DeQue<int32_t>();
    DataCopy(shared[GetBlockIdx() * kElements], written, kElements);
    outputs.FreeTensor(written);

    SyncAll();

    const int64_t next = (GetBlockIdx() + 1) % GetBlockNum();
    LocalTensor<int32_t> other = inputs.AllocTensor<int32_t>();
    DataCopy(other, shared[next * kElements], kElements);
    inputs.EnQue(other);
    other = inputs.DeQue<int32_t>();
    LocalTensor<int32_t> sum = outputs.AllocTensor<int32_t>();
    Muls(other, other, 100, kElements);
    PipeBarrier<PIPE_V>();
    Add(sum, number, other, kElements);
    inputs.FreeTensor(other);
    outputs.EnQue(sum);
    sum = outputs.DeQue<int32_t>();
    DataCopy(result[GetBlockIdx() * kElements], sum, kElements);
    outputs.FreeTensor(sum);
}
