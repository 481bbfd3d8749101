// SPDX-License-Identifier: Apache-2.0
// Global memory: a table of registered regions, each a device address range with a host view.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/access.h"
#include "core/region_shadow.h"

namespace npu_model {

// One tensor, workspace or tiling block that a launch may touch.
struct Region {
    uint64_t address = 0;  // as kernels see it
    uint64_t bytes = 0;
    uint8_t* host = nullptr;  // where the bytes are
    bool writable = false;
    bool defined = true;  // false: reading before writing is a fault (workspace, outputs)
    std::string name;     // of the argument, for messages
    size_t position = 0;  // among those added: the same wherever memory lies
};

class GlobalMemory {
 public:
    // Regions that overlap (views of one tensor) become one, writable if any of them is. False
    // when they overlap as device addresses but not in host memory.
    bool Add(const Region& region, std::string* error);
    // The region that holds [address, address + bytes), or null.
    const Region* Find(uint64_t address, uint64_t bytes) const;
    // The region that holds the address, for messages; or null.
    const Region* Nearest(uint64_t address) const;
    // Shadow of a writable region; made on first use.
    RegionShadow& Shadow(const Region& region);

 private:
    std::map<uint64_t, Region> regions_;
    size_t added_ = 0;
    std::map<uint64_t, std::unique_ptr<RegionShadow>> shadows_;
    mutable const Region* recent_ = nullptr;
};

}  // namespace npu_model
