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
// the cores that `mode` names (0: all cores of this kind, 1: both AIV of the block, 2: AIC <-> AIV).
NPU_API void NpuCrossCoreSet(NpuPipe pipe, int32_t mode, int32_t flag);
// wait_flag_dev: all later instructions of this core start after `flag` was counted up; counts down.
NPU_API void NpuCrossCoreWait(int32_t flag);
// Barrier over the first `cores` AIV (0: all) through counters in GM, 32 bytes a core.
NPU_API void NpuSoftSyncAll(uint64_t gmWorkspace, uint32_t ubWorkspace, int32_t cores);
// Lets other cores run: what a loop that polls global memory has to call between its reads.
NPU_API void NpuPollYield(void);
