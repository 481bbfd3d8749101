// SPDX-License-Identifier: Apache-2.0
// Modelled time of attention on cube and vector cores, to compare tilings of one problem.
//
// A step takes as long as its slowest stage, because steps overlap; a block as long as the steps of
// its units; the launch as long as its busiest block, or as reading keys and values once, and what
// begins and ends it. Rates and fixed costs are those measured for the 910B or fitted to it in
// public; ratios matter, not the cycles themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "flash_plan.h"

namespace attn {

// Sequences of equal lengths.
struct FlashLengths {
    int32_t queryTokens;
    int32_t keyTokens;
    int64_t count;
};

struct FlashCost {
    int64_t cycles;
    int64_t leastCycles;  // with all cores equally busy and nothing besides
    const char* bound;    // what whole steps wait for
    int64_t units;
    int64_t steps;  // of the unit that has most
};

class FlashCostModel {
 public:
    // `blocks` are cube cores at most. `problem` has passed the checks.
    FlashCostModel(const FlashProblem& problem, int32_t blocks);

    // The time with this tiling; it has no plan of workspace yet.
    FlashCost Of(const FlashTiling& tiling) const;

    // Units of the launch with one partition.
    int64_t TasksOf(const FlashTiling& tiling) const;

 private:
    std::vector<FlashLengths> sequences_;
    int32_t blocks_;
};

}  // namespace attn
