// SPDX-License-Identifier: Apache-2.0
// Barriers over all cores, lowered to flags between cores as in CANN 8.1.
#pragma once

#include "ascendc/data_copy.h"
#include "ascendc/system.h"

namespace AscendC {
namespace detail {

// Flag ids that SyncAll owns.
constexpr int32_t kAicFlag = 11;
constexpr int32_t kAivFlag = 12;
constexpr int32_t kAicAivFlag = 13;
constexpr int32_t kAivOnlyFlag = 14;
constexpr int32_t kAllCores = 0;     // mode 0
constexpr int32_t kWithinBlock = 2;  // mode 2

}  // namespace detail

// All AIV of the launch, or with isAIVOnly = false all AIC and AIV.
template <bool isAIVOnly = true>
inline void SyncAll() {
    PipeBarrier<PIPE_ALL>();
    if constexpr (isAIVOnly) {
        NpuCrossCoreSet(kNpuPipeMte3, detail::kAllCores, detail::kAivOnlyFlag);
        NpuCrossCoreWait(detail::kAivOnlyFlag);
    } else if (ASCEND_IS_AIC) {
        NpuCrossCoreWait(detail::kAivFlag);
        NpuCrossCoreSet(kNpuPipeFix, detail::kAllCores, detail::kAicFlag);
        NpuCrossCoreWait(detail::kAicFlag);
        NpuCrossCoreSet(kNpuPipeMte3, detail::kWithinBlock, detail::kAicAivFlag);
    } else {
        NpuCrossCoreSet(kNpuPipeMte3, detail::kWithinBlock, detail::kAivFlag);
        NpuCrossCoreWait(detail::kAicAivFlag);
    }
}

// The first usedCores AIV (0: all), through counters in GM: 32 bytes a core, zero before the first
// use, and as much room in UB.
template <bool isAIVOnly = true>
inline void SyncAll(const GlobalTensor<int32_t>& gmWorkspace,
                    const LocalTensor<int32_t>& ubWorkspace, const int32_t usedCores = 0) {
    if (ASCEND_IS_AIC) {
        return;
    }
    if (isAIVOnly && NpuSubBlockCount() != 1) {
        detail::FailArgument("SyncAll", "isAIVOnly", 1,
                             "be 0 where a block has two AIV: they would share a counter");
    }
    detail::RequireUb("SyncAll", ubWorkspace.Memory());
    PipeBarrier<PIPE_ALL>();
    NpuSoftSyncAll(detail::GmAddress(gmWorkspace), ubWorkspace.Address(), usedCores);
}

}  // namespace AscendC
