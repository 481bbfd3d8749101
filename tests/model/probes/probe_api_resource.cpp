// SPDX-License-Identifier: Apache-2.0
// Probes of TPipe, queues and buffers: handles, configurations, memory outside the pool, and the
// rules that other probes leave out.
#include "probe_answers.h"

using namespace AscendC;

namespace {

constexpr uint32_t kCount = 64;
constexpr uint32_t kBytes = kCount * sizeof(int32_t);

constexpr TQueConfig TwoBuffers() {
    TQueConfig config;
    config.bufferLen = kBytes;
    config.bufferNumber = 2;
    return config;
}
constexpr TQueConfig kTwoBuffers = TwoBuffers();

}  // namespace

extern "C" __global__ __aicore__ void probe_memory_outside_the_pool(GM_ADDR out) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> taken;
    pipe.InitBuffer(taken, 96);
    const TBuffAddr place = pipe.GetAbsAddr<TPosition::VECIN>(64, 32);
    const LocalTensor<int16_t> tensor = pipe.GetAbsAddr<TPosition::VECOUT, int16_t>(128, 24);
    LocalTensor<float> rest;
    const bool popped = PopStackBuffer<float, TPosition::LCM>(rest);
    TBuf<TPosition::VECCALC> buffer;
    TBufType record;
    PopStackBuffer<TPosition::VECCALC>(buffer, record);

    probe::Answers answers(out);
    for (const int64_t value :
         {int64_t{place.bufferAddr}, int64_t{place.dataLen}, int64_t{place.logicPos},
          int64_t{tensor.GetSize()}, int64_t{tensor.GetPosition()}, int64_t{popped ? 1 : 0},
          int64_t{rest.GetSize()}, int64_t{rest.GetPosition()}, int64_t{record.address},
          int64_t{buffer.Get<int32_t>().GetSize()}}) {
        answers.Add(value);
    }
    // Through scalar stores, so that the addresses show.
    tensor.SetValue(0, 7);
    answers.Add(pipe.GetAbsAddr<TPosition::VECCALC, int16_t>(0, 96).GetValue(64));
    rest.SetValue(0, 3);
    answers.Add(
        static_cast<int64_t>(pipe.GetAbsAddr<TPosition::VECCALC, float>(96, 8).GetValue(0)));
    answers.Send();
}

// A tile goes through a queue by the handle of its buffer.
extern "C" __global__ __aicore__ void probe_queue_handles(GM_ADDR x, GM_ADDR z, GM_ADDR out) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> space;
    pipe.InitBuffer(space, 32);
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> queue;
    pipe.InitBuffer(queue, 1, kBytes);
    LocalTensor<int32_t> tile = queue.AllocTensor<int32_t>();
    DataCopy(tile, probe::Gm<int32_t>(x), kCount);
    const bool queued = queue.EnQue(tile.GetBufferHandle());
    const TBufHandle handle = queue.DeQue();
    const TBuffAddr place = queue.GetBufferAddr(handle);
    tile.SetAddr(place);
    DataCopy(probe::Gm<int32_t>(z), tile, kCount);
    queue.FreeBuffer(handle);

    probe::Answers answers(out);
    answers.Add(queued ? 1 : 0);
    answers.Add(place.bufferAddr);
    answers.Add(place.dataLen);
    answers.Add(place.logicPos);
    answers.Add(queue.HasIdleBuffer() ? 1 : 0);
    answers.Send();
}

// TBuf has the functions of a queue that do not queue.
extern "C" __global__ __aicore__ void probe_buffer_as_queue(GM_ADDR out) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 64);
    LocalTensor<int32_t> tensor = buffer.AllocTensor<int32_t>();
    tensor.SetValue(3, 9);
    buffer.EnQue(tensor);
    LocalTensor<int32_t> again = buffer.DeQue<int32_t>();
    probe::Answers answers(out);
    answers.Add(again.GetSize());
    answers.Add(again.GetValue(3));
    buffer.FreeTensor(again);
    answers.Send();
}

// The number and length of the buffers are part of the queue's type.
extern "C" __global__ __aicore__ void probe_configured_queue(GM_ADDR tiling) {
    const GlobalTensor<int32_t> sizes = probe::Gm<int32_t>(tiling);
    TPipe pipe;
    TQue<TPosition::VECIN, 1, &kTwoBuffers> queue;
    pipe.InitBuffer(queue, static_cast<uint8_t>(sizes.GetValue(0)),
                    static_cast<uint32_t>(sizes.GetValue(1)));
}

// `number` buffers of `bytes` bytes for one queue.
extern "C" __global__ __aicore__ void probe_queue_buffers(GM_ADDR tiling) {
    const GlobalTensor<int32_t> sizes = probe::Gm<int32_t>(tiling);
    TPipe pipe;
    TQue<TPosition::VECOUT, 1> queue;
    pipe.InitBuffer(queue, static_cast<uint8_t>(sizes.GetValue(0)),
                    static_cast<uint32_t>(sizes.GetValue(1)));
}

// Allocates `number` tensors at once, from queues of one position with 7 buffers each.
extern "C" __global__ __aicore__ void probe_many_tensors(GM_ADDR tiling) {
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queues[2];
    pipe.InitBuffer(queues[0], 7, 32);
    pipe.InitBuffer(queues[1], 7, 32);
    const int32_t number = probe::Gm<int32_t>(tiling).GetValue(0);
    for (int32_t i = 0; i < number; ++i) {
        queues[i / 7].AllocTensor<int32_t>();
    }
}

// Queues and buffers on a pipe; each kernel breaks one rule.
#define PROBE_RESOURCE(name, ...)                                   \
    extern "C" __global__ __aicore__ void probe_resource_##name() { \
        TPipe pipe;                                                 \
        TQue<TPosition::VECIN, 1> queue;                            \
        TQue<TPosition::VECIN, 1> other;                            \
        TBuf<TPosition::VECCALC> buffer;                            \
        TBuf<TPosition::VECCALC> bare;                              \
        pipe.InitBuffer(queue, 1, kBytes);                          \
        pipe.InitBuffer(other, 1, kBytes);                          \
        pipe.InitBuffer(buffer, kBytes);                            \
        LocalTensor<int32_t> tensor = queue.AllocTensor<int32_t>(); \
        static_cast<void>(tensor);                                  \
        __VA_ARGS__;                                                \
    }
PROBE_RESOURCE(nothing_wrong, queue.FreeTensor(tensor))
PROBE_RESOURCE(abs_addr_beyond, pipe.GetAbsAddr<TPosition::VECIN>(192 * 1024 - 64, 128))
PROBE_RESOURCE(abs_addr_negative,
               static_cast<void>(pipe.GetAbsAddr<TPosition::VECIN, float>(-4, 1)))
PROBE_RESOURCE(pop_beyond, LocalTensor<int32_t> rest; PopStackBuffer<int32_t, TPosition::LCM>(rest);
               rest.SetValue(rest.GetSize() - (8 * 1024 + 256 - 128) / 4, 0))
PROBE_RESOURCE(pop_destroyed, pipe.Destroy(); LocalTensor<int32_t> rest;
               PopStackBuffer<int32_t, TPosition::LCM>(rest))
PROBE_RESOURCE(free_events_queued, queue.EnQue(tensor); queue.FreeAllEvent())
PROBE_RESOURCE(state_of_foreign, other.GetState(tensor))
PROBE_RESOURCE(handle_of_foreign, other.EnQue(tensor.GetBufferHandle()))
PROBE_RESOURCE(address_of_nothing, other.GetBufferAddr(nullptr))
PROBE_RESOURCE(bare_buffer, bare.Get<int32_t>())
PROBE_RESOURCE(bare_queue, TQue<TPosition::VECIN, 1> empty; empty.AllocTensor<int32_t>())
PROBE_RESOURCE(buffer_length, buffer.Get<int32_t>(9))
PROBE_RESOURCE(buffer_nothing, buffer.Get<int32_t>(0))
PROBE_RESOURCE(buffer_offset, buffer.GetWithOffset<int32_t>(8, 16))
PROBE_RESOURCE(destroyed, pipe.Destroy(); pipe.InitBuffer(bare, 32))
PROBE_RESOURCE(destroyed_twice, pipe.Destroy(); pipe.Destroy())
PROBE_RESOURCE(destroyed_ids, pipe.Destroy(); pipe.AllocEventID<HardEvent::V_S>())
PROBE_RESOURCE(destroyed_queue, pipe.Destroy(); queue.FreeTensor(tensor))
PROBE_RESOURCE(reset_queue, pipe.Reset(); queue.FreeTensor(tensor))

extern "C" __global__ __aicore__ void probe_resource_no_pipe() { GetTPipePtr(); }
