// SPDX-License-Identifier: Apache-2.0
// Rows to fractals (ND to NZ), as the move from GM to L1 does on its way.
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

NPU_LEAF_INLINE void CopyBlock(uint8_t* target, const uint8_t* source) {
    struct Block {
        uint64_t words[4];
    } block;
    __builtin_memcpy(&block, source, sizeof(block));
    __builtin_memcpy(target, &block, sizeof(block));
}

// Two blocks of every row at a time: they are one cache line of the source, and the target, whose
// columns often lie a multiple of 4 KiB apart, is written in two streams.
void RowsToFractals(uint8_t* target, int64_t columnStride, int64_t rowStride, const uint8_t* source,
                    int64_t sourceStride, uint32_t rows, uint32_t rowBytes) {
    const uint32_t blocks = rowBytes / kBlockBytes;
    uint32_t block = 0;
    for (; block + 2 <= blocks; block += 2) {
        const uint8_t* from = source + block * kBlockBytes;
        uint8_t* to = target + block * columnStride;
        for (uint32_t row = 0; row < rows; ++row) {
            CopyBlock(to, from);
            CopyBlock(to + columnStride, from + kBlockBytes);
            from += sourceStride;
            to += rowStride;
        }
    }
    for (; block * kBlockBytes < rowBytes; ++block) {
        const size_t bytes = block < blocks ? kBlockBytes : rowBytes % kBlockBytes;
        const uint8_t* from = source + block * kBlockBytes;
        uint8_t* to = target + block * columnStride;
        for (uint32_t row = 0; row < rows; ++row) {
            uint8_t padded[kBlockBytes] = {};
            __builtin_memcpy(padded, from, bytes);
            CopyBlock(to, padded);
            from += sourceStride;
            to += rowStride;
        }
    }
}

}  // namespace

void AddNd2Nz(Table& table) { table.rowsToFractals = RowsToFractals; }

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
