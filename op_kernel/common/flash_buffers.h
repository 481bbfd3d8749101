// SPDX-License-Identifier: Apache-2.0
// What lies where in attention on cube and vector cores: L1, and the rings in workspace through
// which the cores of a block hand over. Shared by host tiling and kernel.
#pragma once

#include <cstdint>

#include "flash_schedule.h"
#include "flash_tiling.h"

namespace attn {

constexpr int32_t kFlashElementBytes = 2;  // float16 or bfloat16
constexpr int32_t kL1ReservedBytes = 256;  // that CANN keeps from a kernel on the 910B
constexpr int32_t kMaxKeySlots = 3;
constexpr int32_t kMaxOtherSlots = 2;  // of queries, values and probabilities

// Bytes of one slot of each ring in L1. The rings follow each other in this order.
struct FlashL1 {
    int32_t query;        // [rowTile, headDim]
    int32_t key;          // [kTileKeys, headDim]
    int32_t value;        // [kvTile, valueDim]
    int32_t probability;  // [kHalfRows, kTileKeys]
};

ATTN_HOST_DEVICE constexpr FlashL1 FlashL1Plan(const FlashTiling& tiling) {
    return {RoundUp(tiling.rowTile, kFractal) * tiling.headDim * kFlashElementBytes,
            kTileKeys * tiling.headDim * kFlashElementBytes,
            tiling.kvTile * tiling.valueDim * kFlashElementBytes,
            Smaller(RoundUp(tiling.rowTile, kFractal), kHalfRows) * kTileKeys * kFlashElementBytes};
}

ATTN_HOST_DEVICE constexpr int32_t FlashL1Bytes(const FlashTiling& tiling) {
    const FlashL1 plan = FlashL1Plan(tiling);
    return tiling.querySlots * plan.query + tiling.keySlots * plan.key +
           tiling.valueSlots * plan.value + tiling.probabilitySlots * plan.probability;
}

// The rings of a block in workspace, as byte offsets: lookahead + 1 slots each.
struct FlashRings {
    int64_t scoreSlot;        // bytes of [rowTile, kvTile], float or half
    int64_t probabilitySlot;  // of [rowTile, kvTile] Element
    int64_t outputSlot;       // of [rowTile, valueDim] float
    int64_t probabilities;    // where they begin; the scores begin at 0
    int64_t outputs;
    int64_t blockBytes;
};

ATTN_HOST_DEVICE constexpr FlashRings FlashRingsPlan(const FlashTiling& tiling) {
    const int64_t slots = tiling.lookahead + 1;
    const int64_t rows = RoundUp(tiling.rowTile, kFractal);
    const int64_t scoreBytes = tiling.scoreFormat == ScoreFormat::kFloat ? 4 : 2;
    FlashRings rings{};
    rings.scoreSlot = rows * tiling.kvTile * scoreBytes;
    rings.probabilitySlot = rows * tiling.kvTile * kFlashElementBytes;
    rings.outputSlot = rows * tiling.valueDim * kFloatBytes;
    rings.probabilities = slots * rings.scoreSlot;
    rings.outputs = rings.probabilities + slots * rings.probabilitySlot;
    rings.blockBytes = rings.outputs + slots * rings.outputSlot;
    return rings;
}

}  // namespace attn
