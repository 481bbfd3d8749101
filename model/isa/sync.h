// SPDX-License-Identifier: Apache-2.0
// Synchronisation instructions: event flags and barriers of one core, flags between cores.
#pragma once

#include "isa/isa.h"

// set_flag: `source` raises flag `event` for `target` once its earlier instructions have completed.
NPU_API void NpuSetFlag(NpuPipe source, NpuPipe target, int32_t event);
// wait_flag: later instructions of `target` start after the flag was raised; lowers the flag.
NPU_API void NpuWaitFlag(NpuPipe source, NpuPipe target, int32_t event);
// pipe_barrier: later instructions of `pipe` start after its earlier ones have completed.
NPU_API void NpuPipeBarrier(NpuPipe pipe);
// ffts_cross_core_sync: once the earlier instructions of `pipe` have completed, count up `flag` of
// the cores that `mode` names (0: all cores of this kind, 1: both AIV of the block, 2: AIC <->
// AIV).
NPU_API void NpuCrossCoreSet(NpuPipe pipe, int32_t mode, int32_t flag);
// wait_flag_dev: all later instructions of this core start after `flag` was counted up; counts
// down.
NPU_API void NpuCrossCoreWait(int32_t flag);
// Barrier over the first `cores` AIV (0: all) through counters in GM, 32 bytes a core.
NPU_API void NpuSoftSyncAll(uint64_t gmWorkspace, uint32_t ubWorkspace, int32_t cores);
// dsb: the scalar pipe waits for its own earlier accesses to the memory named.
enum NpuDsb : uint8_t { kNpuDsbAll, kNpuDsbGm, kNpuDsbUb, kNpuDsbOrder };
NPU_API void NpuDataSyncBarrier(NpuDsb memory);
// copy_gm_to_ubuf and copy_ubuf_to_gm of blocks of 32 bytes whose first words are flags that other
// cores write or poll: not a race, and who reads a flag is ordered after its writer.
NPU_API void NpuLoadGmFlags(uint32_t target, uint64_t source, uint32_t flags);
NPU_API void NpuStoreGmFlags(uint64_t target, uint32_t source, uint32_t flags);
// Lets other cores run: what a loop that polls global memory has to call between its reads.
NPU_API void NpuPollYield(void);
