// SPDX-License-Identifier: Apache-2.0
// What moves of bursts share: their operands, their copies, and stores under an atomic mode.
#pragma once

#include "core/issue.h"

namespace npu_model {

// `count` runs of `bytes` bytes, `gapBytes` from the end of one to the start of the next.
inline Access Bursts(NpuMemory memory, uint64_t base, uint32_t count, uint32_t bytes,
                     uint64_t gapBytes, const char* operand) {
    return Rows(memory, base, count, static_cast<int64_t>(bytes + gapBytes), bytes, operand);
}

void CopyRows(uint8_t* target, int64_t targetStride, const uint8_t* source, int64_t sourceStride,
              uint32_t rows, uint32_t bytes);

// Rows of `fromStride` bytes into `target`, whose first byte is at `to`, as the atomic mode says.
void StoreRows(const Issue& issue, const Access& target, uint8_t* to, const uint8_t* from,
               int64_t fromStride, NpuType type);

}  // namespace npu_model
