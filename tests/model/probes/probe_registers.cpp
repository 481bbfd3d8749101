// SPDX-License-Identifier: Apache-2.0
// The CMPMASK register between its writers and readers, with or without a barrier; where the cores
// of a block are.
#include "probe_answers.h"

using namespace AscendC;

namespace {

struct MaskJob {
    int32_t barrier;  // 1: PipeBarrier<PIPE_V> between the writer and the reader
    int32_t reader;   // 0: GetCmpMask, 1: Select
    int32_t compare;  // 1: a comparison writes the register last
};

}  // namespace

extern "C" __global__ __aicore__ void probe_cmpmask(GM_ADDR tiling) {
    GET_TILING_DATA_WITH_STRUCT(MaskJob, job, tiling);
    const LocalTensor<float> x = probe::Ub<float>(0, 256);
    const LocalTensor<uint8_t> bits = probe::Ub<uint8_t>(256, 32);
    const LocalTensor<float> y = probe::Ub<float>(512, 256);
    Duplicate(x, 1.0f, 64);
    Duplicate(bits.ReinterpretCast<int32_t>(), 5, 8);
    PipeBarrier<PIPE_V>();
    SetCmpMask(bits);
    if (job.compare != 0) {
        Compare(x, x, CMPMODE::EQ, uint64_t{64}, {1, 1, 1, 8, 8, 8});
    }
    if (job.barrier != 0) {
        PipeBarrier<PIPE_V>();
    }
    if (job.reader == 0) {
        GetCmpMask(y);
    } else {
        SetVectorMask<float>(64);
        Select<float, SELMODE::VSEL_CMPMASK_SPR>(y, x, x, 1, {1, 1, 1, 8, 8, 8});
    }
}

// Of every AIC in one launch, and of every AIV in another: index, blocks, sub-block, sub-blocks,
// task ratio; 64 bytes a core. An AIC has no way to store but scalar ones.
extern "C" __global__ __aicore__ void probe_places(GM_ADDR aic, GM_ADDR aiv) {
    constexpr int64_t kLine = 64;
    GlobalTensor<int64_t> line =
        probe::Gm<int64_t>((ASCEND_IS_AIC ? aic : aiv) + GetBlockIdx() * kLine);
    const int64_t answers[] = {GetBlockIdx(), GetBlockNum(), GetSubBlockIdx(), GetSubBlockNum(),
                               GetTaskRation()};
    for (uint64_t i = 0; i < 5; ++i) {
        line.SetValue(i, answers[i]);
    }
    DataCacheCleanAndInvalid<int64_t, CacheLine::SINGLE_CACHE_LINE>(line);
}
