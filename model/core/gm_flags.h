// SPDX-License-Identifier: Apache-2.0
// What flags in global memory carry from core to core: whoever reads a flag knows what its writer
// knew.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "core/clock.h"

namespace npu_model {

class GmFlags {
 public:
    // Null stands for a writer that orders nothing.
    void Store(uint64_t address, std::shared_ptr<const RemoteClock> clock) {
        clocks_[address] = std::move(clock);
    }
    std::shared_ptr<const RemoteClock> Load(uint64_t address) const {
        const auto found = clocks_.find(address);
        return found == clocks_.end() ? nullptr : found->second;
    }

 private:
    std::map<uint64_t, std::shared_ptr<const RemoteClock>> clocks_;  // of the last writer
};

}  // namespace npu_model
