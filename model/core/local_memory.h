// SPDX-License-Identifier: Apache-2.0
// One local buffer of a core: its bytes and, in checked mode, its shadow.
#pragma once

#include <cstdint>
#include <memory>

#include "core/local_shadow.h"

namespace npu_model {

class LocalMemory {
 public:
    static constexpr uint8_t kUndefinedByte = 0xFF;  // NaN in every float type

    // Bytes start as undefined in checked mode, as zero otherwise.
    LocalMemory(uint32_t bytes, bool checked);

    uint8_t* data() { return data_.get(); }
    uint32_t Bytes() const { return bytes_; }
    LocalShadow* shadow() { return shadow_.get(); }  // null in fast mode

 private:
    struct Free {
        void operator()(uint8_t* data) const;
    };
    uint32_t bytes_;
    std::unique_ptr<uint8_t, Free> data_;
    std::unique_ptr<LocalShadow> shadow_;
};

}  // namespace npu_model
