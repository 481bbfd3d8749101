// SPDX-License-Identifier: Apache-2.0
// What the model knows of a chip: core counts and buffer sizes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/export.h"
#include "isa/isa.h"

namespace npu_model {

struct Soc {
    std::string name;
    int32_t cubeCores;    // AIC
    int32_t vectorCores;  // AIV
    int32_t megahertz;
    std::array<uint32_t, kNpuMemoryCount> localBytes;  // physical size of each local buffer
    uint32_t reservedUbBytes;                          // at the end of UB, not for kernels
    uint32_t mixReservedL1Bytes;  // at the end of L1, not for kernels with cores of both kinds
};

// The chips by name, as CANN spells them ("Ascend910B2").
NPU_EXPORT const std::vector<Soc>& KnownSocs();
// Null when the name is unknown.
NPU_EXPORT const Soc* FindSoc(const std::string& name);

}  // namespace npu_model
