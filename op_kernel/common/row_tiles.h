// SPDX-License-Identifier: Apache-2.0
// Tiles of a tensor [tokens, heads, ...]: tokenTile tokens times headTile heads. The rows of a tile
// are the heads of its tokens. Shared by host tiling and kernels.
#pragma once

#include <cstdint>

#include "vector_units.h"

namespace attn {

struct RowTiles {
    int32_t tokens;
    int32_t heads;
    int32_t tokenTile;  // tokens and heads of a tile at most
    int32_t headTile;
    int32_t tiles;
};

struct RowTile {
    int32_t token;
    int32_t tokens;
    int32_t head;
    int32_t heads;

    ATTN_HOST_DEVICE int32_t Rows() const { return tokens * heads; }
};

ATTN_HOST_DEVICE RowTile RowTileAt(const RowTiles& all, int32_t index) {
    const int32_t tilesOfToken = CeilDiv(all.heads, all.headTile);
    const int32_t token = index / tilesOfToken * all.tokenTile;
    const int32_t head = index % tilesOfToken * all.headTile;
    return {token, Smaller(all.tokenTile, all.tokens - token), head,
            Smaller(all.headTile, all.heads - head)};
}

}  // namespace attn
