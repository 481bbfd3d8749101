// SPDX-License-Identifier: Apache-2.0
// Probes of TPipe, its event ids and buffers, and of the less common queue functions.
#include "probe_answers.h"

using namespace AscendC;

namespace {

constexpr uint32_t kCount = 64;
constexpr uint32_t kBytes = kCount * sizeof(int32_t);

// Copies a tile through a queue that binds MTE2 to MTE3 directly.
template <class Queue>
__aicore__ inline void PassThrough(TPipe& pipe, Queue& queue, GM_ADDR x, GM_ADDR z) {
    pipe.InitBuffer(queue, 1, kBytes);
    LocalTensor<int32_t> tile = queue.template AllocTensor<int32_t>();
    DataCopy(tile, probe::Gm<int32_t>(x), kCount);
    queue.EnQue(tile);
    tile = queue.template DeQue<int32_t>();
    DataCopy(probe::Gm<int32_t>(z), tile, kCount);
    queue.FreeTensor(tile);
}

}  // namespace

extern "C" __global__ __aicore__ void probe_queue_bind(GM_ADDR x, GM_ADDR z) {
    TPipe pipe;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> queue;
    PassThrough(pipe, queue, x, z);
}

// The same with the pair of positions at EnQue and DeQue, on a queue that would order MTE2 and V.
extern "C" __global__ __aicore__ void probe_queue_user(GM_ADDR x, GM_ADDR z) {
    TPipe pipe;
    TQueBind<TPosition::GM, TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 1, kBytes);
    LocalTensor<int32_t> tile = queue.AllocTensor<int32_t>();
    DataCopy(tile, probe::Gm<int32_t>(x), kCount);
    queue.EnQue<TPosition::VECIN, TPosition::VECOUT>(tile);
    tile = queue.DeQue<TPosition::VECIN, TPosition::VECOUT, int32_t>();
    DataCopy(probe::Gm<int32_t>(z), tile, kCount);
    queue.FreeTensor(tile);
}

// EnQue names another pair than DeQue, which then waits for a flag that nobody has set.
extern "C" __global__ __aicore__ void probe_queue_user_mixed(GM_ADDR x) {
    TPipe pipe;
    TQueBind<TPosition::GM, TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 1, kBytes);
    LocalTensor<int32_t> tile = queue.AllocTensor<int32_t>();
    DataCopy(tile, probe::Gm<int32_t>(x), kCount);
    queue.EnQue<TPosition::VECIN, TPosition::VECOUT>(tile);
    queue.DeQue<int32_t>();
}

// The queue takes more tensors through EnQue with a pair than its depth.
extern "C" __global__ __aicore__ void probe_queue_user_beyond(GM_ADDR) {
    TPipe pipe;
    TQueBind<TPosition::GM, TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 2, kBytes);
    for (int i = 0; i < 2; ++i) {
        LocalTensor<int32_t> tile = queue.AllocTensor<int32_t>();
        queue.EnQue<TPosition::GM, TPosition::VECIN>(tile);
    }
}

extern "C" __global__ __aicore__ void probe_queue_states(GM_ADDR x, GM_ADDR out) {
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 1, kBytes);
    probe::Answers answers(out);
    LocalTensor<int32_t> tile = queue.AllocTensor<int32_t>();
    answers.Add(static_cast<int64_t>(queue.GetState(tile)));
    DataCopy(tile, probe::Gm<int32_t>(x), kCount);
    queue.EnQue(tile);
    tile = queue.DeQue<int32_t>();
    queue.FreeTensor(tile);
    answers.Add(static_cast<int64_t>(queue.GetState(tile)));
    // The id of the free event comes back.
    const TEventID taken = pipe.AllocEventID<HardEvent::V_MTE2>();
    queue.FreeAllEvent();
    const TEventID freed = pipe.AllocEventID<HardEvent::V_MTE2>();
    answers.Add(taken);
    answers.Add(freed);
    answers.Send();
}

extern "C" __global__ __aicore__ void probe_event_ids(GM_ADDR out) {
    TPipe pipe;
    probe::Answers answers(out);
    answers.Add(GetTPipePtr() == &pipe ? 1 : 0);
    answers.Add(pipe.AllocEventID<HardEvent::V_S>());
    answers.Add(pipe.AllocEventID<HardEvent::V_S>());
    answers.Add(pipe.AllocEventID<HardEvent::S_V>());
    answers.Add(pipe.FetchEventID<HardEvent::V_S>());
    answers.Add(pipe.FetchEventID(HardEvent::V_S));
    pipe.ReleaseEventID<HardEvent::V_S>(0);
    answers.Add(pipe.AllocEventID<HardEvent::V_S>());
    answers.Send();
}

// Takes all ids of a pair, then asks for one more without taking it.
extern "C" __global__ __aicore__ void probe_fetch_beyond(GM_ADDR tiling) {
    TPipe pipe;
    for (int i = 0; i < 8; ++i) {
        pipe.AllocEventID<HardEvent::V_S>();
    }
    if (probe::Gm<int32_t>(tiling).GetValue(0) != 0) {
        pipe.FetchEventID<HardEvent::V_S>();
    } else {
        pipe.FetchEventID(HardEvent::V_S);
    }
}

// Buffers start at 0 again after Reset, and with a new pipe after Destroy.
extern "C" __global__ __aicore__ void probe_pipe_reset(GM_ADDR out) {
    probe::Answers answers(out);
    TPipe pipe;
    const auto carve = [&answers](TPipe& from) {
        TBuf<TPosition::VECCALC> buffer;
        from.InitBuffer(buffer, 32);
        answers.Add(probe::AddressOf(buffer.Get<int32_t>()));
        answers.Add(from.AllocEventID<HardEvent::V_S>());
    };
    carve(pipe);
    carve(pipe);
    pipe.Reset();
    carve(pipe);
    pipe.Destroy();
    pipe.Init();
    carve(pipe);
    pipe.Destroy();
    {
        TPipe second;
        carve(second);
        answers.Add(GetTPipePtr() == &second ? 1 : 0);
    }
    answers.Send();
}

extern "C" __global__ __aicore__ void probe_two_pipes(GM_ADDR) {
    TPipe first;
    TPipe second;
}

// A kernel that starts with its registers changed by whatever ran before: TPipe sets them back.
extern "C" __global__ __aicore__ void probe_pipe_registers(GM_ADDR) {
    SetMaskCount();
    SetAtomicAdd<int32_t>();
    TPipe pipe;
}

extern "C" __global__ __aicore__ void probe_buffer_views(GM_ADDR out) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 128);
    probe::Answers answers(out);
    answers.Add(buffer.Get<int32_t>().GetSize());
    answers.Add(buffer.Get<int32_t>(8).GetSize());
    answers.Add(buffer.GetWithOffset<int16_t>(16, 64).GetSize());
    answers.Add(probe::AddressOf(buffer.GetWithOffset<int16_t>(16, 64)));
    answers.Send();
}

// GetWithOffset of a view that ends 32 bytes behind its buffer.
extern "C" __global__ __aicore__ void probe_buffer_view_beyond(GM_ADDR) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 128);
    buffer.GetWithOffset<int16_t>(48, 64);
}
