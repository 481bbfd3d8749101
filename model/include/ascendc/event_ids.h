// SPDX-License-Identifier: Apache-2.0
// The event ids of one core: 8 for every pair of pipes, handed out by TPipe.
#pragma once

#include "ascendc/fault.h"
#include "ascendc/types.h"

namespace AscendC {
namespace detail {

// State of one core that lives as long as the kernel; null at its start.
enum FrontEndSlot { kTPipeSlot, kEventIdsSlot, kDeqScaleSlot, kSystemWorkspaceSlot };
inline void*& Slot(FrontEndSlot slot) { return NpuFrontEndState()[slot]; }

class EventIds {
 public:
    static constexpr int kIds = 8;

    // The lowest id that is free; it stays free.
    TEventID Fetch(HardEvent event, const char* function) {
        RequireRange(kNpuRuleArgument, function, "evt", static_cast<int64_t>(event), 0,
                     static_cast<int64_t>(kEvents) - 1);
        const int id = __builtin_ctz(~uint32_t{taken_[Index(event)]});
        if (id >= kIds) {
            NpuFrontEndFault(kNpuRuleEventId, function,
                             "all 8 event ids of this pair of pipes are taken");
        }
        seen_[Index(event)] |= static_cast<uint8_t>(1u << id);
        return static_cast<TEventID>(id);
    }
    TEventID Take(HardEvent event, const char* function) {
        const TEventID id = Fetch(event, function);
        taken_[Index(event)] |= static_cast<uint8_t>(1u << id);
        return id;
    }
    void Release(HardEvent event, TEventID id, const char* function) {
        RequireRange(kNpuRuleEventId, function, "id", id, 0, kIds - 1);
        if ((taken_[Index(event)] >> id & 1) == 0) {
            Fail(kNpuRuleEventId, function, "id", id,
                 "come from AllocEventID and be released once");
        }
        taken_[Index(event)] &= static_cast<uint8_t>(~(1u << id));
    }

    // True when the id was handed out for the event since the TPipe began.
    bool Knows(HardEvent event, int32_t id) const { return (seen_[Index(event)] >> id & 1) != 0; }

    // Of the TPipe of this core; null when there is none.
    static const EventIds* Current() { return static_cast<const EventIds*>(Slot(kEventIdsSlot)); }

 private:
    static constexpr size_t kEvents = static_cast<size_t>(HardEvent::MAX);
    static constexpr size_t Index(HardEvent event) { return static_cast<size_t>(event); }

    uint8_t taken_[kEvents] = {};  // one bit an id
    uint8_t seen_[kEvents] = {};
};

}  // namespace detail
}  // namespace AscendC
