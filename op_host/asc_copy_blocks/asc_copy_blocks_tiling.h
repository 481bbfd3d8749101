// SPDX-License-Identifier: Apache-2.0
// Host tiling of AscCopyBlocks: a pure function of the problem and the chip. C++11.
#pragma once

#include <cstdint>
#include <vector>

#include "../../op_kernel/asc_copy_blocks/asc_copy_blocks_tiling.h"
#include "../common/core_limits.h"
#include "../common/launch_plan.h"
#include "../common/tiling_error.h"

namespace attn {

// Blocks of one cache, in bytes; a block is contiguous.
struct BlockCopyProblem {
    int64_t blockBytes;    // 0: there is no such cache
    int64_t sourceStride;  // between blocks
    int64_t targetStride;
};

struct CopyBlocksProblem {
    int64_t pairs;  // rows of blockMapping
    BlockCopyProblem key;
    BlockCopyProblem value;
};

struct CopyBlocksPlan {
    AscCopyBlocksTiling tiling;
    LaunchPlan launch;
};

// False, with the reason, for a problem that the kernel does not do. The mapping is device data: it
// is not seen here.
bool ComputeCopyBlocksTiling(const CopyBlocksProblem& problem, const CoreLimits& core,
                             CopyBlocksPlan* plan, TilingError* error);

std::vector<KernelVariant> CopyBlocksVariants();

}  // namespace attn
