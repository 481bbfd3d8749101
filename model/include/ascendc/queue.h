// SPDX-License-Identifier: Apache-2.0
// TQue and TQueBind: buffers that go round between two pipes, ordered by flags of their own.
#pragma once

#include "ascendc/pipe.h"

namespace AscendC {

namespace detail {

// The flag that EnQue raises (forward) or FreeTensor raises (backward).
constexpr HardEvent QueueEvent(TPosition source, TPosition target, bool forward) {
    const NpuMemory from = MemoryOf(source);
    const NpuMemory to = MemoryOf(target);
    if (from == kNpuGm) {
        return to == kNpuUb   ? (forward ? HardEvent::MTE2_V : HardEvent::V_MTE2)
               : to == kNpuL1 ? (forward ? HardEvent::MTE2_MTE1 : HardEvent::MTE1_MTE2)
                              : (forward ? HardEvent::MTE2_M : HardEvent::M_MTE2);
    }
    if (from == kNpuUb) {
        return to == kNpuGm   ? (forward ? HardEvent::V_MTE3 : HardEvent::MTE3_V)
               : to == kNpuUb ? (forward ? HardEvent::MTE2_MTE3 : HardEvent::MTE3_MTE2)
                              : (forward ? HardEvent::MTE3_MTE1 : HardEvent::MTE1_MTE3);
    }
    if (from == kNpuL1) {
        return to == kNpuFixbuf ? (forward ? HardEvent::MTE1_FIX : HardEvent::FIX_MTE1)
                                : (forward ? HardEvent::MTE1_M : HardEvent::M_MTE1);
    }
    return from == kNpuL0c ? (forward ? HardEvent::M_FIX : HardEvent::FIX_M)
                           : (forward ? HardEvent::M_V : HardEvent::V_M);
}

// The two ends of TQue<position>: which move brings data in, or takes them out.
constexpr TPosition QueueSource(TPosition position) {
    switch (position) {
        case TPosition::A1:
        case TPosition::B1:
        case TPosition::C1:
        case TPosition::VECIN:
            return TPosition::GM;
        case TPosition::A2:
            return TPosition::A1;
        case TPosition::B2:
            return TPosition::B1;
        case TPosition::C2:
            return TPosition::C1;
        default:
            return position;
    }
}
constexpr TPosition QueueTarget(TPosition position) {
    switch (position) {
        case TPosition::VECOUT:
        case TPosition::CO1:
        case TPosition::CO2:
            return TPosition::GM;
        default:
            return position;
    }
}

}  // namespace detail

template <TPosition src, TPosition dst, int32_t depth, auto mask = 0>
class TQueBind {
 public:
    static constexpr bool kIsQueue = true;
    static constexpr TPosition kPosition = dst == TPosition::GM ? src : dst;
    static constexpr NpuMemory kMemory = MemoryOf(kPosition);
    static constexpr HardEvent kEnQueEvent = detail::QueueEvent(src, dst, true);
    static constexpr HardEvent kFreeEvent = detail::QueueEvent(src, dst, false);

    template <typename T>
    LocalTensor<T> AllocTensor() {
        Require(used_ < bufferCount_, "AllocTensor", "every buffer of the queue is in use");
        TBufType* buffer = nullptr;
        do {
            buffer = buffers_ + cursor_;
            cursor_ = (cursor_ + 1) % bufferCount_;
        } while (buffer->state != TBufState::FREE);
        buffer->state = TBufState::OCCUPIED;
        ++used_;
        if (buffer->freeBufEvtID != INVALID_TEVENTID) {
            SettleFree(*buffer);
        }
        return Tensor<T>(buffer);
    }

    template <typename T>
    bool EnQue(const LocalTensor<T>& tensor) {
        TBufType& buffer = Own(tensor, "EnQue");
        Push(buffer);
        buffer.enQueEvtID = GetTPipePtr()->template AllocEventID<kEnQueEvent>();
        SetFlag<kEnQueEvent>(buffer.enQueEvtID);
        return true;
    }
    template <TPosition srcUser, TPosition dstUser, typename T>
    bool EnQue(const LocalTensor<T>& tensor) {
        constexpr HardEvent kEvent = detail::QueueEvent(srcUser, dstUser, true);
        TBufType& buffer = Own(tensor, "EnQue");
        Push(buffer);
        buffer.enQueEvtID = GetTPipePtr()->template AllocEventID<kEvent>();
        SetFlag<kEvent>(buffer.enQueEvtID);
        return true;
    }

    template <typename T>
    LocalTensor<T> DeQue() {
        return DeQueAfter<T, kEnQueEvent>();
    }
    template <TPosition srcUser, TPosition dstUser, typename T>
    LocalTensor<T> DeQue() {
        return DeQueAfter<T, detail::QueueEvent(srcUser, dstUser, true)>();
    }

    template <typename T>
    void FreeTensor(LocalTensor<T>& tensor) {
        TBufType& buffer = Own(tensor, "FreeTensor");
        Require(buffer.state != TBufState::FREE, "FreeTensor", "the tensor is free already");
        Require(buffer.state != TBufState::ENQUE, "FreeTensor", "the tensor is still in the queue");
        buffer.freeBufEvtID = GetTPipePtr()->template AllocEventID<kFreeEvent>();
        SetFlag<kFreeEvent>(buffer.freeBufEvtID);
        buffer.state = TBufState::FREE;
        --used_;
    }

    bool VacantInQue() const { return queued_ < depth; }
    bool HasTensorInQue() const { return queued_ > 0; }
    int32_t GetTensorCountInQue() const { return queued_; }
    bool HasIdleBuffer() const { return used_ < bufferCount_; }
    template <typename T>
    TBufState GetState(const LocalTensor<T>& tensor) const {
        return static_cast<const TBufType*>(tensor.GetBufferHandle())->state;
    }
    // Waits for the flags that FreeTensor has raised.
    void FreeAllEvent() {
        for (int i = 0; i < bufferCount_; ++i) {
            if (buffers_[i].freeBufEvtID != INVALID_TEVENTID) {
                SettleFree(buffers_[i]);
            }
        }
    }
    void SetBuffers(TBufType* buffers, int32_t count) {
        buffers_ = buffers;
        bufferCount_ = count;
    }

 private:
    static void Require(bool holds, const char* function, const char* what) {
        if (!holds) {
            NpuFrontEndFault(kNpuRuleQueue, function, what);
        }
    }

    template <typename T>
    TBufType& Own(const LocalTensor<T>& tensor, const char* function) const {
        auto* buffer = static_cast<TBufType*>(tensor.GetBufferHandle());
        Require(buffers_ <= buffer && buffer < buffers_ + bufferCount_, function,
                "the tensor must come from this queue");
        return *buffer;
    }

    void Push(TBufType& buffer) {
        Require(queued_ < depth, "EnQue", "the queue holds as many tensors as its depth");
        Require(buffer.state == TBufState::OCCUPIED || buffer.state == TBufState::DEQUE, "EnQue",
                "the tensor must have been allocated and not be in the queue");
        buffer.state = TBufState::ENQUE;
        ring_[tail_] = &buffer;
        tail_ = (tail_ + 1) % kRing;
        ++queued_;
    }

    template <typename T, HardEvent event>
    LocalTensor<T> DeQueAfter() {
        Require(queued_ > 0, "DeQue", "the queue is empty");
        TBufType& buffer = *ring_[head_];
        head_ = (head_ + 1) % kRing;
        --queued_;
        buffer.state = TBufState::DEQUE;
        WaitFlag<event>(buffer.enQueEvtID);
        GetTPipePtr()->template ReleaseEventID<event>(buffer.enQueEvtID);
        buffer.enQueEvtID = INVALID_TEVENTID;
        return Tensor<T>(&buffer);
    }

    void SettleFree(TBufType& buffer) {
        WaitFlag<kFreeEvent>(buffer.freeBufEvtID);
        GetTPipePtr()->template ReleaseEventID<kFreeEvent>(buffer.freeBufEvtID);
        buffer.freeBufEvtID = INVALID_TEVENTID;
    }

    template <typename T>
    LocalTensor<T> Tensor(TBufType* buffer) const {
        LocalTensor<T> tensor;
        tensor.SetAddr(
            {buffer->dataLen, buffer->address, buffer, static_cast<uint8_t>(kPosition)});
        return tensor;
    }

    static constexpr int32_t kRing = depth > 0 ? depth : 1;

    TBufType* buffers_ = nullptr;
    int32_t bufferCount_ = 0;
    int32_t used_ = 0;    // allocated and not freed
    int32_t queued_ = 0;  // between EnQue and DeQue
    int32_t cursor_ = 0;  // where AllocTensor looks first
    int32_t head_ = 0;
    int32_t tail_ = 0;
    TBufType* ring_[kRing] = {};
};

template <TPosition pos, int32_t depth, auto mask = 0>
class TQue : public TQueBind<detail::QueueSource(pos), detail::QueueTarget(pos), depth, mask> {};

}  // namespace AscendC
