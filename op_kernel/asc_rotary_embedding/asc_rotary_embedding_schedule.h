// SPDX-License-Identifier: Apache-2.0
// What lies where in UB in AscRotaryEmbedding, and how its instructions go over a tile. Shared by
// host tiling and kernel. Cores take the tiles of common/row_tiles.h in turn.
#pragma once

#include <cstdint>

#include "../common/row_tiles.h"

namespace attn {

constexpr int32_t kRotaryTileElements = 4096;
constexpr int32_t kRotaryFactors = 2048;  // tokens of a tile times rotaryDim at most
constexpr int32_t kMaxRotaryRows = 255;   // repeats of an instruction
constexpr int32_t kMaxRotaryHeadDim = 512;
constexpr int32_t kMaxRepeatStride = 255;  // data blocks

// An instruction of the sweep does the same columns of `repeats` rows, each with the factors of its
// token. Strides count elements.
struct RotarySweep {
    int32_t steps;
    int32_t rowStep;
    int32_t factorStep;
    int32_t repeats;
    int32_t rowStride;
    int32_t factorStride;
};

// One token at a time over its heads, or, where heads are fewer, one head at a time over the
// tokens.
ATTN_HOST_DEVICE RotarySweep RotarySweepOf(const RowTile& tile, int32_t rowPitch,
                                           int32_t factorPitch) {
    const int32_t tokenPitch = tile.heads * rowPitch;
    if (tile.heads < tile.tokens && tokenPitch <= kMaxRepeatStride * kFloatsPerBlock) {
        return {tile.heads, rowPitch, 0, tile.tokens, tokenPitch, factorPitch};
    }
    return {tile.tokens, tokenPitch, factorPitch, tile.heads, rowPitch, 0};
}

// The elements of a tile, before rows and factors become floats.
struct RotarySizes {
    int32_t rows;
    int32_t tokens;
    int32_t pitch;
    int32_t rotaryDim;
    int32_t elementBytes;
    int32_t factorBytes;  // of an element of cos and sin
};

// UB of one core, in bytes; offsets are into the scratch buffer.
struct RotaryUb {
    static constexpr int32_t kStages = 2;  // of each queue

    int32_t rowBytes;     // one buffer of rows: [rows, pitch] elements
    int32_t factorPitch;  // elements between cos and sin of a token, and between tokens of either
    int32_t factorBytes;  // one buffer of factors: [tokens, 2, factorPitch]

    int32_t wide;      // [rows, rotaryDim] float
    int32_t other;     // the same
    int32_t table;     // [tokens, 3, rotaryDim / 2] float: cos, -sin, sin
    int32_t expanded;  // [tokens, 2, rotaryDim] float: cos, -sin and sin in turn
    int32_t expand;    // [2, rotaryDim] byte offsets from `table` to `expanded`
    int32_t swap;      // [rows, rotaryDim] byte offsets to neighbours, for elements of four bytes
    int32_t scratchBytes;

    ATTN_HOST_DEVICE constexpr int32_t TotalBytes() const {
        return kStages * (2 * rowBytes + factorBytes) + scratchBytes;
    }
};

ATTN_HOST_DEVICE constexpr RotaryUb RotaryUbPlan(const RotarySizes& sizes) {
    RotaryUb plan{};
    const int32_t tileBytes = sizes.rows * sizes.rotaryDim * kFloatBytes;
    const int32_t tableBytes = sizes.tokens * sizes.rotaryDim * kFloatBytes;
    plan.rowBytes = sizes.rows * sizes.pitch * sizes.elementBytes;
    plan.factorPitch = RoundUp(sizes.rotaryDim / 2, kDataBlockBytes / sizes.factorBytes);
    plan.factorBytes = 2 * sizes.tokens * plan.factorPitch * sizes.factorBytes;
    plan.wide = 0;
    plan.other = plan.wide + tileBytes;
    plan.table = plan.other + tileBytes;
    plan.expanded = plan.table + tableBytes / 2 * 3;
    plan.expand = plan.expanded + 2 * tableBytes;
    plan.swap = plan.expand + 2 * sizes.rotaryDim * kFloatBytes;
    plan.scratchBytes = plan.swap + (sizes.elementBytes == kFloatBytes ? tileBytes : 0);
    return plan;
}

}  // namespace attn
