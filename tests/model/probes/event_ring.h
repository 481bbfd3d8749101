// SPDX-License-Identifier: Apache-2.0
// Slots of a buffer that one pipe fills and another empties, in turn.
#pragma once

#include "kernel_operator.h"

namespace probe {

// kFull tells the consumer that a slot holds data, kFree tells the producer that it may fill it
// again. The ring knows how often it will be used: a slot that nobody fills again is not handed
// back, so no flag has to be raised before the first use and none is left over after the last.
template <AscendC::HardEvent kFull, AscendC::HardEvent kFree, int32_t kSlots>
class EventRing {
 public:
    __aicore__ inline void Open(AscendC::TPipe* pipe, int32_t uses) {
        uses_ = uses;
        for (int32_t slot = 0; slot < kSlots; ++slot) {
            full_[slot] = pipe->AllocEventID<kFull>();
            free_[slot] = pipe->AllocEventID<kFree>();
        }
    }
    __aicore__ inline void Close(AscendC::TPipe* pipe) {
        for (int32_t slot = 0; slot < kSlots; ++slot) {
            pipe->ReleaseEventID<kFull>(full_[slot]);
            pipe->ReleaseEventID<kFree>(free_[slot]);
        }
    }

    // The producer: Acquire, fill the slot, Commit.
    __aicore__ inline int32_t Acquire() const {
        const int32_t slot = filled_ % kSlots;
        if (filled_ >= kSlots) {
            AscendC::WaitFlag<kFree>(free_[slot]);
        }
        return slot;
    }
    __aicore__ inline void Commit() {
        AscendC::SetFlag<kFull>(full_[filled_ % kSlots]);
        ++filled_;
    }

    // The consumer: Wait, read the slot, Release.
    __aicore__ inline int32_t Wait() const {
        const int32_t slot = emptied_ % kSlots;
        AscendC::WaitFlag<kFull>(full_[slot]);
        return slot;
    }
    __aicore__ inline void Release() {
        if (emptied_ + kSlots < uses_) {
            AscendC::SetFlag<kFree>(free_[emptied_ % kSlots]);
        }
        ++emptied_;
    }

 private:
    AscendC::TEventID full_[kSlots];
    AscendC::TEventID free_[kSlots];
    int32_t uses_ = 0;
    int32_t filled_ = 0;
    int32_t emptied_ = 0;
};

}  // namespace probe
