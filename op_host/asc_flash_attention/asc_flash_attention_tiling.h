// SPDX-License-Identifier: Apache-2.0
// Host tiling of AscFlashAttention: a pure function of the problem and the chip. C++11.
#pragma once

#include <string>
#include <vector>

#include "../../op_kernel/asc_flash_attention/asc_flash_attention_tiling.h"
#include "../common/flash_plan.h"

namespace attn {

struct FlashAttentionPlan {
    FlashPlan flash;  // its tiling is an AscFlashAttentionTiling
    LaunchPlan launch;
};

// False, with the reason, for a problem that the kernel does not do. `type` is that of query, key,
// value and output.
bool ComputeFlashAttentionTiling(DataType type, const FlashProblem& problem, const CoreLimits& core,
                                 FlashAttentionPlan* plan, TilingError* error);

std::vector<KernelVariant> FlashAttentionVariants();

}  // namespace attn
