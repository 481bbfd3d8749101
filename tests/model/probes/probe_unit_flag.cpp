// SPDX-License-Identifier: Apache-2.0
// A list of products and ways out of L0C with unit flags, barriers and events between them. Values
// do not matter. tests/model/test_unit_flag.py builds the list and knows the same operations.
#include "cube_image.h"

using namespace AscendC;

namespace {

enum Operation : int32_t {
    kMmad,     // m x n at `address` with unitFlag
    kFixpipe,  // m rows of n columns from `address`, whose tile has `stride` rows, with unitFlag
    kBarrierM,
    kBarrierFix,
    kMToFix,  // set and wait
    kFixToM,
    kReset,
};

struct Step {
    int32_t operation;
    int32_t m;
    int32_t n;
    int32_t unitFlag;
    uint32_t address;  // in L0C
    int32_t stride;
};

constexpr int32_t kMostSteps = 16;
constexpr int32_t kDepth = 16;
constexpr uint32_t kL0Bytes = 64 * 1024;
constexpr uint32_t kL1Step = 32 * 1024;  // each way out has an L1 tile of its own

struct UnitFlagCase {
    int32_t count;
    Step steps[kMostSteps];
};

template <HardEvent event>
__aicore__ inline void Order() {
    SetFlag<event>(EVENT_ID0);
    WaitFlag<event>(EVENT_ID0);
}

__aicore__ inline void Multiply(const Step& step) {
    const MmadParams params(static_cast<uint16_t>(step.m), static_cast<uint16_t>(step.n), kDepth,
                            static_cast<uint8_t>(step.unitFlag), false, true);
    Mmad(probe::Local<float>(TPosition::CO1, step.address, kL0Bytes),
         probe::Local<half>(TPosition::A2, 0, kL0Bytes),
         probe::Local<half>(TPosition::B2, 0, kL0Bytes), params);
}

__aicore__ inline void TakeAway(const Step& step, uint32_t target) {
    NpuFixpipe fixpipe{};
    fixpipe.source = kNpuF32;
    fixpipe.target = kNpuF16;
    fixpipe.columns = static_cast<uint16_t>(step.n);
    fixpipe.rows = static_cast<uint16_t>(step.m);
    fixpipe.targetStride = static_cast<uint32_t>(step.m);
    fixpipe.sourceStride = static_cast<uint16_t>(step.stride);
    fixpipe.unitFlag = static_cast<uint8_t>(step.unitFlag);
    fixpipe.quant = kNpuF322F16;
    NpuCopyL0cToL1(target, step.address, &fixpipe);
}

__aicore__ inline void Run(const Step& step, uint32_t target) {
    switch (step.operation) {
        case kMmad:
            return Multiply(step);
        case kFixpipe:
            return TakeAway(step, target);
        case kBarrierM:
            return PipeBarrier<PIPE_M>();
        case kBarrierFix:
            return PipeBarrier<PIPE_FIX>();
        case kMToFix:
            return Order<HardEvent::M_FIX>();
        case kFixToM:
            return Order<HardEvent::FIX_M>();
        default:
            NpuSetFixpipeConfig(uint64_t{1} << 63);
    }
}

__aicore__ inline void Fill(TPosition position, TPosition from) {
    LoadData2DParams params;
    params.repeatTimes = kL0Bytes / 512;
    params.srcStride = 1;
    LoadData(probe::Local<half>(position, 0, kL0Bytes), probe::Local<half>(from, 0, kL0Bytes),
             params);
}

}  // namespace

extern "C" __global__ __aicore__ void probe_unit_flag(GM_ADDR image, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    GET_TILING_DATA_WITH_STRUCT(UnitFlagCase, test, tiling);
    probe::LoadL1(image, 0, kL0Bytes);
    Fill(TPosition::A2, TPosition::A1);
    Fill(TPosition::B2, TPosition::B1);
    PipeBarrier<PIPE_ALL>();
    for (int32_t i = 0; i < test.count; ++i) {
        Run(test.steps[i], static_cast<uint32_t>(i) * kL1Step);
    }
}
