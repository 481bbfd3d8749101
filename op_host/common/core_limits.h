// SPDX-License-Identifier: Apache-2.0
// What a chip gives a kernel: cores and on-chip memory. Read by every host tiling. C++11.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tiling_error.h"

namespace attn {

struct CoreLimits {
    int32_t cubeCores;
    int32_t vectorCores;
    // Memories of one core, in bytes, before anything is reserved.
    int64_t ubBytes;  // per vector core
    int64_t l1Bytes;  // per cube core, as are the following
    int64_t l0aBytes;
    int64_t l0bBytes;
    int64_t l0cBytes;
    int64_t l2Bytes;  // of the chip
};

// Fills `limits` for a chip name such as "Ascend910B2"; false if the name is unknown.
bool FindCoreLimits(const std::string& socName, CoreLimits* limits);

// The names that FindCoreLimits knows.
std::vector<std::string> KnownSocNames();

// False, with the reason, unless there is a vector core whose UB holds `ubBytes` besides what CANN
// reserves.
bool CheckVectorCore(const CoreLimits& core, int64_t ubBytes, const std::string& operation,
                     TilingError* error);

}  // namespace attn
