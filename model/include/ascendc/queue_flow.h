// SPDX-License-Identifier: Apache-2.0
// Which flags the queues of a data flow use, and how a queue is configured.
#pragma once

#include "ascendc/types.h"

namespace AscendC {

// `mask` of a queue: this, or an integer whose bits are the first three.
struct TQueConfig {
    bool nd2nz = false;
    bool nz2nd = false;
    bool scmBlockGroup = false;
    uint32_t bufferLen = 0;     // of InitBuffer; 0: any
    uint32_t bufferNumber = 0;  // of InitBuffer; 0: any
    uint32_t consumerSize = 0;
    TPosition consumer[8] = {};
    bool enableStaticEvtId = false;
    bool enableLoopQueue = false;
};

constexpr TQueConfig GetTQueConfig(const int32_t mask) {
    TQueConfig config;
    config.nd2nz = (mask & 1) != 0;
    config.nz2nd = (mask & 2) != 0;
    config.scmBlockGroup = (mask & 4) != 0;
    return config;
}
constexpr TQueConfig GetTQueConfig(const TQueConfig* conf) { return *conf; }

namespace detail {

// EnQue raises `forward` when data have arrived; FreeTensor raises `backward` when they were used.
struct Flow {
    NpuMemory source;
    NpuMemory target;
    HardEvent forward;
    HardEvent backward;
};

constexpr Flow FlowOf(TPosition source, TPosition target) {
    constexpr Flow kFlows[] = {
        {kNpuGm, kNpuUb, HardEvent::MTE2_V, HardEvent::V_MTE2},
        {kNpuGm, kNpuL1, HardEvent::MTE2_MTE1, HardEvent::MTE1_MTE2},
        {kNpuGm, kNpuL0a, HardEvent::MTE2_M, HardEvent::M_MTE2},
        {kNpuGm, kNpuL0b, HardEvent::MTE2_M, HardEvent::M_MTE2},
        {kNpuUb, kNpuGm, HardEvent::V_MTE3, HardEvent::MTE3_V},
        {kNpuUb, kNpuUb, HardEvent::MTE2_MTE3, HardEvent::MTE3_MTE2},
        {kNpuUb, kNpuL1, HardEvent::MTE3_MTE1, HardEvent::MTE1_MTE3},
        {kNpuL1, kNpuUb, HardEvent::MTE1_V, HardEvent::V_MTE1},
        {kNpuL1, kNpuL0a, HardEvent::MTE1_M, HardEvent::M_MTE1},
        {kNpuL1, kNpuL0b, HardEvent::MTE1_M, HardEvent::M_MTE1},
        {kNpuL1, kNpuBias, HardEvent::MTE1_M, HardEvent::M_MTE1},
        {kNpuL1, kNpuFixbuf, HardEvent::MTE1_FIX, HardEvent::FIX_MTE1},
        {kNpuL0a, kNpuL0c, HardEvent::M_V, HardEvent::V_M},
        {kNpuL0b, kNpuL0c, HardEvent::M_V, HardEvent::V_M},
        {kNpuL0c, kNpuGm, HardEvent::M_FIX, HardEvent::FIX_M},
    };
    const NpuMemory from = MemoryOf(source);
    const NpuMemory to = MemoryOf(target);
    for (const Flow& flow : kFlows) {
        if (flow.source == from && flow.target == to) {
            return flow;
        }
    }
    return {from, to, HardEvent::MAX, HardEvent::MAX};
}

// The flow of a pair of positions that the kernel names in EnQue and DeQue.
constexpr Flow UserFlow(TPosition source, TPosition target) {
    const auto allowed = [](TPosition position) {
        return position == TPosition::GM || MemoryOf(position) == kNpuUb;
    };
    return allowed(source) && allowed(target) ? FlowOf(source, target)
                                              : FlowOf(TPosition::GM, TPosition::GM);
}

// The two ends of TQue<position>: which move brings data in, or takes them out. MAX: no such queue.
struct QueueEnds {
    TPosition source;
    TPosition target;
};
constexpr QueueEnds EndsOf(TPosition position) {
    switch (position) {
        case TPosition::A1:
        case TPosition::B1:
        case TPosition::C1:
        case TPosition::VECIN:
            return {TPosition::GM, position};
        case TPosition::A2:
            return {TPosition::A1, position};
        case TPosition::B2:
            return {TPosition::B1, position};
        case TPosition::C2:
            return {TPosition::C1, position};
        case TPosition::C2PIPE2GM:
            return {TPosition::B1, position};
        case TPosition::CO1:
            return {position, TPosition::CO2};
        case TPosition::VECOUT:
        case TPosition::CO2:
            return {position, TPosition::GM};
        case TPosition::SPM:
            return {TPosition::VECOUT, TPosition::GM};
        default:
            return {TPosition::MAX, TPosition::MAX};
    }
}

}  // namespace detail
}  // namespace AscendC
