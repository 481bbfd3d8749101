// SPDX-License-Identifier: Apache-2.0
// Probes of what a kernel can say: printf, DumpTensor, ASSERT, its place and tiling.
#include "kernel_operator.h"

using namespace AscendC;

extern "C" __global__ __aicore__ void probe_printf(GM_ADDR) {
    AscendC::printf("block %d of %d\n", static_cast<int>(GetBlockIdx()),
                    static_cast<int>(GetBlockNum()));
}

// Fails unless the first value is 7.
extern "C" __global__ __aicore__ void probe_assert(GM_ADDR x) {
    GlobalTensor<int32_t> values;
    values.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(x));
    const int32_t first = values.GetValue(0);
    ASSERT(first == 7);
}
