// SPDX-License-Identifier: Apache-2.0
// What the documentation says, but CANN's headers built for a CPU do not do.
#include "probe_answers.h"

using namespace AscendC;

// out = -x, element by element.
extern "C" __global__ __aicore__ void probe_half_negate(GM_ADDR x, GM_ADDR out, GM_ADDR tiling) {
    GlobalTensor<half> results = probe::Gm<half>(out);
    for (int32_t i = 0; i < probe::Gm<int32_t>(tiling).GetValue(0); ++i) {
        results.SetValue(i, -probe::Gm<half>(x).GetValue(i));
    }
    DataCacheCleanAndInvalid<half, CacheLine::ENTIRE_DATA_CACHE>(results);
}

// A tensor without a size of its own.
extern "C" __global__ __aicore__ void probe_open_tensor(GM_ADDR x, GM_ADDR out) {
    probe::Answers answers(out);
    answers.Add(static_cast<int64_t>(probe::Gm<int32_t>(x).GetSize()));
    answers.Send();
}

// Whether the program counter goes on.
extern "C" __global__ __aicore__ void probe_program_counter(GM_ADDR out) {
    const int64_t here = GetProgramCounter();
    const int64_t there = GetProgramCounter();
    probe::Answers answers(out);
    answers.Add(here > 0 && here < there ? 1 : 0);
    answers.Send();
}

// Size of a tensor without memory.
extern "C" __global__ __aicore__ void probe_no_tensor(GM_ADDR out) {
    probe::Answers answers(out);
    answers.Add(LocalTensor<int32_t>().GetSize());
    answers.Add(static_cast<int64_t>(GlobalTensor<int32_t>().GetSize()));
    answers.Send();
}
