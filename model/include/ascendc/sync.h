// SPDX-License-Identifier: Apache-2.0
// Flags and barriers between the pipes of one core, and flags between cores.
#pragma once

#include "ascendc/tensor.h"

namespace AscendC {

class TPipe;
namespace detail {

enum FrontEndSlot { kTPipeSlot, kDeqScaleSlot };

// True when TPipe handed out this event id, which makes ids 6 and 7 legal.
bool IsManagedEvent(HardEvent event, int32_t id);

inline void CheckEventId(const char* function, HardEvent event, int32_t id) {
    if ((id == 6 || id == 7) && !IsManagedEvent(event, id)) {
        NpuFrontEndFault(kNpuRuleEventId, function,
                         "event id must not be a literal 6 or 7: they are reserved");
    }
}

}  // namespace detail

template <HardEvent event>
__attribute__((always_inline)) inline void SetFlag(int32_t eventID) {
    detail::CheckEventId("SetFlag", event, eventID);
    NpuSetFlag(PipesOf(event).source, PipesOf(event).target, eventID);
}

template <HardEvent event>
__attribute__((always_inline)) inline void WaitFlag(int32_t eventID) {
    detail::CheckEventId("WaitFlag", event, eventID);
    NpuWaitFlag(PipesOf(event).source, PipesOf(event).target, eventID);
}

template <pipe_t pipe>
__attribute__((always_inline)) inline void PipeBarrier() {
    NpuPipeBarrier(static_cast<NpuPipe>(pipe));
}

template <pipe_t src, pipe_t dst>
class TQueSync {
 public:
    void SetFlag(TEventID id) {
        NpuSetFlag(static_cast<NpuPipe>(src), static_cast<NpuPipe>(dst), id);
    }
    void WaitFlag(TEventID id) {
        NpuWaitFlag(static_cast<NpuPipe>(src), static_cast<NpuPipe>(dst), id);
    }
};

}  // namespace AscendC
