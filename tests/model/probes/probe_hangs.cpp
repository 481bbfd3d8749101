// SPDX-License-Identifier: Apache-2.0
// Kernels that wait in loops of their own, run off their stack, or throw.
#include <new>
#include <stdexcept>

#include "probe_tensors.h"

using namespace AscendC;

namespace {

struct PollJob {
    int32_t storer;  // block that stores the word, after `before` looks of its own; -1: none
    int32_t before;
    int32_t drops;  // 1: looks drop what the data cache holds
};

__aicore__ inline void Clean(const GlobalTensor<int32_t>& word) {
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE>(word);
}

// Uses a kilobyte of stack for each level, and issues an instruction at the deepest.
__attribute__((noinline)) int32_t Descend(int32_t levels, GM_ADDR out) {
    volatile char frame[1024];
    frame[0] = static_cast<char>(levels);
    if (levels == 0) {
        const int32_t first = probe::Gm<int32_t>(out).GetValue(0);
        return first + frame[0];
    }
    return Descend(levels - 1, out) + frame[0];
}

__attribute__((noinline)) int32_t DescendForEver(int32_t level, int32_t last) {
    volatile char frame[1024];
    frame[0] = static_cast<char>(level);
    return level == last ? 0 : DescendForEver(level + 1, last) + frame[0];
}

}  // namespace

// All blocks but the storer wait until the first word of `words` is not zero, and say so.
extern "C" __global__ __aicore__ void probe_poll(GM_ADDR words, GM_ADDR out, GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(PollJob, job, tiling);
    GlobalTensor<int32_t> word = probe::Gm<int32_t>(words);
    constexpr int64_t kLine = 64;
    GlobalTensor<int32_t> answer = probe::Gm<int32_t>(out + GetBlockIdx() * kLine);
    if (GetBlockIdx() == job.storer) {
        for (int32_t i = 0; i < job.before; ++i) {
            static_cast<void>(answer.GetValue(0));
        }
        word.SetValue(0, 7);
        Clean(word);
        return;
    }
    while (word.GetValue(0) == 0) {
        if (job.drops != 0) {
            Clean(word);
        }
    }
    answer.SetValue(0, word.GetValue(0));
    Clean(answer);
}

// Reads `x` again and again; that nobody else can run does not make it a deadlock.
extern "C" __global__ __aicore__ void probe_read_often(GM_ADDR x, GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(PollJob, job, tiling);
    for (int32_t i = 0; i < job.before; ++i) {
        static_cast<void>(probe::Gm<int32_t>(x).GetValue(static_cast<uint64_t>(i % 16)));
    }
}

extern "C" __global__ __aicore__ void probe_descend(GM_ADDR out, GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(PollJob, job, tiling);
    static_cast<void>(Descend(job.before, out));
}

extern "C" __global__ __aicore__ void probe_descend_silently(GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(PollJob, job, tiling);
    volatile char frames[1 << 20];
    frames[job.before] = 1;
    static_cast<void>(frames[job.before]);
}

extern "C" __global__ __aicore__ void probe_descend_for_ever() {
    static_cast<void>(DescendForEver(0, -1));
}

extern "C" __global__ __aicore__ void probe_throw(GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(PollJob, job, tiling);
    switch (job.before) {
        case 0:
            throw std::bad_alloc();
        case 1:
            throw std::runtime_error("of its own");
        default:
            throw 1;
    }
}
