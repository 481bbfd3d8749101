// SPDX-License-Identifier: Apache-2.0
// Flags between cores.
#pragma once

#include "ascendc/sync.h"

namespace AscendC {
namespace detail {

// SyncAll owns 11 to 14, and the pages of the architecture end at 10.
inline void CheckFlagId(const char* function, uint16_t flagId) {
    RequireRange(kNpuRuleArgument, function, "flagId", flagId, 0, 10);
}
inline void CheckFlagMode(const char* function, uint8_t modeId) {
    RequireRange(kNpuRuleArgument, function, "modeId", modeId, 0, 2);
}

}  // namespace detail

// Counts up the flag of other cores when the earlier instructions of `pipe` have completed here and
// on all cores of the group. Mode 0: all cores of this kind; 1: the AIV of the block; 2: of the
// AIC for its AIV, and of the AIV for their AIC.
template <uint8_t modeId, pipe_t pipe>
__attribute__((always_inline)) inline void CrossCoreSetFlag(uint16_t flagId) {
    detail::CheckFlagId("CrossCoreSetFlag", flagId);
    detail::CheckFlagMode("CrossCoreSetFlag", modeId);
    NpuCrossCoreSet(static_cast<NpuPipe>(pipe), modeId, flagId);
}

// Holds back all later instructions of this core, whatever `modeId` and `pipe` say.
template <uint8_t modeId = 0, pipe_t pipe = PIPE_S>
__attribute__((always_inline)) inline void CrossCoreWaitFlag(uint16_t flagId) {
    detail::CheckFlagId("CrossCoreWaitFlag", flagId);
    detail::CheckFlagMode("CrossCoreWaitFlag", modeId);
    NpuCrossCoreWait(flagId);
}

}  // namespace AscendC
