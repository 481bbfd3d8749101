// SPDX-License-Identifier: Apache-2.0
// Host tiling of attention on cube and vector cores, for every operator that uses it: a pure
// function of the problem and the chip. C++11.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../op_kernel/common/flash_tiling.h"
#include "core_limits.h"
#include "launch_plan.h"
#include "tiling_error.h"

namespace attn {

// Strides count elements; the head dimension is contiguous everywhere. FlashTiling says what the
// fields mean that both have.
struct FlashProblem {
    TokenView query;
    TokenView output;
    TokenView lse;
    PagedCacheView key;
    PagedCacheView value;
    TokenView mask;  // of the mask or of the bias
    int64_t blockTableStride;
    int64_t alibiStride;

    int64_t batch;
    int64_t queryTokens;  // of a sequence without query starts, else of all
    int64_t keyTokens;    // of a sequence without any lengths of keys
    int64_t heads;
    int64_t kvHeads;
    int64_t headDim;
    int64_t valueDim;
    int64_t blockSize;
    CacheLayout layout;
    int64_t maxQueryTokens;          // of a sequence, at most
    int64_t maxKeyTokens;            // likewise
    std::vector<int32_t> queryLens;  // of the sequences, where the host knows them, for a better
    std::vector<int32_t> keyLens;    // choice; may be empty

    int64_t windowLeft;  // below 0: no limit, as with windowRight
    int64_t windowRight;
    float scale;
    float softcap;
    bool hasQueryStarts;
    bool hasKeyStarts;
    bool hasQueryLens;
    bool hasKeyLens;
    bool hasKeyRows;
    bool hasKeyPads;
    bool hasPrefixes;
    bool hasAlibi;
    bool hasSinks;
    bool hasMask;
    int64_t biasBytes;
    bool writeLse;

    // What the caller has chosen; 0: chosen here.
    int64_t rowTile;
    int64_t kvTile;
    int64_t lookahead;
    int64_t pack;
    int64_t splits;           // parts of the keys of the longest sequence
    int64_t partitionTokens;  // keys of such a part, whatever `splits` is
    ScoreFormat scoreFormat;  // never chosen here: kHalf costs precision
};

struct FlashPlan {
    FlashTiling tiling;
    int32_t blocks;          // cube cores
    int64_t workspaceBytes;  // rings of the blocks, and partial results
    int64_t modelCycles;     // estimated time; ratios between plans matter
    std::string reason;      // what was chosen and why
};

// False, with the reason, for a problem that the kernels do not do. Metadata on the device are not
// seen here. `operation` starts the error.
bool ComputeFlashPlan(const FlashProblem& problem, const CoreLimits& core,
                      const std::string& operation, FlashPlan* plan, TilingError* error);

// A unit of work, and the multiply-accumulates that its steps hand to the cube.
struct FlashWork {
    int32_t sequence;
    int32_t firstHead;
    int32_t firstRow;
    int32_t rows;
    int32_t firstKey;
    int32_t endKey;
    int32_t partition;
    int64_t macs;
};

// The units of each block for sequences of these lengths.
std::vector<std::vector<FlashWork>> FlashWorkOf(const FlashPlan& plan,
                                                const std::vector<int32_t>& queryLens,
                                                const std::vector<int32_t>& keyLens,
                                                const std::vector<int32_t>& prefixes);

}  // namespace attn
