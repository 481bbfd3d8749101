// SPDX-License-Identifier: Apache-2.0
// Splits tokens of a sequence at the blocks of a paged cache: token t lies in row t % blockSize of
// the block that the sequence's row of the block table names at t / blockSize.
#pragma once

#include "kernel_entry.h"
#include "vector_units.h"

namespace attn {

// Tokens that follow each other in one block.
struct PageRun {
    int64_t block;
    int32_t firstRow;  // in the block
    int32_t tokens;
};

class PageRuns {
 public:
    __aicore__ inline void Open(GM_ADDR blockTables, int32_t blockSize) {
        blockTables_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(blockTables));
        blockSize_ = blockSize;
    }

    // The first run of tokens [begin, end). `table` is the offset of the sequence's row in the
    // block table.
    __aicore__ inline PageRun At(int64_t table, int32_t begin, int32_t end) const {
        const int32_t firstRow = begin % blockSize_;
        return {blockTables_.GetValue(table + begin / blockSize_), firstRow,
                Smaller(blockSize_ - firstRow, end - begin)};
    }

    __aicore__ inline int32_t BlockSize() const { return blockSize_; }

 private:
    AscendC::GlobalTensor<int32_t> blockTables_;
    int32_t blockSize_;  // tokens in a cache block
};

}  // namespace attn
