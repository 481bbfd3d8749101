// SPDX-License-Identifier: Apache-2.0
// Host tiling of AscMergeAttentionStates: a pure function of the problem and the chip. C++11.
#pragma once

#include <cstdint>
#include <vector>

#include "../../op_kernel/asc_merge_attention_states/asc_merge_attention_states_tiling.h"
#include "../common/core_limits.h"
#include "../common/launch_plan.h"
#include "../common/tiling_error.h"

namespace attn {

// Outputs are [tokens, heads, headDim], contiguous from the heads on. The prefix is one or more
// states in one tensor, the suffix one more in another.
struct MergeStatesProblem {
    DataType type;  // of the outputs; every lse is float
    int64_t tokens;
    int64_t heads;
    int64_t headDim;
    int64_t prefixStates;
    StateView prefix;
    bool hasSuffix;
    StateView suffix;
    StateView output;
    bool writeLse;
};

struct MergeStatesPlan {
    AscMergeAttentionStatesTiling tiling;
    LaunchPlan launch;
};

// False, with the reason, for a problem that the kernel does not do.
bool ComputeMergeStatesTiling(const MergeStatesProblem& problem, const CoreLimits& core,
                              MergeStatesPlan* plan, TilingError* error);

std::vector<KernelVariant> MergeStatesVariants();

}  // namespace attn
