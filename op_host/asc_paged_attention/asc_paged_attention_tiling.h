// SPDX-License-Identifier: Apache-2.0
// Host tiling of AscPagedAttention: a pure function of the problem and the chip. C++11.
#pragma once

#include <cstdint>
#include <vector>

#include "../../op_kernel/asc_paged_attention/asc_paged_attention_tiling.h"
#include "../common/core_limits.h"
#include "../common/launch_plan.h"
#include "../common/paged_cache_layout.h"
#include "../common/tiling_error.h"

namespace attn {

// Sizes and strides count elements. The last two dimensions of query and the last one of the caches
// are contiguous; the output is contiguous.
struct PagedAttentionProblem {
    DataType type;  // of query, caches and output
    int64_t batch;  // query [batch, heads, headDim]
    int64_t heads;
    int64_t queryStride;    // between sequences
    PagedCacheShape cache;  // of K and of V
    PagedCacheView key;
    PagedCacheView value;
    int64_t maxBlocks;         // blockTables [batch, maxBlocks]
    int64_t blockTableStride;  // between sequences
    float scale;               // multiplies Q K^T
    bool writeLse;
};

struct PagedAttentionPlan {
    AscPagedAttentionTiling tiling;
    LaunchPlan launch;
};

// False, with the reason, for a problem that the kernel does not do. Lengths and block tables are
// device data: they are not seen here.
bool ComputePagedAttentionTiling(const PagedAttentionProblem& problem, const CoreLimits& core,
                                 PagedAttentionPlan* plan, TilingError* error);

std::vector<KernelVariant> PagedAttentionVariants();

}  // namespace attn
