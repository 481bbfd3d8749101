// SPDX-License-Identifier: Apache-2.0
// How a kernel is launched: the part of every host tiling that does not travel to the device.
// C++11.
#pragma once

#include <cstdint>
#include <string>

namespace attn {

enum class DataType : int32_t { kFloat16, kBfloat16, kFloat32, kInt8 };

inline int32_t ElementBytes(DataType type) {
    return type == DataType::kFloat32 ? 4 : type == DataType::kInt8 ? 1 : 2;
}

inline const char* NameOf(DataType type) {
    switch (type) {
        case DataType::kFloat16:
            return "float16";
        case DataType::kBfloat16:
            return "bfloat16";
        case DataType::kFloat32:
            return "float32";
        case DataType::kInt8:
            return "int8";
    }
    return "unknown";
}

// The type of Ascend C that stands for it in lists of variants.
inline const char* ElementOf(DataType type) {
    switch (type) {
        case DataType::kFloat16:
            return "half";
        case DataType::kBfloat16:
            return "bfloat16_t";
        case DataType::kFloat32:
            return "float";
        case DataType::kInt8:
            return "int8_t";
    }
    return "unknown";
}

// A compiled variant of a kernel: one row of its _variants.h.
struct KernelVariant {
    int32_t key;
    std::string kernelType;  // of CANN, such as KERNEL_TYPE_AIV_ONLY
    std::string element;     // of Ascend C, such as half
    std::string layout;      // of the cache, a name of CacheLayout; empty if it makes no difference
};

struct LaunchPlan {
    int32_t key;             // of the variant
    int32_t blockDim;        // cores
    int64_t workspaceBytes;  // for the kernel, without what CANN adds for its library
};

}  // namespace attn
