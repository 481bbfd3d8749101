// SPDX-License-Identifier: Apache-2.0
// Host tiling of AscReshapeAndCache: a pure function of the problem and the chip. C++11.
#pragma once

#include <cstdint>
#include <vector>

#include "../../op_kernel/asc_reshape_and_cache/asc_reshape_and_cache_tiling.h"
#include "../common/core_limits.h"
#include "../common/launch_plan.h"
#include "../common/paged_cache_layout.h"
#include "../common/tiling_error.h"

namespace attn {

// One of K and V. Sizes and strides count elements. The last two dimensions of the source are
// contiguous; PagedCacheView says what is contiguous in the cache.
struct CacheWriteProblem {
    int64_t sourceTokens;   // source [sourceTokens, heads, headDim]
    int64_t sourceStride;   // between tokens
    PagedCacheShape shape;  // of the cache; its heads and headDim are the source's
    PagedCacheView view;
};

struct ReshapeAndCacheProblem {
    DataType type;       // of sources and caches
    CacheLayout layout;  // of the caches
    int64_t tokens;      // entries of slotMapping
    CacheWriteProblem key;
    CacheWriteProblem value;
};

struct ReshapeAndCachePlan {
    AscReshapeAndCacheTiling tiling;
    LaunchPlan launch;
};

// False, with the reason, for a problem that the kernel does not do. Slots are device data: they
// are not seen here.
bool ComputeReshapeAndCacheTiling(const ReshapeAndCacheProblem& problem, const CoreLimits& core,
                                  ReshapeAndCachePlan* plan, TilingError* error);

std::vector<KernelVariant> ReshapeAndCacheVariants();

}  // namespace attn
