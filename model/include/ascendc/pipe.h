// SPDX-License-Identifier: Apache-2.0
// TPipe: hands out local memory and event ids of one core.
#pragma once

#include "ascendc/sync.h"

namespace AscendC {

enum class TBufState : uint8_t { FREE, OCCUPIED, ENQUE, DEQUE };

// One buffer that TPipe manages.
struct TBufType {
    TBufState state = TBufState::FREE;
    HardEvent freeBufEvt = HardEvent::MAX;  // raised by FreeTensor, waited for by AllocTensor
    TEventID enQueEvtID = INVALID_TEVENTID;
    TEventID freeBufEvtID = INVALID_TEVENTID;
    uint32_t address = 0;  // byte address in its memory
    uint32_t dataLen = 0;  // bytes
};

template <TPosition pos>
class TBuf;

class TPipe {
 public:
    TPipe() { Init(); }
    ~TPipe() {
        if (!destroyed_) {
            Destroy();
        }
    }
    TPipe(const TPipe&) = delete;
    TPipe& operator=(const TPipe&) = delete;

    void Init() {
        *CurrentSlot() = this;
        ResetPool();
        destroyed_ = false;
        NpuSetMaskMode(false);
        NpuSetVectorMask(~uint64_t{0}, ~uint64_t{0});
        NpuSetAtomic(kNpuAtomicNone, kNpuF32);
        if (ASCEND_IS_AIC) {
            // The matmul library owns three ids that start raised.
            for (int i = 0; i < kMatmulEvents; ++i) {
                SetFlag<HardEvent::M_MTE1>(AllocEventID<HardEvent::M_MTE1>());
            }
        }
    }

    // `num` buffers of `len` bytes each, rounded up to 32, for a queue.
    template <class Queue>
    bool InitBuffer(Queue& queue, uint8_t num, uint32_t len) {
        static_assert(Queue::kIsQueue, "InitBuffer with a number of buffers is for queues");
        queue.SetBuffers(Carve(Queue::kMemory, num, len, Queue::kFreeEvent), num);
        return true;
    }

    template <TPosition pos>
    bool InitBuffer(TBuf<pos>& buffer, uint32_t len) {
        buffer.SetBuffer(Carve(MemoryOf(pos), 1, len, HardEvent::MAX));
        return true;
    }

    template <HardEvent event>
    TEventID AllocEventID() {
        const TEventID id = FirstFree(event, "AllocEventID");
        occupied_[Index(event)] |= static_cast<uint8_t>(1u << id);
        return id;
    }
    template <HardEvent event>
    void ReleaseEventID(TEventID id) {
        if (id < 0 || id >= kEventIds || (occupied_[Index(event)] >> id & 1) == 0) {
            NpuFrontEndFault(kNpuRuleEventId, "ReleaseEventID",
                             "the event id must come from AllocEventID and be released once");
        }
        occupied_[Index(event)] &= static_cast<uint8_t>(~(1u << id));
    }
    TEventID FetchEventID(HardEvent event) {
        const TEventID id = FirstFree(event, "FetchEventID");
        fetched_[Index(event)] |= static_cast<uint8_t>(1u << id);
        return id;
    }
    template <HardEvent event>
    TEventID FetchEventID() {
        return FetchEventID(event);
    }
    bool Manages(HardEvent event, int32_t id) const {
        return ((occupied_[Index(event)] | fetched_[Index(event)]) >> id & 1) != 0;
    }

    void Reset() {
        WaitForFreedBuffers();
        ResetPool();
    }
    void Destroy() {
        destroyed_ = true;
        WaitForFreedBuffers();
        if (ASCEND_IS_AIC) {
            for (int id = 0; id < kMatmulEvents; ++id) {
                NpuWaitFlag(kNpuPipeM, kNpuPipeMte1, id);
            }
        }
        NpuPipeBarrier(kNpuPipeAll);
        *CurrentSlot() = nullptr;
    }

    static TPipe* Current() { return *CurrentSlot(); }

 private:
    static constexpr int kMostBuffers = 64;
    static constexpr int kEventIds = 8;
    static constexpr int kMatmulEvents = 3;

    static TPipe** CurrentSlot() {
        return reinterpret_cast<TPipe**>(NpuFrontEndState() + detail::kTPipeSlot);
    }
    static constexpr size_t Index(HardEvent event) { return static_cast<size_t>(event); }

    TEventID FirstFree(HardEvent event, const char* function) const {
        const auto used = static_cast<uint32_t>(occupied_[Index(event)]);
        const int id = __builtin_ctz(~used);
        if (id >= kEventIds) {
            NpuFrontEndFault(kNpuRuleEventId, function,
                             "all 8 event ids of this pair of pipes are taken");
        }
        return static_cast<TEventID>(id);
    }

    TBufType* Carve(NpuMemory memory, uint8_t num, uint32_t len, HardEvent freeEvent) {
        len = (len + ONE_BLK_SIZE - 1) / ONE_BLK_SIZE * ONE_BLK_SIZE;
        if (num == 0 || len == 0) {
            NpuFrontEndFault(kNpuRuleBuffer, "InitBuffer",
                             "the number of buffers and their length must be at least 1");
        }
        if (bufferCount_ + num > kMostBuffers) {
            NpuFrontEndFault(kNpuRuleBuffer, "InitBuffer",
                             "a kernel must not have more than 64 buffers");
        }
        if (uint64_t{tops_[memory]} + uint64_t{num} * len > NpuLocalBytes(memory)) {
            NpuFrontEndFault(kNpuRuleBuffer, "InitBuffer",
                             "the buffers must fit into the memory of their position");
        }
        TBufType* first = buffers_ + bufferCount_;
        for (int i = 0; i < num; ++i) {
            first[i] = TBufType{};
            first[i].freeBufEvt = freeEvent;
            first[i].address = tops_[memory];
            first[i].dataLen = len;
            tops_[memory] += len;
        }
        bufferCount_ += num;
        return first;
    }

    void WaitForFreedBuffers() {
        for (int i = 0; i < bufferCount_; ++i) {
            TBufType& buffer = buffers_[i];
            if (buffer.freeBufEvtID != INVALID_TEVENTID) {
                const EventPipes pipes = PipesOf(buffer.freeBufEvt);
                NpuWaitFlag(pipes.source, pipes.target, buffer.freeBufEvtID);
                buffer.freeBufEvtID = INVALID_TEVENTID;
            }
        }
    }

    void ResetPool() {
        bufferCount_ = 0;
        for (uint32_t& top : tops_) {
            top = 0;
        }
        for (size_t event = 0; event < Index(HardEvent::MAX); ++event) {
            occupied_[event] = 0;
            fetched_[event] = 0;
        }
    }

    TBufType buffers_[kMostBuffers];
    int bufferCount_ = 0;
    uint32_t tops_[kNpuMemoryCount] = {};
    uint8_t occupied_[static_cast<size_t>(HardEvent::MAX)] = {};
    uint8_t fetched_[static_cast<size_t>(HardEvent::MAX)] = {};
    bool destroyed_ = false;
};

inline TPipe* GetTPipePtr() { return TPipe::Current(); }

inline bool detail::IsManagedEvent(HardEvent event, int32_t id) {
    const TPipe* pipe = TPipe::Current();
    return pipe != nullptr && pipe->Manages(event, id);
}

// Local memory without a queue: the kernel orders its uses itself.
template <TPosition pos = TPosition::VECCALC>
class TBuf {
 public:
    template <typename T>
    LocalTensor<T> Get() {
        return GetWithOffset<T>(buffer_->dataLen / sizeof(T), 0);
    }
    template <typename T>
    LocalTensor<T> Get(uint32_t len) {
        return GetWithOffset<T>(len, 0);
    }
    // `size` elements from `bufOffset` bytes on.
    template <typename T>
    LocalTensor<T> GetWithOffset(uint32_t size, uint32_t bufOffset) {
        if (uint64_t{bufOffset} + uint64_t{size} * sizeof(T) > buffer_->dataLen) {
            NpuFrontEndFault(kNpuRuleBuffer, "TBuf::Get", "the tensor must fit into its buffer");
        }
        LocalTensor<T> tensor;
        tensor.SetAddr({static_cast<uint32_t>(size * sizeof(T)), buffer_->address + bufOffset,
                        buffer_, static_cast<uint8_t>(pos)});
        return tensor;
    }
    void SetBuffer(TBufType* buffer) { buffer_ = buffer; }

 private:
    TBufType* buffer_ = nullptr;
};

}  // namespace AscendC
