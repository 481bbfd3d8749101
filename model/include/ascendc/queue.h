// SPDX-License-Identifier: Apache-2.0
// TQue and TQueBind: buffers that go round between two pipes, ordered by flags of their own.
#pragma once

#include "ascendc/pipe.h"
#include "ascendc/queue_flow.h"

namespace AscendC {

template <TPosition src, TPosition dst, int32_t depth, auto mask = 0>
class TQueBind {
 public:
    static constexpr bool kIsQueue = true;
    static constexpr TQueConfig kConfig = GetTQueConfig(mask);
    static constexpr TPosition kPosition =
        dst == TPosition::GM || dst == TPosition::CO2 ? src : dst;
    static constexpr NpuMemory kMemory = MemoryOf(kPosition);
    static constexpr HardEvent kEnQueEvent = detail::FlowOf(src, dst).forward;
    static constexpr HardEvent kFreeEvent = detail::FlowOf(src, dst).backward;
    static_assert(kEnQueEvent != HardEvent::MAX, "no data flow from src to dst");
    static_assert(depth > 0, "a queue holds at least one tensor");
    static_assert(!kConfig.enableLoopQueue, "loop queues are not supported");

    template <typename T>
    LocalTensor<T> AllocTensor() {
        Require(buffers_ != nullptr, "AllocTensor", "the queue has no buffers before InitBuffer");
        Require(used_ < bufferCount_, "AllocTensor", "every buffer of the queue is in use");
        GetTPipePtr()->NoteAlloc(kPosition);
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
        return Tensor<T>(*buffer);
    }

    // True always: a full queue is a fault.
    template <typename T>
    bool EnQue(const LocalTensor<T>& tensor) {
        return EnQueAs<kEnQueEvent>(tensor.GetBufferHandle());
    }
    bool EnQue(TBufHandle buf) { return EnQueAs<kEnQueEvent>(buf); }
    // For memory that VECIN and VECOUT share: the pair says which move has filled it.
    template <TPosition srcUserPos, TPosition dstUserPos, typename T>
    bool EnQue(const LocalTensor<T>& tensor) {
        return EnQueAs<kUserEvent<srcUserPos, dstUserPos>>(tensor.GetBufferHandle());
    }

    template <typename T>
    LocalTensor<T> DeQue() {
        return Tensor<T>(DeQueAs<kEnQueEvent>());
    }
    TBufHandle DeQue() { return reinterpret_cast<TBufHandle>(&DeQueAs<kEnQueEvent>()); }
    template <TPosition srcUserPos, TPosition dstUserPos, typename T>
    LocalTensor<T> DeQue() {
        return Tensor<T>(DeQueAs<kUserEvent<srcUserPos, dstUserPos>>());
    }

    template <typename T>
    void FreeTensor(LocalTensor<T>& tensor) {
        FreeBuffer(tensor.GetBufferHandle());
    }
    void FreeBuffer(TBufHandle buf) {
        TBufType& buffer = Own(buf, "FreeTensor");
        Require(buffer.state != TBufState::FREE, "FreeTensor", "the tensor is free already");
        Require(buffer.state != TBufState::ENQUE, "FreeTensor", "the tensor is still in the queue");
        GetTPipePtr()->NoteFree(kPosition);
        buffer.freeBufEvtID = GetTPipePtr()->template AllocEventID<kFreeEvent>();
        SetFlag<kFreeEvent>(buffer.freeBufEvtID);
        buffer.state = TBufState::FREE;
        --used_;
    }

    TBuffAddr GetBufferAddr(TBufHandle buf) { return Place(Own(buf, "GetBufferAddr")); }
    bool VacantInQue() const { return queued_ < depth; }
    bool HasTensorInQue() const { return queued_ > 0; }
    int32_t GetTensorCountInQue() const { return queued_; }
    bool HasIdleBuffer() const { return used_ < bufferCount_; }
    // As on the device, where a buffer is occupied until it is freed.
    template <typename T>
    TBufState GetState(const LocalTensor<T>& tensor) const {
        if (tensor.GetBufferHandle() == nullptr) {
            return TBufState::FREE;
        }
        const TBufType& buffer = Own(tensor.GetBufferHandle(), "GetState");
        return buffer.state == TBufState::FREE ? TBufState::FREE : TBufState::OCCUPIED;
    }

    // Waits for the flags that FreeTensor has raised, and gives their ids back.
    void FreeAllEvent() {
        for (int i = 0; i < bufferCount_; ++i) {
            Require(buffers_[i].state != TBufState::ENQUE, "FreeAllEvent",
                    "a tensor is still in the queue");
            if (buffers_[i].freeBufEvtID != INVALID_TEVENTID) {
                SettleFree(buffers_[i]);
            }
        }
    }

    // For TPipe.
    void SetBuffers(TBufType* buffers, int32_t count) {
        buffers_ = buffers;
        bufferCount_ = count;
        used_ = queued_ = cursor_ = head_ = tail_ = 0;
    }

 private:
    template <TPosition source, TPosition target>
    static constexpr HardEvent kUserEvent = detail::UserFlow(source, target).forward;

    static void Require(bool holds, const char* function, const char* what) {
        if (!holds) {
            NpuFrontEndFault(kNpuRuleQueue, function, what);
        }
    }

    TBufType& Own(TBufHandle handle, const char* function) const {
        auto* buffer = reinterpret_cast<TBufType*>(handle);
        Require(buffers_ != nullptr && buffers_ <= buffer && buffer < buffers_ + bufferCount_,
                function, "the tensor must come from this queue");
        return *buffer;
    }

    template <HardEvent event>
    bool EnQueAs(TBufHandle handle) {
        static_assert(event != HardEvent::MAX, "EnQue: GM, VECIN, VECOUT, VECCALC, not both GM");
        TBufType& buffer = Own(handle, "EnQue");
        Require(queued_ < depth, "EnQue", "the queue holds as many tensors as its depth");
        Require(buffer.state == TBufState::OCCUPIED || buffer.state == TBufState::DEQUE, "EnQue",
                "the tensor must have been allocated and not be in the queue");
        buffer.state = TBufState::ENQUE;
        ring_[tail_] = &buffer;
        tail_ = (tail_ + 1) % depth;
        ++queued_;
        buffer.enQueEvt = event;
        buffer.enQueEvtID = GetTPipePtr()->template AllocEventID<event>();
        SetFlag<event>(buffer.enQueEvtID);
        return true;
    }

    template <HardEvent event>
    TBufType& DeQueAs() {
        static_assert(event != HardEvent::MAX, "DeQue: GM, VECIN, VECOUT, VECCALC, not both GM");
        Require(queued_ > 0, "DeQue", "the queue is empty");
        TBufType& buffer = *ring_[head_];
        Require(buffer.enQueEvt == event, "DeQue", "the positions must be those of EnQue");
        head_ = (head_ + 1) % depth;
        --queued_;
        buffer.state = TBufState::DEQUE;
        WaitFlag<event>(buffer.enQueEvtID);
        GetTPipePtr()->template ReleaseEventID<event>(buffer.enQueEvtID);
        buffer.enQueEvtID = INVALID_TEVENTID;
        return buffer;
    }

    void SettleFree(TBufType& buffer) {
        WaitFlag<kFreeEvent>(buffer.freeBufEvtID);
        GetTPipePtr()->template ReleaseEventID<kFreeEvent>(buffer.freeBufEvtID);
        buffer.freeBufEvtID = INVALID_TEVENTID;
    }

    static TBuffAddr Place(TBufType& buffer) {
        return {buffer.dataLen, buffer.address, reinterpret_cast<TBufHandle>(&buffer),
                static_cast<uint8_t>(kPosition)};
    }
    template <typename T>
    static LocalTensor<T> Tensor(TBufType& buffer) {
        LocalTensor<T> tensor;
        tensor.SetAddr(Place(buffer));
        return tensor;
    }

    TBufType* buffers_ = nullptr;
    int32_t bufferCount_ = 0;
    int32_t used_ = 0;    // allocated and not freed
    int32_t queued_ = 0;  // between EnQue and DeQue
    int32_t cursor_ = 0;  // where AllocTensor looks first
    int32_t head_ = 0;
    int32_t tail_ = 0;
    TBufType* ring_[depth] = {};
};

template <TPosition pos, int32_t depth, auto mask = 0>
class TQue : public TQueBind<detail::EndsOf(pos).source, detail::EndsOf(pos).target, depth, mask> {
    static_assert(detail::EndsOf(pos).source != TPosition::MAX, "no queue has this position");
};

}  // namespace AscendC
