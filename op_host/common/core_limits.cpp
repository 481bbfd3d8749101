// SPDX-License-Identifier: Apache-2.0
#include "core_limits.h"

#include "../../op_kernel/common/vector_units.h"

namespace attn {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kMiB = 1024 * kKiB;

struct Soc {
    const char* name;
    int32_t cubeCores;
    int64_t l2Bytes;
};

// Source: the platform configuration file of each chip in CANN 8.1.RC1.
constexpr Soc kSocs[] = {
    {"Ascend910B1", 24, 192 * kMiB},
    {"Ascend910B2", 24, 192 * kMiB},
    {"Ascend910B3", 20, 192 * kMiB},
    {"Ascend910B4", 20, 96 * kMiB},
};

constexpr int32_t kVectorCoresPerCubeCore = 2;

}  // namespace

bool FindCoreLimits(const std::string& socName, CoreLimits* limits) {
    for (const Soc& soc : kSocs) {
        if (socName == soc.name) {
            *limits = {soc.cubeCores, kVectorCoresPerCubeCore * soc.cubeCores,
                       192 * kKiB,    512 * kKiB,
                       64 * kKiB,     64 * kKiB,
                       128 * kKiB,    soc.l2Bytes};
            return true;
        }
    }
    return false;
}

std::vector<std::string> KnownSocNames() {
    std::vector<std::string> names;
    for (const Soc& soc : kSocs) {
        names.emplace_back(soc.name);
    }
    return names;
}

bool CheckVectorCore(const CoreLimits& core, int64_t ubBytes, const std::string& operation,
                     TilingError* error) {
    if (core.vectorCores < 1) {
        return error->Set(operation, "core vector_cores", core.vectorCores, "be at least 1");
    }
    const int64_t needed = ubBytes + kUbReservedBytes;
    if (core.ubBytes < needed) {
        return error->Set(operation, "core ub_bytes", core.ubBytes,
                          "be at least " + std::to_string(needed));
    }
    return true;
}

}  // namespace attn
