// SPDX-License-Identifier: Apache-2.0
// Slots of a buffer that one pipe fills and another empties, in turn.
#pragma once

#include "kernel_entry.h"

namespace attn {

// kFree tells the producer that it may fill a slot again; that a slot is full the consumer knows
// from elsewhere. Up to kMaxSlots slots.
template <AscendC::HardEvent kFree, int32_t kMaxSlots>
class SlotRing {
 public:
    __aicore__ inline void Open(AscendC::TPipe* pipe, int32_t slots = kMaxSlots) {
        slots_ = slots;
        for (int32_t slot = 0; slot < slots_; ++slot) {
            free_[slot] = pipe->AllocEventID<kFree>();
        }
    }

    // Every slot that was filled has been emptied.
    __aicore__ inline void Close(AscendC::TPipe* pipe) {
        for (int32_t slot = 0; slot < slots_; ++slot) {
            if (slot < filled_) {
                AscendC::WaitFlag<kFree>(free_[slot]);
            }
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
    __aicore__ inline void Commit() { ++filled_; }

    // The consumer: read the slot, Release.
    __aicore__ inline int32_t Slot() const { return emptied_ % slots_; }
    __aicore__ inline void Release() {
        AscendC::SetFlag<kFree>(free_[Slot()]);
        ++emptied_;
    }

 protected:
    __aicore__ inline int32_t Slots() const { return slots_; }
    __aicore__ inline int32_t Filled() const { return filled_ % slots_; }

 private:
    AscendC::TEventID free_[kMaxSlots];
    int32_t slots_ = kMaxSlots;
    int32_t filled_ = 0;
    int32_t emptied_ = 0;
};

// kFull tells the consumer that a slot holds data.
template <AscendC::HardEvent kFull, AscendC::HardEvent kFree, int32_t kMaxSlots>
class EventRing : public SlotRing<kFree, kMaxSlots> {
    using Base = SlotRing<kFree, kMaxSlots>;

 public:
    __aicore__ inline void Open(AscendC::TPipe* pipe, int32_t slots = kMaxSlots) {
        Base::Open(pipe, slots);
        for (int32_t slot = 0; slot < slots; ++slot) {
            full_[slot] = pipe->AllocEventID<kFull>();
        }
    }

    __aicore__ inline void Close(AscendC::TPipe* pipe) {
        Base::Close(pipe);
        for (int32_t slot = 0; slot < Base::Slots(); ++slot) {
            pipe->ReleaseEventID<kFull>(full_[slot]);
        }
    }

    __aicore__ inline void Commit() {
        AscendC::SetFlag<kFull>(full_[Base::Filled()]);
        Base::Commit();
    }

    // The consumer: Wait, read the slot, Release.
    __aicore__ inline int32_t Wait() const {
        const int32_t slot = Base::Slot();
        AscendC::WaitFlag<kFull>(full_[slot]);
        return slot;
    }

 private:
    AscendC::TEventID full_[kMaxSlots];
};

}  // namespace attn
