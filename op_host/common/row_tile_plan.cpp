// SPDX-License-Identifier: Apache-2.0
#include "row_tile_plan.h"

#include <algorithm>
#include <limits>

namespace attn {

bool PlanRowTiles(int64_t tokens, int64_t heads, const RowTileLimits& limits,
                  const CoreLimits& core, RowTiles* tiles) {
    tiles->tokens = static_cast<int32_t>(tokens);
    tiles->heads = static_cast<int32_t>(heads);
    const auto tokensPerCore =
        static_cast<int32_t>((tokens + core.vectorCores - 1) / core.vectorCores);
    tiles->headTile = std::min(limits.rows, tiles->heads);
    tiles->tokenTile =
        std::max(std::min({limits.rows / tiles->headTile, limits.tokens, tokensPerCore}), 1);
    const int64_t count =
        (tokens + tiles->tokenTile - 1) / tiles->tokenTile * CeilDiv(tiles->heads, tiles->headTile);
    if (count > std::numeric_limits<int32_t>::max() - core.vectorCores) {
        return false;  // a core counts beyond its last tile
    }
    tiles->tiles = static_cast<int32_t>(count);
    return true;
}

}  // namespace attn
