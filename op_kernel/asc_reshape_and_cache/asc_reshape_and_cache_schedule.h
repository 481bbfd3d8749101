// SPDX-License-Identifier: Apache-2.0
// Who copies what in AscReshapeAndCache. Shared by host tiling and kernel.
#pragma once

#include <cstdint>

#include "../common/vector_units.h"

namespace attn {

struct TokenRange {
    int32_t begin;
    int32_t end;
};

// The tokens of one core: ranges that follow each other and differ by one token at most.
ATTN_HOST_DEVICE constexpr TokenRange TokensOf(int32_t core, int32_t cores, int32_t tokens) {
    return {static_cast<int32_t>(int64_t{tokens} * core / cores),
            static_cast<int32_t>(int64_t{tokens} * (core + 1) / cores)};
}

// Elements between rows of a tile in UB, where every row begins on a data block.
ATTN_HOST_DEVICE constexpr int32_t RowPitch(int32_t columns, int32_t elementBytes) {
    return RoundUp(columns, kDataBlockBytes / elementBytes);
}

constexpr int32_t kCacheWriteStages = 2;  // a tile is stored while the next is loaded

}  // namespace attn
