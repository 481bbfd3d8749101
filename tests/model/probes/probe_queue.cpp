// SPDX-License-Identifier: Apache-2.0
// Probes of TPipe, TQue and TBuf: a double-buffered pipeline, and every way to break the protocol.
#include "probe_tensors.h"

using namespace AscendC;

namespace {

constexpr uint32_t kCount = 64;  // elements of a tile
constexpr uint32_t kBytes = kCount * sizeof(int32_t);

// Copies `tiles` tiles from GM over UB to UB and back, with every stage on its own pipe.
class Pipeline {
 public:
    __aicore__ Pipeline(TPipe* pipe, GM_ADDR x, GM_ADDR z)
        : x_(probe::Gm<int32_t>(x)), z_(probe::Gm<int32_t>(z)) {
        pipe->InitBuffer(in_, 2, kBytes);
        pipe->InitBuffer(out_, 2, kBytes);
    }

    __aicore__ void Process(uint32_t tiles) {
        for (uint32_t tile = 0; tile < tiles; ++tile) {
            CopyIn(tile);
            Compute();
            CopyOut(tile);
        }
    }

 private:
    __aicore__ void CopyIn(uint32_t tile) {
        LocalTensor<int32_t> in = in_.AllocTensor<int32_t>();
        DataCopy(in, x_[tile * kCount], kCount);
        in_.EnQue(in);
    }

    __aicore__ void Compute() {
        LocalTensor<int32_t> in = in_.DeQue<int32_t>();
        LocalTensor<int32_t> out = out_.AllocTensor<int32_t>();
        DataCopy(out, in, kCount);
        out_.EnQue(out);
        in_.FreeTensor(in);
    }

    __aicore__ void CopyOut(uint32_t tile) {
        LocalTensor<int32_t> out = out_.DeQue<int32_t>();
        DataCopy(z_[tile * kCount], out, kCount);
        out_.FreeTensor(out);
    }

    GlobalTensor<int32_t> x_;
    GlobalTensor<int32_t> z_;
    TQue<TPosition::VECIN, 2> in_;
    TQue<TPosition::VECOUT, 2> out_;
};

// A queue of depth 1 with `buffers` buffers, one of depth 2 with one, and the input to fill them.
struct Bench {
    __aicore__ Bench(TPipe* tpipe, GM_ADDR x, uint8_t buffers)
        : pipe(tpipe), gm(probe::Gm<int32_t>(x)) {
        pipe->InitBuffer(queue, buffers, kBytes);
        pipe->InitBuffer(other, 1, kBytes);
        pipe->InitBuffer(result, kBytes);
    }

    __aicore__ LocalTensor<int32_t> Filled() {
        LocalTensor<int32_t> tensor = queue.AllocTensor<int32_t>();
        DataCopy(tensor, gm, kCount);
        return tensor;
    }

    TPipe* pipe;
    GlobalTensor<int32_t> gm;
    TQue<TPosition::VECIN, 1> queue;
    TQue<TPosition::VECIN, 2> other;
    TBuf<TPosition::VECCALC> result;
};

__aicore__ inline void AllocBeyondTheBuffers(Bench& bench) {
    bench.queue.AllocTensor<int32_t>();
    bench.queue.AllocTensor<int32_t>();
}

__aicore__ inline void EnQueAForeignTensor(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.Filled();
    bench.other.EnQue(tensor);
}

__aicore__ inline void EnQueTwice(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.other.AllocTensor<int32_t>();
    bench.other.EnQue(tensor);
    bench.other.EnQue(tensor);
}

__aicore__ inline void EnQueBeyondTheDepth(Bench& bench) {
    for (int i = 0; i < 2; ++i) {
        LocalTensor<int32_t> tensor = bench.Filled();
        bench.queue.EnQue(tensor);
    }
}

__aicore__ inline void DeQueTwice(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.Filled();
    bench.queue.EnQue(tensor);
    bench.queue.DeQue<int32_t>();
    bench.queue.DeQue<int32_t>();
}

__aicore__ inline void FreeTwice(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.Filled();
    bench.queue.EnQue(tensor);
    tensor = bench.queue.DeQue<int32_t>();
    bench.queue.FreeTensor(tensor);
    bench.queue.FreeTensor(tensor);
}

__aicore__ inline void FreeWhileQueued(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.Filled();
    bench.queue.EnQue(tensor);
    bench.queue.FreeTensor(tensor);
}

__aicore__ inline void LeaveATensorInTheQueue(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.Filled();
    bench.queue.EnQue(tensor);
}

__aicore__ inline void ReadBeforeDeQue(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.Filled();
    bench.queue.EnQue(tensor);
    DataCopy(bench.result.Get<int32_t>(), tensor, kCount);
}

__aicore__ inline void ReadAfterFree(Bench& bench) {
    LocalTensor<int32_t> tensor = bench.Filled();
    bench.queue.EnQue(tensor);
    tensor = bench.queue.DeQue<int32_t>();
    bench.queue.FreeTensor(tensor);
    DataCopy(bench.result.Get<int32_t>(), tensor, kCount);
    bench.Filled();
}

__aicore__ inline void GetMoreThanTheBuffer(Bench& bench) { bench.result.Get<int32_t>(kCount + 1); }

__aicore__ inline void TakeNineEventIds(Bench& bench) {
    for (int i = 0; i < 9; ++i) {
        bench.pipe->AllocEventID<HardEvent::V_S>();
    }
}

__aicore__ inline void ReleaseAnIdThatIsFree(Bench& bench) {
    bench.pipe->ReleaseEventID<HardEvent::V_S>(3);
}

__aicore__ inline void UseEveryEventId(Bench& bench) {
    for (int i = 0; i < 8; ++i) {
        const TEventID id = bench.pipe->AllocEventID<HardEvent::V_S>();
        ASSERT(id == i);
        SetFlag<HardEvent::V_S>(id);
        WaitFlag<HardEvent::V_S>(id);
    }
    bench.pipe->ReleaseEventID<HardEvent::V_S>(7);
    ASSERT(bench.pipe->AllocEventID<HardEvent::V_S>() == 7);
}

__aicore__ inline void CountTensors(Bench& bench) {
    ASSERT(bench.queue.HasIdleBuffer() && bench.queue.VacantInQue());
    LocalTensor<int32_t> tensor = bench.Filled();
    ASSERT(!bench.queue.HasIdleBuffer() && !bench.queue.HasTensorInQue());
    bench.queue.EnQue(tensor);
    ASSERT(bench.queue.HasTensorInQue() && !bench.queue.VacantInQue());
    ASSERT(bench.queue.GetTensorCountInQue() == 1);
    tensor = bench.queue.DeQue<int32_t>();
    ASSERT(bench.queue.GetTensorCountInQue() == 0);
    bench.queue.FreeTensor(tensor);
    ASSERT(bench.queue.HasIdleBuffer());
}

}  // namespace

extern "C" __global__ __aicore__ void probe_pipeline(GM_ADDR x, GM_ADDR z, GM_ADDR tiling) {
    const auto tiles = static_cast<uint32_t>(probe::Gm<int32_t>(tiling).GetValue(0));
    TPipe pipe;
    Pipeline(&pipe, x, z).Process(tiles);
}

// Each is a kernel with one buffer in a queue of depth 1, except where it says how many.
#define PROBE_QUEUE(name, buffers, body)                                  \
    extern "C" __global__ __aicore__ void probe_queue_##name(GM_ADDR x) { \
        TPipe pipe;                                                       \
        Bench bench(&pipe, x, buffers);                                   \
        body(bench);                                                      \
    }
PROBE_QUEUE(alloc_beyond, 1, AllocBeyondTheBuffers)
PROBE_QUEUE(enque_foreign, 1, EnQueAForeignTensor)
PROBE_QUEUE(enque_twice, 1, EnQueTwice)
PROBE_QUEUE(enque_beyond_depth, 2, EnQueBeyondTheDepth)
PROBE_QUEUE(deque_twice, 1, DeQueTwice)
PROBE_QUEUE(free_twice, 1, FreeTwice)
PROBE_QUEUE(free_queued, 1, FreeWhileQueued)
PROBE_QUEUE(leave_queued, 1, LeaveATensorInTheQueue)
PROBE_QUEUE(read_before_deque, 1, ReadBeforeDeQue)
PROBE_QUEUE(read_after_free, 1, ReadAfterFree)
PROBE_QUEUE(tbuf_beyond, 1, GetMoreThanTheBuffer)
PROBE_QUEUE(nine_ids, 1, TakeNineEventIds)
PROBE_QUEUE(release_free_id, 1, ReleaseAnIdThatIsFree)
PROBE_QUEUE(every_id, 1, UseEveryEventId)
PROBE_QUEUE(counts, 1, CountTensors)

// InitBuffer of `number` queues with one buffer of `bytes` each, as the tiling says.
extern "C" __global__ __aicore__ void probe_init_buffers(GM_ADDR tiling) {
    const GlobalTensor<int32_t> sizes = probe::Gm<int32_t>(tiling);
    TPipe pipe;
    for (int32_t i = 0; i < sizes.GetValue(0); ++i) {
        TBuf<TPosition::VECCALC> buffer;
        pipe.InitBuffer(buffer, static_cast<uint32_t>(sizes.GetValue(1)));
    }
}
