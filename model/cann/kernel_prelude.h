// SPDX-License-Identifier: Apache-2.0
// Included before every kernel source: what a CANN build generates around a kernel.
#pragma once

#include <cstring>

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

namespace npu_cann {

inline void CopyTilingData(void* target, const uint8_t* source, size_t bytes) {
    for (size_t at = 0; at < bytes; at += sizeof(uint32_t)) {
        const auto word = static_cast<uint32_t>(
            NpuScalarLoadGm(reinterpret_cast<uint64_t>(source) + at, sizeof(uint32_t)));
        std::memcpy(static_cast<uint8_t*>(target) + at, &word, sizeof(word));
    }
}

}  // namespace npu_cann
