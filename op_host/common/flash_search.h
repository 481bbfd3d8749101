// SPDX-License-Identifier: Apache-2.0
// The tiling of attention on cube and vector cores that is modelled to be the fastest of those that
// fit on chip.
#pragma once

#include <cstdint>

#include "flash_cost.h"
#include "flash_plan.h"

namespace attn {

struct FlashChoice {
    FlashTiling tiling;
    FlashCost cost;
    int64_t choices;  // tilings that were compared; 0: none fits
};

// Completes `base`, which says the problem, with what the problem pins and with what is chosen;
// workspace is not placed yet. The problem has passed the checks.
FlashChoice ChooseFlashTiling(const FlashProblem& problem, const CoreLimits& core,
                              const FlashTiling& base);

}  // namespace attn
