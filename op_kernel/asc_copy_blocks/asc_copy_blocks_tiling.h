// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscCopyBlocks: written by op_host, read by op_kernel, printed by tests.
// Plain data only: host and device see the same bytes.
#pragma once

#include <cstdint>

namespace attn {

// Blocks of one cache, in bytes. blockBytes 0: there is no such cache.
struct BlockCopyTiling {
    int64_t blockBytes;    // contiguous in source and target
    int64_t sourceStride;  // between blocks
    int64_t targetStride;
    int64_t chunks;  // pieces of chunkBytes, the last of what is left, that a block is copied in
};

struct AscCopyBlocksTiling {
    BlockCopyTiling key;
    BlockCopyTiling value;
    int64_t pieces;  // of all pairs: pairs * (key.chunks + value.chunks)
    int32_t pairs;   // rows of blockMapping
    int32_t chunkBytes;
};

static_assert(sizeof(AscCopyBlocksTiling) == 80, "host and device share this layout");

}  // namespace attn
