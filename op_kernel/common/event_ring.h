// SPDX-License-Identifier: Apache-2.0
// Slots of a buffer that one pipe fills and another empties, in turn.
#pragma once

#include "kernel_entry.h"

namespace attn {

// kFull tells the consumer that a slot holds data, kFree tells the producer that it may fill it
// again. Up to kMaxSlots slots.
template <AscendC::HardEvent kFull, AscendC::HardEvent kFree, int32_t kMaxSlots>
class EventRing {
 public:
    __aicore__ inline void Open(AscendC::TPipe* pipe, int32_t slots = kMaxSlots) {
        slots_ = slots;
        for (int32_t slot = 0; slot < slots_; ++slot) {
            full_[slot] = pipe->AllocEventID<kFull>();
            free_[slot] = pipe->AllocEventID<kFree>();
        }
    }

    // Every slot that was filled has been emptied.
    __aicore__ inline void Close(AscendC::TPipe* pipe) {
        for (int32_t slot = 0; slot < slots_; ++slot) {
            if (slot < filled_) {
                AscendC::WaitFlag<kFree>(free_[slot]);
            }
            pipe->ReleaseEventID<kFull>(full_[slot]);
            pipe->ReleaseEventID<kFree>(free_[slot]);
        }
    }

    // True when Acquire needs no Release that is yet to come.
    __aicore__ inline bool HasRoom() const { return filled_ - emptied_ < slots_; }

    // The producer: Acquire, fill the slot, Commit.
    __aicore__ inline int32_t Acquire() const {
        const int32_t slot = filled_ % slots_;
        if (filled_ >= slots_) {
            AscendC::WaitFlag<kFree>(free_[slot]);
        }
        return slot;
    }
    __aicore__ inline void Commit() {
        AscendC::SetFlag<kFull>(full_[filled_ % slots_]);
        ++filled_;
    }

    // The consumer: Wait once for each slot in turn, read the slot, Release.
    __aicore__ inline int32_t Wait() {
        const int32_t slot = taken_++ % slots_;
        AscendC::WaitFlag<kFull>(full_[slot]);
        return slot;
    }
    __aicore__ inline void Release() { Release(emptied_ % slots_); }
    // For slots that are released in another order than they were filled in.
    __aicore__ inline void Release(int32_t slot) {
        AscendC::SetFlag<kFree>(free_[slot]);
        ++emptied_;
    }

 private:
    AscendC::TEventID full_[kMaxSlots];
    AscendC::TEventID free_[kMaxSlots];
    int32_t slots_ = kMaxSlots;
    int32_t filled_ = 0;
    int32_t taken_ = 0;
    int32_t emptied_ = 0;
};

}  // namespace attn
