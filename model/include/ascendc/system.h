// SPDX-License-Identifier: Apache-2.0
// Block indices, system variables and the workspace.
#pragma once

#include "ascendc/sync.h"

namespace AscendC {

// AIV: 0 .. blocks * 2 - 1 in MIX 1:2 kernels, else 0 .. blocks - 1. AIC: the block.
inline int64_t GetBlockIdx() {
    return ASCEND_IS_AIV ? NpuBlockIdx() * NpuSubBlockCount() + NpuSubBlockIdx() : NpuBlockIdx();
}
inline int64_t GetBlockNum() { return NpuBlockCount(); }
inline int64_t GetSubBlockIdx() { return NpuSubBlockIdx(); }
inline int64_t GetSubBlockNum() { return NpuSubBlockCount(); }
// Cores of this kind in a block.
inline int64_t GetTaskRation() { return NpuSubBlockCount(); }
inline int64_t GetSystemCycle() { return static_cast<int64_t>(NpuSystemCycle()); }
inline void GetArchVersion(uint32_t& coreVersion) {
    coreVersion = static_cast<uint32_t>(NpuArchVersion() >> 32 & 0xFFF);
}
__attribute__((noinline)) inline int64_t GetProgramCounter() {
    __asm__ volatile("");  // two calls are two places
    return reinterpret_cast<int64_t>(__builtin_return_address(0));
}
inline constexpr int16_t GetDataBlockSizeInBytes() { return ONE_BLK_SIZE; }
inline void Trap() { NpuFrontEndFault(kNpuRuleAssert, "Trap", "the kernel stopped itself"); }

namespace detail {

inline GM_ADDR RequireWorkspace(const char* function, GM_ADDR workspace) {
    if (workspace == nullptr) {
        NpuFrontEndFault(kNpuRuleArgument, function, "workspace must not be null");
    }
    return workspace;
}

}  // namespace detail

// Bytes at the start of every workspace that belong to the library, as with CANN 8.1 on 910B.
constexpr uint64_t kLibraryWorkspaceBytes = 16 * 1024 * 1024;

// Keeps the workspace of the kernel, once or each time.
inline void SetSysWorkspace(GM_ADDR workspace) {
    detail::RequireWorkspace("SetSysWorkspace", workspace);
    if (detail::Slot(detail::kSystemWorkspaceSlot) == nullptr) {
        detail::Slot(detail::kSystemWorkspaceSlot) = workspace;
    }
}
inline void SetSysWorkspaceForce(GM_ADDR workspace) {
    detail::Slot(detail::kSystemWorkspaceSlot) =
        detail::RequireWorkspace("SetSysWorkspaceForce", workspace);
}

}  // namespace AscendC

inline __gm__ uint8_t* GetSysWorkSpacePtr() {
    return static_cast<uint8_t*>(AscendC::detail::Slot(AscendC::detail::kSystemWorkspaceSlot));
}
inline void SetSysWorkSpacePtr(__gm__ uint8_t* workspace) {
    AscendC::detail::Slot(AscendC::detail::kSystemWorkspaceSlot) = workspace;
}

namespace AscendC {

// The part behind that of the library: of the workspace that was kept, or of the argument.
inline GM_ADDR GetUserWorkspace(GM_ADDR workspace) {
    detail::RequireWorkspace("GetUserWorkspace", workspace);
    uint8_t* const kept = GetSysWorkSpacePtr();
    return (kept != nullptr ? kept : workspace) + kLibraryWorkspaceBytes;
}

}  // namespace AscendC
