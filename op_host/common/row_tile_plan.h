// SPDX-License-Identifier: Apache-2.0
// How host tilings cut tokens and heads into the tiles of row_tiles.h. C++11.
#pragma once

#include <cstdint>

#include "../../op_kernel/common/row_tiles.h"
#include "core_limits.h"

namespace attn {

// What a tile holds at most.
struct RowTileLimits {
    int32_t rows;
    int32_t tokens;
};

// Whole tokens where they fit, and no more in a tile than leaves every vector core one. False if
// there are more tiles than a core can count; tokens and heads fit into int32.
bool PlanRowTiles(int64_t tokens, int64_t heads, const RowTileLimits& limits,
                  const CoreLimits& core, RowTiles* tiles);

}  // namespace attn
