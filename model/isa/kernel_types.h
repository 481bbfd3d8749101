// SPDX-License-Identifier: Apache-2.0
// The kernel types that a kernel library declares: rows in a section of the library, and the
// function through which the model reads them.
#pragma once

#include <stdint.h>

// One row a kernel and tiling key.
struct NpuKernelTypeRow {
    const char* kernel;
    int64_t key;   // -1: every key without a row of its own
    int64_t type;  // KernelMetaType
};

// Gives the rows of the library that exports it under kNpuKernelTypesName.
typedef void (*NpuKernelTypesFunction)(const NpuKernelTypeRow** begin,
                                       const NpuKernelTypeRow** end);
constexpr const char* kNpuKernelTypesName = "NpuKernelTypes";
