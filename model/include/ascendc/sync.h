// SPDX-License-Identifier: Apache-2.0
// Flags and barriers between the pipes of one core.
#pragma once

#include "ascendc/event_ids.h"
#include "ascendc/tensor.h"

namespace AscendC {

enum class MemDsbT : uint8_t { ALL, DDR, UB, SEQ };

namespace detail {

// Ids 6 and 7 are for ids that TPipe handed out.
inline void CheckEventId(const char* function, HardEvent event, int32_t id) {
    if (id != 6 && id != 7) {
        return;
    }
    const EventIds* ids = EventIds::Current();
    if (ids == nullptr || event == HardEvent::MAX || !ids->Knows(event, id)) {
        NpuFrontEndFault(kNpuRuleEventId, function,
                         "event id must not be a literal 6 or 7: they are reserved");
    }
}

// The event from one pipe to another; MAX if it has no name.
constexpr HardEvent EventOf(pipe_t source, pipe_t target) {
    for (uint8_t i = 0; i < static_cast<uint8_t>(HardEvent::MAX); ++i) {
        const EventPipes pipes = PipesOf(static_cast<HardEvent>(i));
        if (pipes.source == static_cast<NpuPipe>(source) &&
            pipes.target == static_cast<NpuPipe>(target)) {
            return static_cast<HardEvent>(i);
        }
    }
    return HardEvent::MAX;
}

// Flags between V and the pipes that both kinds of core have: nothing to do on an AIC.
constexpr bool IsVectorEvent(HardEvent event) {
    const EventPipes pipes = PipesOf(event);
    const auto onAiv = [](NpuPipe pipe) {
        return pipe == kNpuPipeS || pipe == kNpuPipeV || pipe == kNpuPipeMte2 ||
               pipe == kNpuPipeMte3;
    };
    return (pipes.source == kNpuPipeV || pipes.target == kNpuPipeV) && onAiv(pipes.source) &&
           onAiv(pipes.target);
}

}  // namespace detail

// V_V has no flag: setting it is a barrier of V, waiting for it is nothing.
template <HardEvent event>
__attribute__((always_inline)) inline void SetFlag(int32_t eventID) {
    detail::CheckEventId("SetFlag", event, eventID);
    if (detail::IsVectorEvent(event) && ASCEND_IS_AIC) {
        return;
    }
    if constexpr (event == HardEvent::V_V) {
        NpuPipeBarrier(kNpuPipeV);
    } else {
        NpuSetFlag(PipesOf(event).source, PipesOf(event).target, eventID);
    }
}

template <HardEvent event>
__attribute__((always_inline)) inline void WaitFlag(int32_t eventID) {
    detail::CheckEventId("WaitFlag", event, eventID);
    if (detail::IsVectorEvent(event) && ASCEND_IS_AIC) {
        return;
    }
    if constexpr (event != HardEvent::V_V) {
        NpuWaitFlag(PipesOf(event).source, PipesOf(event).target, eventID);
    }
}

template <pipe_t pipe>
__attribute__((always_inline)) inline void PipeBarrier() {
    if (pipe == PIPE_V && ASCEND_IS_AIC) {
        return;
    }
    NpuPipeBarrier(static_cast<NpuPipe>(pipe));
}

// The scalar pipe waits for its own earlier accesses. Orders nothing for other pipes: flags do.
template <MemDsbT arg0>
inline void DataSyncBarrier() {
    NpuDataSyncBarrier(static_cast<NpuDsb>(arg0));
}

template <pipe_t src, pipe_t dst>
class TQueSync {
    static_assert(src != dst, "TQueSync: src and dst must differ");
    static_assert(src != PIPE_ALL && dst != PIPE_ALL, "TQueSync: src and dst must be one pipe");

 public:
    void SetFlag(TEventID id) {
        detail::CheckEventId("TQueSync::SetFlag", kEvent, id);
        NpuSetFlag(static_cast<NpuPipe>(src), static_cast<NpuPipe>(dst), id);
    }
    void WaitFlag(TEventID id) {
        detail::CheckEventId("TQueSync::WaitFlag", kEvent, id);
        NpuWaitFlag(static_cast<NpuPipe>(src), static_cast<NpuPipe>(dst), id);
    }

 private:
    static constexpr HardEvent kEvent = detail::EventOf(src, dst);
};

}  // namespace AscendC
