// SPDX-License-Identifier: Apache-2.0
// TPipe: hands out local memory and event ids of one core.
#pragma once

#include "ascendc/queue_flow.h"
#include "ascendc/sync.h"

namespace AscendC {

template <TPosition pos>
class TBuf;

class TPipe {
 public:
    TPipe() {
        Require(Current() == nullptr, "TPipe",
                "a core has one TPipe at a time: the first one must be destroyed before");
        ResetCore();
        Init();
    }
    ~TPipe() {
        if (!destroyed_) {
            Destroy();
        }
    }
    TPipe(const TPipe&) = delete;
    TPipe& operator=(const TPipe&) = delete;

    // Begins again after Destroy.
    void Init() {
        ResetPool();
        if (ASCEND_IS_AIC) {
            NpuSetImageBoundary(0);
            NpuSetImagePadding(0);
            // The matmul library owns three ids that start raised.
            for (int i = 0; i < kMatmulEvents; ++i) {
                SetFlag<HardEvent::M_MTE1>(events_.Take(HardEvent::M_MTE1, "TPipe::Init"));
            }
        }
        detail::Slot(detail::kTPipeSlot) = this;
        detail::Slot(detail::kEventIdsSlot) = &events_;
        destroyed_ = false;
    }

    // `num` buffers of `len` bytes each, rounded up to 32, for a queue.
    template <class T>
    bool InitBuffer(T& que, uint8_t num, uint32_t len) {
        static_assert(T::kIsQueue, "InitBuffer with a number of buffers is for queues");
        constexpr TQueConfig kConfig = T::kConfig;
        constexpr const char* kAsConfigured = "be that of the TQueConfig of the queue";
        RequireBuffers(kConfig.bufferNumber == 0 || num == kConfig.bufferNumber, "num", num,
                       kAsConfigured);
        RequireBuffers(kConfig.bufferLen == 0 || len == kConfig.bufferLen, "len", len,
                       kAsConfigured);
        que.SetBuffers(Carve(T::kMemory, num, len, T::kFreeEvent), num);
        return true;
    }

    template <TPosition pos>
    bool InitBuffer(TBuf<pos>& buf, uint32_t len) {
        static_assert(MemoryOf(pos) != kNpuGm, "TBuf must lie in a local memory");
        buf.SetBuffer(Carve(MemoryOf(pos), 1, len, HardEvent::MAX));
        return true;
    }

    template <HardEvent evt>
    TEventID AllocEventID() {
        RequireAlive("AllocEventID");
        return events_.Take(evt, "AllocEventID");
    }
    template <HardEvent evt>
    void ReleaseEventID(TEventID id) {
        RequireAlive("ReleaseEventID");
        events_.Release(evt, id, "ReleaseEventID");
    }
    // The id stays free: two calls give the same one.
    TEventID FetchEventID(HardEvent evt) {
        RequireAlive("FetchEventID");
        return events_.Fetch(evt, "FetchEventID");
    }
    template <HardEvent evt>
    TEventID FetchEventID() {
        return FetchEventID(evt);
    }

    // Memory outside the pool.
    template <TPosition pos>
    TBuffAddr GetAbsAddr(int32_t offset, int32_t len) const {
        return Place<pos>(offset, len);
    }
    template <TPosition pos, typename T>
    LocalTensor<T> GetAbsAddr(int32_t offset, int32_t size) const {
        LocalTensor<T> tensor;
        tensor.SetAddr(Place<pos>(offset, size * static_cast<int64_t>(sizeof(T))));
        return tensor;
    }

    void Reset() {
        RequireAlive("Reset");
        WaitForFreedBuffers();
        ResetCore();
        ResetPool();
    }
    void Destroy() {
        RequireAlive("Destroy");
        destroyed_ = true;
        WaitForFreedBuffers();
        if (ASCEND_IS_AIC) {
            for (int id = 0; id < kMatmulEvents; ++id) {
                NpuWaitFlag(kNpuPipeM, kNpuPipeMte1, id);
            }
        }
        NpuPipeBarrier(kNpuPipeAll);
        detail::Slot(detail::kTPipeSlot) = nullptr;
        detail::Slot(detail::kEventIdsSlot) = nullptr;
    }

    // Null before the first TPipe and after Destroy.
    static TPipe* Current() { return static_cast<TPipe*>(detail::Slot(detail::kTPipeSlot)); }

    // First byte of a memory behind the buffers of InitBuffer.
    uint32_t End(NpuMemory memory) const { return tops_[memory]; }
    // Counts the tensors of a position between AllocTensor and FreeTensor.
    void NoteAlloc(TPosition position) {
        Require(allocated_[static_cast<uint8_t>(position)] < kMostAllocated, "AllocTensor",
                "the queues of one position must not have more than 8 tensors allocated");
        ++allocated_[static_cast<uint8_t>(position)];
    }
    void NoteFree(TPosition position) {
        Require(allocated_[static_cast<uint8_t>(position)] != 0, "FreeTensor",
                "the tensor must have been allocated since the last Reset");
        --allocated_[static_cast<uint8_t>(position)];
    }

 private:
    static constexpr int kMostBuffers = 64;
    static constexpr int kMostAllocated = 8;
    static constexpr int kMatmulEvents = 3;

    static void Require(bool holds, const char* function, const char* what) {
        if (!holds) {
            NpuFrontEndFault(kNpuRuleQueue, function, what);
        }
    }
    void RequireAlive(const char* function) const {
        Require(!destroyed_, function, "TPipe must not be used after Destroy without Init");
    }
    static void RequireBuffers(bool holds, const char* argument, uint32_t value, const char* must) {
        if (!holds) {
            detail::Fail(kNpuRuleBuffer, "InitBuffer", argument, value, must);
        }
    }

    template <TPosition pos>
    static TBuffAddr Place(int64_t offset, int64_t bytes) {
        static_assert(MemoryOf(pos) != kNpuGm, "GetAbsAddr is for local memories");
        const int64_t capacity = NpuLocalBytes(MemoryOf(pos));
        detail::RequireRange(kNpuRuleBuffer, "GetAbsAddr", "offset", offset, 0, capacity);
        detail::RequireRange(kNpuRuleBuffer, "GetAbsAddr", "bytes", bytes, 0, capacity - offset);
        return {static_cast<uint32_t>(bytes), static_cast<uint32_t>(offset), nullptr,
                static_cast<uint8_t>(pos)};
    }

    static void ResetCore() {
        NpuSetAtomic(kNpuAtomicNone, kNpuF32);
        if (!ASCEND_IS_AIC) {
            NpuSetVectorMask(~uint64_t{0}, ~uint64_t{0});
        }
        NpuSetMaskMode(false);
    }

    TBufType* Carve(NpuMemory memory, uint8_t num, uint32_t len, HardEvent freeEvent) {
        RequireAlive("InitBuffer");
        RequireBuffers(num >= 1, "num", num, "be at least 1");
        RequireBuffers(len >= 1, "len", len, "be at least 1");
        RequireBuffers(bufferCount_ + num <= kMostBuffers, "num", num,
                       "not give the kernel more than 64 buffers");
        const uint64_t bytes = (uint64_t{len} + ONE_BLK_SIZE - 1) / ONE_BLK_SIZE * ONE_BLK_SIZE;
        RequireBuffers(tops_[memory] + num * bytes <= NpuLocalBytes(memory), "len", len,
                       "let the buffers fit into the memory of their position");
        TBufType* first = buffers_ + bufferCount_;
        for (int i = 0; i < num; ++i) {
            first[i] = TBufType{};
            first[i].freeBufEvt = freeEvent;
            first[i].address = tops_[memory];
            first[i].dataLen = static_cast<uint32_t>(bytes);
            tops_[memory] += first[i].dataLen;
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
        for (uint8_t& count : allocated_) {
            count = 0;
        }
        events_ = {};
    }

    TBufType buffers_[kMostBuffers];
    int bufferCount_ = 0;
    uint32_t tops_[kNpuMemoryCount] = {};
    uint8_t allocated_[static_cast<size_t>(TPosition::MAX)] = {};
    detail::EventIds events_;
    bool destroyed_ = true;  // until Init
};

}  // namespace AscendC

inline AscendC::TPipe* GetTPipePtr() {
    AscendC::TPipe* pipe = AscendC::TPipe::Current();
    if (pipe == nullptr) {
        NpuFrontEndFault(
            kNpuRuleQueue, "GetTPipePtr",
            "the core has no TPipe: one must be constructed before, and not destroyed");
    }
    return pipe;
}

namespace AscendC {
namespace detail {

// The second pipe of the event goes on when the first has finished what it had to do.
template <HardEvent event>
inline void OrderPipes() {
    const TEventID id = GetTPipePtr()->FetchEventID(event);
    SetFlag<event>(id);
    WaitFlag<event>(id);
}

}  // namespace detail
}  // namespace AscendC
