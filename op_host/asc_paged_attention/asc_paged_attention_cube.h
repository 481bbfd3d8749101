// SPDX-License-Identifier: Apache-2.0
// AscPagedAttention on cube and vector cores: part of its host tiling.
#pragma once

#include <string>
#include <vector>

#include "asc_paged_attention_tiling.h"

namespace attn {

struct StrategyChoice {
    Strategy strategy;  // kVector, or kCube if the cube is to be tried
    bool isPinned;      // there is no other choice
    std::string reason;
};

StrategyChoice ChooseStrategy(const PagedAttentionProblem& problem);

// False, with the reason, for a problem that only the vector cores do. Sets everything but the
// strategy's part of the reason.
bool ComputeCubeTiling(const PagedAttentionProblem& problem, const CoreLimits& core,
                       PagedAttentionPlan* plan, TilingError* error);

// PagedAttentionWork of a plan for the cube.
std::vector<CoreWork> CubeWork(const PagedAttentionPlan& plan, const std::vector<int32_t>& seqLens,
                               const std::vector<int32_t>& queryStarts);

}  // namespace attn
