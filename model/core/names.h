// SPDX-License-Identifier: Apache-2.0
// Names of pipes, memories and types for messages, and sizes of types.
#pragma once

#include "isa/isa.h"

namespace npu_model {

inline const char* PipeName(NpuPipe pipe) {
    constexpr const char* kNames[] = {"S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX", "ALL"};
    return kNames[pipe];
}

inline const char* MemoryName(NpuMemory memory) {
    constexpr const char* kNames[] = {"GM", "UB", "L1", "L0A", "L0B", "L0C", "BT", "FB"};
    return kNames[memory];
}

inline const char* TypeName(NpuType type) {
    constexpr const char* kNames[] = {"half",     "bfloat16_t", "float",    "int8_t",
                                      "uint8_t",  "int16_t",    "uint16_t", "int32_t",
                                      "uint32_t", "int64_t",    "uint64_t", "int4b_t"};
    return kNames[type];
}

// Bytes of one element; 1 for int4b_t, whose elements come in pairs.
inline uint32_t TypeBytes(NpuType type) {
    constexpr uint8_t kBytes[] = {2, 2, 4, 1, 1, 2, 2, 4, 4, 8, 8, 1};
    return kBytes[type];
}

}  // namespace npu_model
