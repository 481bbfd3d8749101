// SPDX-License-Identifier: Apache-2.0
// int4b_t: a signed integer of 4 bits.
#pragma once

#include <cstdint>

namespace AscendC {

// As a scalar it fills the low half of a byte. In memory two lie in a byte, the element of even
// index in the low half.
struct int4b_t {
    uint8_t storage;

    int4b_t() = default;
    int4b_t(int32_t value) : storage(static_cast<uint8_t>(value & 0xF)) {}
    int4b_t(uint32_t value) : storage(static_cast<uint8_t>(value & 0xF)) {}
    operator int8_t() const { return static_cast<int8_t>((storage ^ 0x8) - 0x8); }
};

}  // namespace AscendC
