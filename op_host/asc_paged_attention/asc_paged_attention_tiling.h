// SPDX-License-Identifier: Apache-2.0
// Host tiling of AscPagedAttention: a pure function of the problem and the chip. C++11.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../op_kernel/asc_paged_attention/asc_paged_attention_tiling.h"
#include "../common/core_limits.h"
#include "../common/launch_plan.h"
#include "../common/paged_cache_layout.h"
#include "../common/tiling_error.h"

namespace attn {

// Whether, and how, the tokens of a sequence are split between cores.
enum class SplitRule : int32_t {
    kAuto,             // whatever is modelled to be faster on this chip
    kNone,             // one pass (V1)
    kPartitionTokens,  // partitions of splitValue tokens (V2)
    kSplits,           // splitValue partitions of the longest sequence
    kVllm,             // as vLLM chooses between its V1 and its V2 with partitions of 512 tokens
};

// Which cores multiply.
enum class Strategy : int32_t {
    kAuto,    // whatever keeps up with the memory of the chip
    kVector,  // vector cores alone
    kCube,    // cube cores; the vector cores do the softmax
};

// Sizes and strides count elements. The last two dimensions of query and the last one of the caches
// are contiguous; the output is contiguous.
struct PagedAttentionProblem {
    DataType type;        // of query, caches and output
    int64_t batch;        // sequences
    int64_t queryTokens;  // query [queryTokens, heads, headDim]
    int64_t maxQueryLen;  // query tokens of a sequence at most; 1: every sequence has one
    int64_t heads;
    int64_t queryStride;    // between query tokens
    CacheLayout layout;     // kNz: on the cube only
    PagedCacheShape cache;  // of K and of V
    PagedCacheView key;
    PagedCacheView value;
    int64_t maxBlocks;             // blockTables [batch, maxBlocks]
    int64_t blockTableStride;      // between sequences
    int64_t maxSeqLen;             // of the sequences; below 0: what the block table can hold
    std::vector<int32_t> seqLens;  // if the host knows them, for a better choice; may be empty
    float scale;                   // multiplies Q K^T
    float softcap;                 // 0: none
    int64_t windowLeft;            // tokens seen before a query token; below 0: all
    bool hasAlibi;
    bool hasSinks;
    bool hasQueryStarts;
    bool writeLse;
    SplitRule splitRule;
    int64_t splitValue;
    Strategy strategy;
    int64_t partialOutputs;  // partitions of expSums and its siblings; 0: partials in workspace
};

struct PagedAttentionPlan {
    AscPagedAttentionTiling tiling;
    LaunchPlan launch;
    Strategy strategy;   // kVector or kCube
    std::string reason;  // why this strategy, and why the tokens are split as they are
};

// False, with the reason, for a problem that the kernel does not do. Block tables are device data:
// they are not seen here.
bool ComputePagedAttentionTiling(const PagedAttentionProblem& problem, const CoreLimits& core,
                                 PagedAttentionPlan* plan, TilingError* error);

// What a core does: modelled cycles, and tokens times rows. With kCube a core is a block of one
// cube core and two vector cores.
struct CoreWork {
    int64_t cycles;
    int64_t tokens;
};

// The work of each core for sequences of these lengths. queryStarts [batch + 1] may be empty.
std::vector<CoreWork> PagedAttentionWork(const PagedAttentionPlan& plan,
                                         const std::vector<int32_t>& seqLens,
                                         const std::vector<int32_t>& queryStarts);

std::vector<KernelVariant> PagedAttentionVariants();

}  // namespace attn
