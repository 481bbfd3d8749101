// SPDX-License-Identifier: Apache-2.0
// Chip parameters from the platform configuration files of CANN 8.1.RC1 and the architecture
// pages of the Ascend C guide (NPU architecture version 2201).
#include "core/soc.h"

namespace npu_model {
namespace {

constexpr uint32_t kKiB = 1024;

Soc Ascend910B(const char* name, int32_t cubeCores, int32_t megahertz) {
    // GM, UB, L1, L0A, L0B, L0C, bias table, Fixpipe buffer
    return Soc{name,
               cubeCores,
               2 * cubeCores,
               megahertz,
               {0, 192 * kKiB, 512 * kKiB, 64 * kKiB, 64 * kKiB, 128 * kKiB, kKiB, 2 * kKiB},
               256 + 8 * kKiB,
               256};
}

}  // namespace

const std::vector<Soc>& KnownSocs() {
    static const std::vector<Soc> socs = {
        Ascend910B("Ascend910B1", 24, 1850),
        Ascend910B("Ascend910B2", 24, 1800),
        Ascend910B("Ascend910B3", 20, 1800),
        Ascend910B("Ascend910B4", 20, 1500),
    };
    return socs;
}

const Soc* FindSoc(const std::string& name) {
    for (const Soc& soc : KnownSocs()) {
        if (soc.name == name) {
            return &soc;
        }
    }
    return nullptr;
}

}  // namespace npu_model
