// SPDX-License-Identifier: Apache-2.0
// What the cube multiplies in a step of attention: tiles of 128 keys, and the halves that take part
// in each.
#pragma once

#include "flash_schedule.h"

namespace attn {

struct FlashTiles {
    FlashStep step;
    KeyRange halves[kMaxHalves];  // columns that each multiplies
    KeyRange columns;             // that any of them does, from the start of a tile on

    ATTN_HOST_DEVICE void Open(const FlashTiling& tiling) {
        columns = {0, 0};
        for (int32_t half = 0; half < kMaxHalves; ++half) {
            halves[half] = step.columns > 0 && half < step.unit.Halves()
                               ? step.ColumnsOfHalf(tiling, half)
                               : KeyRange{0, 0};
            if (halves[half].IsEmpty()) {
                continue;
            }
            columns = columns.IsEmpty() ? halves[half]
                                        : KeyRange{Smaller(columns.begin, halves[half].begin),
                                                   Larger(columns.end, halves[half].end)};
        }
    }

    ATTN_HOST_DEVICE int32_t FirstTile() const { return columns.begin / kTileKeys; }
    ATTN_HOST_DEVICE int32_t EndTile() const { return CeilDiv(columns.end, kTileKeys); }
    ATTN_HOST_DEVICE int32_t TileColumns(int32_t tile) const {
        return Smaller(kTileKeys, columns.end - tile * kTileKeys);
    }
    // Halves that have columns: there is one unless the step has none at all.
    ATTN_HOST_DEVICE int32_t FirstHalf() const { return halves[0].IsEmpty() ? 1 : 0; }
    ATTN_HOST_DEVICE int32_t LastHalf() const { return halves[1].IsEmpty() ? 0 : 1; }
    // Every tile has a half that takes part.
    ATTN_HOST_DEVICE bool Takes(int32_t half, int32_t tile) const {
        const int32_t column = tile * kTileKeys;
        return halves[half].begin <= column && column < halves[half].end;
    }
    ATTN_HOST_DEVICE int32_t FirstHalf(int32_t tile) const { return Takes(0, tile) ? 0 : 1; }
    ATTN_HOST_DEVICE int32_t LastHalf(int32_t tile) const { return Takes(1, tile) ? 1 : 0; }
    // Of a half that has columns.
    ATTN_HOST_DEVICE int32_t FirstTileOf(int32_t half) const {
        return halves[half].begin / kTileKeys;
    }
    ATTN_HOST_DEVICE int32_t LastTileOf(int32_t half) const {
        return (halves[half].end - 1) / kTileKeys;
    }
    ATTN_HOST_DEVICE int32_t TileColumnsOf(int32_t half, int32_t tile) const {
        return Smaller(kTileKeys, halves[half].end - tile * kTileKeys);
    }
};

}  // namespace attn
