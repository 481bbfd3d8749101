// SPDX-License-Identifier: Apache-2.0
// Kernels that print, and kernels that break a rule which the real headers check themselves.
#include "kernel_operator.h"

using namespace AscendC;

// A part of a tensor beyond its end.
extern "C" __global__ __aicore__ void probe_far_part(GM_ADDR) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 256);
    const LocalTensor<float> all = buffer.Get<float>();
    Adds(all, all[65], 1.0f, 8);
}

// A read beyond the end of UB.
extern "C" __global__ __aicore__ void probe_beyond_ub(GM_ADDR) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 256);
    const LocalTensor<float> last = buffer.Get<float>();
    Adds(last, last, 1.0f, uint64_t{64}, 255, UnaryRepeatParams(1, 1, 255, 255));
}

extern "C" __global__ __aicore__ void probe_print(GM_ADDR) {
    printf("block %d of %d\n", static_cast<int>(GetBlockIdx()), static_cast<int>(GetBlockNum()));
}

extern "C" __global__ __aicore__ void probe_assert(GM_ADDR in) { ASSERT(in != nullptr); }
