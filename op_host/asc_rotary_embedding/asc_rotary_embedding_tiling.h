// SPDX-License-Identifier: Apache-2.0
// Host tiling of AscRotaryEmbedding: a pure function of the problem and the chip. C++11.
#pragma once

#include <cstdint>
#include <vector>

#include "../../op_kernel/asc_rotary_embedding/asc_rotary_embedding_tiling.h"
#include "../common/core_limits.h"
#include "../common/launch_plan.h"
#include "../common/tiling_error.h"

namespace attn {

struct RotaryProblem {
    DataType type;        // of x and the output
    DataType factorType;  // of cos and sin: that of x, or float
    int64_t batch;
    int64_t sequence;  // tokens of a sequence
    int64_t heads;
    int64_t headDim;
    int64_t rotaryDim;
    TokenView x;
    TokenView output;
    int64_t cosStride;  // elements between the positions of a table
    int64_t sinStride;
    bool interleaved;
};

struct RotaryPlan {
    AscRotaryEmbeddingTiling tiling;
    LaunchPlan launch;
};

// False, with the reason, for a problem that the kernel does not do. Positions are device data:
// they are not seen here.
bool ComputeRotaryTiling(const RotaryProblem& problem, const CoreLimits& core, RotaryPlan* plan,
                         TilingError* error);

std::vector<KernelVariant> RotaryVariants();

}  // namespace attn
