// SPDX-License-Identifier: Apache-2.0
// Included before every kernel source: what a CANN build generates around a kernel.
#pragma once

#include <cstring>

#include "cann/gm_flags.h"
#include "isa/isa.h"
#include "kernel_operator.h"

// Kernel entries are the only functions of kernels that the library shows.
#undef __global__
#define __global__ __attribute__((visibility("default")))

// CANN generates this for the struct that REGISTER_TILING_DEFAULT names: a copy of the tiling data,
// word by word through the scalar pipe.
#define GET_TILING_DATA_WITH_STRUCT(Struct, name, address) \
    Struct name;                                           \
    ::npu_cann::CopyTilingData(&name, address, sizeof(Struct))

namespace AscendC {

// Turns in block order poll GM without a word to the simulator.
#define NPU_TURN_FUNCTION(name)                                                                 \
    inline __aicore__ void name##ByFlags(GlobalTensor<int32_t>& gm, LocalTensor<int32_t>& ub) { \
        const npu_cann::MovesFlags flags;                                                       \
        name(gm, ub);                                                                           \
    }
NPU_TURN_FUNCTION(InitDetermineComputeWorkspace)
NPU_TURN_FUNCTION(WaitPreBlock)
NPU_TURN_FUNCTION(NotifyNextBlock)
#undef NPU_TURN_FUNCTION
#define InitDetermineComputeWorkspace InitDetermineComputeWorkspaceByFlags
#define WaitPreBlock WaitPreBlockByFlags
#define NotifyNextBlock NotifyNextBlockByFlags

// Built for a CPU, the headers keep no workspace and forget the part that belongs to the library.
inline __aicore__ void SetSysWorkspaceOfDevice(GM_ADDR workspace) {
    SetSysWorkspace(workspace);  // checks it
    if (GetSysWorkSpacePtr() == nullptr) {
        SetSysWorkSpacePtr(workspace);
    }
}
inline __aicore__ void SetSysWorkspaceForceOfDevice(GM_ADDR workspace) {
    SetSysWorkspaceForce(workspace);
    SetSysWorkSpacePtr(workspace);
}
inline __aicore__ GM_ADDR GetUserWorkspaceOfDevice(GM_ADDR workspace) {
    GM_ADDR kept = GetSysWorkSpacePtr();
    return (kept != nullptr ? kept : GetUserWorkspace(workspace)) + RESERVED_WORKSPACE;
}

}  // namespace AscendC
#define SetSysWorkspace SetSysWorkspaceOfDevice
#define SetSysWorkspaceForce SetSysWorkspaceForceOfDevice
#define GetUserWorkspace GetUserWorkspaceOfDevice

namespace npu_cann {

inline void CopyTilingData(void* target, const uint8_t* source, size_t bytes) {
    for (size_t at = 0; at < bytes; at += sizeof(uint32_t)) {
        const auto word = static_cast<uint32_t>(
            NpuScalarLoadGm(reinterpret_cast<uint64_t>(source) + at, sizeof(uint32_t)));
        std::memcpy(static_cast<uint8_t*>(target) + at, &word, sizeof(word));
    }
}

}  // namespace npu_cann
