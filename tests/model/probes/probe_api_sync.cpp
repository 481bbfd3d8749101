// SPDX-License-Identifier: Apache-2.0
// Probes of TQueSync, DataSyncBarrier, and of cores that wait for each other through GM.
#include "probe_answers.h"

using namespace AscendC;

namespace {

constexpr uint32_t kCount = 16;
constexpr uint32_t kBytes = kCount * sizeof(int32_t);
constexpr uint32_t kTile = 0;
constexpr uint32_t kSlots = 4096;  // of the workspace in UB

__aicore__ inline LocalTensor<int32_t> Slots(int64_t blocks) {
    return probe::Ub<int32_t>(kSlots, static_cast<uint32_t>(blocks * 32));
}

// out[to] += value in every element of a tile, by MTE2, V and MTE3.
__aicore__ inline void AddToTile(GM_ADDR out, int64_t to, int32_t value) {
    const LocalTensor<int32_t> tile = probe::Ub<int32_t>(kTile, kBytes);
    const GlobalTensor<int32_t> target = probe::Gm<int32_t>(out + to * kBytes);
    DataCopy(tile, target, kCount);
    PipeBarrier<PIPE_ALL>();
    Adds(tile, tile, value, static_cast<int32_t>(kCount));
    PipeBarrier<PIPE_ALL>();
    DataCopy(target, tile, kCount);
}

}  // namespace

// Scalar stores and MTE3 in order, with an id of its own: 0 to 7.
extern "C" __global__ __aicore__ void probe_queue_sync(GM_ADDR out, GM_ADDR tiling) {
    const auto id = static_cast<TEventID>(probe::Gm<int32_t>(tiling).GetValue(0));
    const LocalTensor<int32_t> tile = probe::Ub<int32_t>(kTile, kBytes);
    for (uint32_t i = 0; i < kCount; ++i) {
        tile.SetValue(i, static_cast<int32_t>(i));
    }
    TQueSync<PIPE_S, PIPE_MTE3> sync;
    sync.SetFlag(id);
    sync.WaitFlag(id);
    DataSyncBarrier<MemDsbT::ALL>();
    DataCopy(probe::Gm<int32_t>(out), tile, kCount);
}

// A scalar barrier instead of a flag: orders nothing for MTE3.
extern "C" __global__ __aicore__ void probe_scalar_barrier_only(GM_ADDR out) {
    const LocalTensor<int32_t> tile = probe::Ub<int32_t>(kTile, kBytes);
    for (uint32_t i = 0; i < kCount; ++i) {
        tile.SetValue(i, 0);
    }
    DataSyncBarrier<MemDsbT::UB>();
    DataCopy(probe::Gm<int32_t>(out), tile, kCount);
}

extern "C" __global__ __aicore__ void probe_queue_sync_set_twice() {
    TQueSync<PIPE_S, PIPE_MTE3> sync;
    sync.SetFlag(0);
    sync.SetFlag(0);
}
extern "C" __global__ __aicore__ void probe_queue_sync_wait_only() {
    TQueSync<PIPE_S, PIPE_MTE3> sync;
    sync.WaitFlag(2);
}

// Ids 6 and 7 from TPipe are fine.
extern "C" __global__ __aicore__ void probe_queue_sync_managed() {
    TPipe pipe;
    TQueSync<PIPE_S, PIPE_MTE3> sync;
    for (int32_t i = 0; i < 8; ++i) {
        const TEventID id = pipe.AllocEventID<HardEvent::S_MTE3>();
        sync.SetFlag(id);
        sync.WaitFlag(id);
    }
}

// Rounds of: every used core adds to its own tile, then core 0 adds up all tiles. The tiling holds
// the number of rounds and of used cores.
extern "C" __global__ __aicore__ void probe_soft_sync(GM_ADDR workspace, GM_ADDR out,
                                                      GM_ADDR tiling) {
    const GlobalTensor<int32_t> job = probe::Gm<int32_t>(tiling);
    const int32_t used = job.GetValue(1);
    const int64_t cores = used != 0 ? used : GetBlockNum();
    TPipe pipe;
    for (int32_t round = 0; round < job.GetValue(0); ++round) {
        if (GetBlockIdx() >= cores) {
            return;
        }
        AddToTile(out, GetBlockIdx(), static_cast<int32_t>(GetBlockIdx()) + 1);
        SyncAll(probe::Gm<int32_t>(workspace), Slots(GetBlockNum()), used);
        AddToTile(out, (GetBlockIdx() + 1) % cores, 100);
        SyncAll(probe::Gm<int32_t>(workspace), Slots(GetBlockNum()), used);
    }
}

// Waits with 2 cores, then with all.
extern "C" __global__ __aicore__ void probe_soft_sync_changes(GM_ADDR workspace) {
    TPipe pipe;
    if (GetBlockIdx() < 2) {
        SyncAll(probe::Gm<int32_t>(workspace), Slots(GetBlockNum()), 2);
    }
    SyncAll(probe::Gm<int32_t>(workspace), Slots(GetBlockNum()));
}

// A chain: core i adds to the tile after core i + 1 has, `rounds` times.
extern "C" __global__ __aicore__ void probe_ib_chain(GM_ADDR workspace, GM_ADDR out,
                                                     GM_ADDR tiling) {
    const GlobalTensor<int32_t> flags = probe::Gm<int32_t>(workspace);
    const int32_t block = static_cast<int32_t>(GetBlockIdx());
    const int32_t event = probe::Gm<int32_t>(tiling).GetValue(1);
    TPipe pipe;
    for (int32_t round = 0; round < probe::Gm<int32_t>(tiling).GetValue(0); ++round) {
        if (block + 1 < GetBlockNum()) {
            IBWait(flags, Slots(1), block, event);
        }
        AddToTile(out, 0, block + 1);
        if (block > 0) {
            IBSet(flags, Slots(1), block - 1, event);
        }
    }
}

// One call of IBSet (first number 0) or IBWait with a block and an event.
extern "C" __global__ __aicore__ void probe_ib_call(GM_ADDR workspace, GM_ADDR tiling) {
    const GlobalTensor<int32_t> flags = probe::Gm<int32_t>(workspace);
    const GlobalTensor<int32_t> call = probe::Gm<int32_t>(tiling);
    TPipe pipe;
    if (call.GetValue(0) == 0) {
        IBSet(flags, Slots(1), call.GetValue(1), call.GetValue(2));
    } else {
        IBWait(flags, Slots(1), call.GetValue(1), call.GetValue(2));
    }
}

namespace {

// out = 2 * out + block, in block order, `rounds` times; `prepare` and `notify` can be left out.
__aicore__ inline void TakeTurns(GM_ADDR workspace, GM_ADDR out, int32_t rounds, bool notify) {
    GlobalTensor<int32_t> flags = probe::Gm<int32_t>(workspace);
    LocalTensor<int32_t> slots = Slots(GetBlockNum() + 1);
    TPipe pipe;
    InitDetermineComputeWorkspace(flags, slots);
    for (int32_t round = 0; round < rounds; ++round) {
        WaitPreBlock(flags, slots);
        const LocalTensor<int32_t> tile = probe::Ub<int32_t>(kTile, kBytes);
        DataCopy(tile, probe::Gm<int32_t>(out), kCount);
        PipeBarrier<PIPE_ALL>();
        Muls(tile, tile, 2, static_cast<int32_t>(kCount));
        PipeBarrier<PIPE_V>();
        Adds(tile, tile, static_cast<int32_t>(GetBlockIdx()), static_cast<int32_t>(kCount));
        PipeBarrier<PIPE_ALL>();
        DataCopy(probe::Gm<int32_t>(out), tile, kCount);
        if (notify) {
            NotifyNextBlock(flags, slots);
        }
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_turns(GM_ADDR workspace, GM_ADDR out, GM_ADDR tiling) {
    TakeTurns(workspace, out, probe::Gm<int32_t>(tiling).GetValue(0), true);
}
extern "C" __global__ __aicore__ void probe_turns_not_passed_on(GM_ADDR workspace, GM_ADDR out) {
    TakeTurns(workspace, out, 1, false);
}

// Without the room for the number of the round.
extern "C" __global__ __aicore__ void probe_turns_short_space(GM_ADDR workspace) {
    GlobalTensor<int32_t> flags = probe::Gm<int32_t>(workspace);
    LocalTensor<int32_t> slots = Slots(GetBlockNum());
    TPipe pipe;
    InitDetermineComputeWorkspace(flags, slots);
}

// NotifyNextBlock without WaitPreBlock and InitDetermineComputeWorkspace: no round number.
extern "C" __global__ __aicore__ void probe_turns_unprepared(GM_ADDR workspace) {
    GlobalTensor<int32_t> flags = probe::Gm<int32_t>(workspace);
    LocalTensor<int32_t> slots = Slots(GetBlockNum() + 1);
    TPipe pipe;
    NotifyNextBlock(flags, slots);
}
