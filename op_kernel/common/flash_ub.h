// SPDX-License-Identifier: Apache-2.0
// What lies where in UB on the vector cores of attention on cube and vector cores. Shared by host
// tiling and kernel.
#pragma once

#include <cstdint>

#include "flash_buffers.h"
#include "flash_schedule.h"
#include "flash_tiling.h"
#include "online_softmax_size.h"
#include "vector_units.h"

namespace attn {

constexpr int32_t kUbBytes = 192 * 1024 - kUbReservedBytes;  // of a vector core of the 910B
constexpr int32_t kScoreSlots = 2;
constexpr int32_t kProbabilitySlots = 2;
constexpr int32_t kMaxOutputSlots = 2;
constexpr int32_t kRowStates = 3;  // SoftmaxRows

// Rows of a half that a vector core has at most: core 0 the first ones, core 1 the others.
ATTN_HOST_DEVICE constexpr int32_t FlashCoreRows(int32_t rowsOfHalf) {
    return RoundUp(CeilDiv(rowsOfHalf, kVectorCores), kFloatsPerBlock);
}

// Offsets and slots in bytes. A slice is what a vector core handles at a time: up to sliceRows rows
// of a half and up to kvTile columns, padded to a multiple of 64. With scores of kHalf a slot holds
// them as they came, and `wide` one slice as floats.
struct FlashUb {
    int32_t halfRows;  // FlashCoreRows of a full half
    int32_t coreRows;  // of all halves
    int32_t outputSlots;

    int32_t scoreSlot;        // scores, then bias, then mask
    int32_t bias;             // within a slot
    int32_t mask;             // within a slot
    int32_t probabilitySlot;  // probabilities, or a result; until then scratch
    int32_t outputSlot;       // [sliceRows, valueDim] float

    int32_t accumulated;    // [coreRows, valueDim] float
    int32_t scores;         // kScoreSlots
    int32_t wide;           // [sliceRows, kvTile] float, with kHalf
    int32_t probabilities;  // kProbabilitySlots
    int32_t outputs;        // outputSlots
    int32_t states;         // [lookahead + 1][kRowStates][coreRows] float
    int32_t softmax;        // OnlineSoftmaxFloats
    int32_t rowBlocks;      // two of [sliceRows, 8] float
    int32_t rowValues;      // two of [sliceRows] float
    int32_t ramp;           // [64] float: 0, 1, 2 ...
    int32_t totalBytes;
};

// Bytes of a slot that carries probabilities or results to global memory.
ATTN_HOST_DEVICE constexpr int32_t FlashProbabilityBytes(const FlashTiling& tiling) {
    const int32_t result = tiling.maxPartitions > 1
                               ? tiling.valueDim * kFloatBytes + 2 * kDataBlockBytes
                               : tiling.valueDim * kFlashElementBytes + kDataBlockBytes;
    const int32_t hiding =
        tiling.hasMask != 0 ? kFloatsPerRepeat * (kFloatBytes + kFlashElementBytes) : 0;
    return tiling.sliceRows * Larger(tiling.kvTile * kFlashElementBytes, Larger(result, hiding));
}

ATTN_HOST_DEVICE constexpr FlashUb FlashUbPlan(const FlashTiling& tiling) {
    const int32_t slice = tiling.sliceRows * tiling.kvTile;  // elements
    const bool isHalf = tiling.scoreFormat == ScoreFormat::kHalf;
    FlashUb plan{};
    plan.halfRows = FlashCoreRows(Smaller(tiling.rowTile, kHalfRows));
    plan.coreRows = plan.halfRows * CeilDiv(tiling.rowTile, kHalfRows);

    plan.bias = slice * (isHalf ? kFlashElementBytes : kFloatBytes);
    plan.mask = plan.bias + slice * tiling.biasBytes;
    plan.scoreSlot = plan.mask + (tiling.hasMask != 0 ? slice : 0);
    plan.probabilitySlot = FlashProbabilityBytes(tiling);
    plan.outputSlot = tiling.sliceRows * tiling.valueDim * kFloatBytes;

    plan.scores = plan.coreRows * tiling.valueDim * kFloatBytes;
    plan.wide = plan.scores + kScoreSlots * plan.scoreSlot;
    plan.probabilities = plan.wide + (isHalf ? slice * kFloatBytes : 0);
    plan.states = plan.probabilities + kProbabilitySlots * plan.probabilitySlot;
    plan.softmax = plan.states + (tiling.lookahead + 1) * kRowStates * plan.coreRows * kFloatBytes;
    plan.rowBlocks = plan.softmax + OnlineSoftmaxFloats(tiling.sliceRows) * kFloatBytes;
    plan.rowValues = plan.rowBlocks + 2 * tiling.sliceRows * kDataBlockBytes;
    plan.ramp = plan.rowValues + 2 * tiling.sliceRows * kFloatBytes;
    plan.outputs = plan.ramp + kRepeatBytes;

    const bool fits = plan.outputs + kMaxOutputSlots * plan.outputSlot <= kUbBytes;
    plan.outputSlots = fits ? kMaxOutputSlots : 1;
    plan.totalBytes = plan.outputs + plan.outputSlots * plan.outputSlot;
    return plan;
}

}  // namespace attn
