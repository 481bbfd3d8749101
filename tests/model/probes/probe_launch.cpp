// SPDX-License-Identifier: Apache-2.0
// Probes of what passes between a launch and a kernel: arguments, indices, printf, ASSERT.
#include "probe_answers.h"

using namespace AscendC;

namespace {

constexpr int64_t kAnswersBytes = 64;  // of a core: one cache line

}  // namespace

// Block, blocks, sub-block, sub-blocks, tiling key 3 or not: 64 bytes a vector core.
extern "C" __global__ __aicore__ void probe_indices(GM_ADDR out) {
    if (ASCEND_IS_AIC) {
        return;
    }
    probe::Answers answers(out + GetBlockIdx() * kAnswersBytes);
    answers.Add(GetBlockIdx());
    answers.Add(GetBlockNum());
    answers.Add(GetSubBlockIdx());
    answers.Add(GetSubBlockNum());
    answers.Add(TILING_KEY_IS(3) ? 1 : 0);
    answers.Send();
}

// Which of the arguments are null pointers, bit by bit.
extern "C" __global__ __aicore__ void probe_null(GM_ADDR first, GM_ADDR second, GM_ADDR out) {
    probe::Answers answers(out);
    answers.Add((first == nullptr ? 1 : 0) + (second == nullptr ? 2 : 0));
    answers.Send();
}

namespace {

struct OddTiling {
    int16_t words[3];
};

}  // namespace

extern "C" __global__ __aicore__ void probe_tiling(GM_ADDR out, GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(OddTiling, data, tiling);
    probe::Answers answers(out);
    for (const int16_t word : data.words) {
        answers.Add(word);
    }
    answers.Send();
}

// Reads the first value of a buffer.
extern "C" __global__ __aicore__ void probe_read(GM_ADDR x) {
    static_cast<void>(probe::Gm<int32_t>(x).GetValue(0));
}

// Adds 1 to `tiles` tiles of int32 values in place, through UB.
extern "C" __global__ __aicore__ void probe_increment(GM_ADDR x, GM_ADDR tiling) {
    constexpr uint32_t kCount = 64;
    const int32_t tiles = probe::Gm<int32_t>(tiling).GetValue(0);
    const LocalTensor<int32_t> tile = probe::Ub<int32_t>(0, kCount * sizeof(int32_t));
    const GlobalTensor<int32_t> values = probe::Gm<int32_t>(x);
    for (int32_t i = 0; i < tiles; ++i) {
        DataCopy(tile, values[i * kCount], kCount);
        PipeBarrier<PIPE_ALL>();
        Adds(tile, tile, 1, static_cast<int32_t>(kCount));
        PipeBarrier<PIPE_ALL>();
        DataCopy(values[i * kCount], tile, kCount);
        PipeBarrier<PIPE_ALL>();
    }
}

extern "C" __global__ __aicore__ void probe_printf() {
    AscendC::printf("block %d of %d\n", static_cast<int>(GetBlockIdx()),
                    static_cast<int>(GetBlockNum()));
}

// Fails unless the first value is 7.
extern "C" __global__ __aicore__ void probe_assert(GM_ADDR x) {
    const int32_t first = probe::Gm<int32_t>(x).GetValue(0);
    ASSERT(first == 7);
}

extern "C" __global__ __aicore__ void probe_dump(GM_ADDR x) {
    const GlobalTensor<int32_t> values = probe::Gm<int32_t>(x);
    DumpTensor(values, 5, 3);
    const LocalTensor<int32_t> tile = probe::Ub<int32_t>(0, 64);
    DataCopy(tile, values, 16);
    SetFlag<HardEvent::MTE2_S>(EVENT_ID0);
    WaitFlag<HardEvent::MTE2_S>(EVENT_ID0);
    DumpTensor(tile, 6, 2);
}
