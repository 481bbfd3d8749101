// SPDX-License-Identifier: Apache-2.0
// Probes of names that are newer than CANN 8.1.
#include "probe_tensors.h"

using namespace AscendC;

extern "C" __global__ __aicore__ void probe_ascendc_assert(GM_ADDR x) {
    const int32_t value = probe::Gm<int32_t>(x).GetValue(0);
    ascendc_assert(value != 0);
    ascendc_assert(value != 1, "value is %d\n", value);
}
