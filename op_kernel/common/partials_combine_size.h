// SPDX-License-Identifier: Apache-2.0
// What lies where in UB while partial results are combined. Shared by host tilings and kernels.
#pragma once

#include <cstdint>

#include "attention_accumulator_size.h"
#include "vector_units.h"

namespace attn {

constexpr int32_t kCombineTile = 32;  // partial results of a row that are combined in one step

// UB of one core. Queue buffers are listed once and multiplied in `TotalBytes`; the rest are
// offsets into one scratch buffer.
struct PartialsCombineUb {
    static constexpr int32_t kStages = 2;  // of inputs: one in use, one being loaded

    // One buffer of each queue, in bytes.
    int32_t statesBytes;  // [2, tile] float: sums and maxima of `tile` partitions
    int32_t valuesBytes;  // [tile, pitch]: outputs, as floats or in the type of the result
    int32_t outputBytes;  // [pitch] float, then [8] float

    // Scratch, as byte offsets.
    int32_t wide;         // [tile, pitch] float
    int32_t accumulator;  // AttentionAccumulatorFloats
    int32_t scratchBytes;

    ATTN_HOST_DEVICE constexpr int32_t TotalBytes() const {
        return kStages * (statesBytes + valuesBytes) + outputBytes + scratchBytes;
    }
};

ATTN_HOST_DEVICE constexpr PartialsCombineUb PartialsCombineUbPlan(int32_t pitch) {
    PartialsCombineUb plan{};
    plan.statesBytes = 2 * kCombineTile * kFloatBytes;
    plan.valuesBytes = kCombineTile * pitch * kFloatBytes;
    plan.outputBytes = pitch * kFloatBytes + kDataBlockBytes;
    plan.wide = 0;
    plan.accumulator = kCombineTile * pitch * kFloatBytes;
    plan.scratchBytes =
        plan.accumulator + AttentionAccumulatorFloats(1, kCombineTile, pitch) * kFloatBytes;
    return plan;
}

}  // namespace attn
