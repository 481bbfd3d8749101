// SPDX-License-Identifier: Apache-2.0
// Lane masks as byte masks of the 32-byte blocks that hold the lanes one behind the other.
#pragma once

#include <algorithm>
#include <cstdint>

#include "leaf/leaf.h"

namespace npu_model {

inline bool AnyLane(const leaf::Lanes& lanes, uint32_t first, uint32_t count) {
    for (uint32_t lane = first; lane < first + count; ++lane) {
        if (((lane < 64 ? lanes.low >> lane : lanes.high >> (lane - 64)) & 1) != 0) {
            return true;
        }
    }
    return false;
}

// Part i, of `partBytes` bytes, belongs to the lanes from i * lanesPerPart on: sets its bytes in
// `blocks` if one of them is enabled. Returns the number of blocks up to the last byte set.
inline uint32_t MarkParts(const leaf::Lanes& lanes, uint32_t lanesPerPart, uint32_t parts,
                          uint32_t partBytes, uint32_t* blocks) {
    const uint32_t perBlock = 32 / partBytes;
    const auto ones = static_cast<uint32_t>((uint64_t{1} << partBytes) - 1);
    std::fill_n(blocks, (parts + perBlock - 1) / perBlock, 0u);
    uint32_t used = 0;
    for (uint32_t part = 0; part < parts; ++part) {
        if (AnyLane(lanes, part * lanesPerPart, lanesPerPart)) {
            blocks[part / perBlock] |= ones << (part % perBlock * partBytes);
            used = part / perBlock + 1;
        }
    }
    return used;
}

}  // namespace npu_model
