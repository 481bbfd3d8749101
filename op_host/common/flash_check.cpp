// SPDX-License-Identifier: Apache-2.0
#include "flash_check.h"

#include <algorithm>
#include <limits>

#include "../../op_kernel/common/flash_schedule.h"
#include "score_numbers.h"

namespace attn {
namespace {

constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kHeadDimUnit = 16;
constexpr int64_t kMaxHeadDim = 256;
constexpr int64_t kBlockSizeUnit = 16;
constexpr int64_t kMaxBlockSize = 256;
constexpr int64_t kMaxKvTile = 512;
constexpr int64_t kWideHeadDim = 128;  // more leaves no room for two halves of rows

// Memories of a cube core that the products are laid out for.
constexpr int64_t kL0Bytes = 64 * 1024;
constexpr int64_t kL0cBytes = 128 * 1024;

class Checker {
 public:
    Checker(const std::string& operation, TilingError* error)
        : operation_(operation), error_(error) {}

    bool Range(const char* argument, int64_t value, int64_t least, int64_t most) const {
        return (value >= least && value <= most) ||
               Fail(argument, value,
                    "be from " + std::to_string(least) + " to " + std::to_string(most));
    }
    bool AtLeast(const char* argument, int64_t value, int64_t least) const {
        return value >= least || Fail(argument, value, "be at least " + std::to_string(least));
    }
    bool Multiple(const char* argument, int64_t value, int64_t unit, int64_t most) const {
        return (value >= unit && value <= most && value % unit == 0) ||
               Fail(argument, value,
                    "be a multiple of " + std::to_string(unit) + " from " + std::to_string(unit) +
                        " to " + std::to_string(most));
    }
    bool Fail(const char* argument, int64_t value, const std::string& rule) const {
        return error_->Set(operation_, argument, value, rule);
    }

 private:
    const std::string& operation_;
    TilingError* error_;
};

bool CheckSizes(const FlashProblem& problem, const Checker& check) {
    if (!check.Range("query batch", problem.batch, 0, kInt32Max) ||
        !check.Range("query tokens", problem.queryTokens, 0, kInt32Max) ||
        !check.Range("key tokens", problem.keyTokens, 0, kInt32Max) ||
        !check.Multiple("query head_dim", problem.headDim, kHeadDimUnit, kMaxHeadDim) ||
        !check.Multiple("value head_dim", problem.valueDim, kHeadDimUnit, kMaxHeadDim) ||
        !check.AtLeast("key heads", problem.kvHeads, 1) ||
        !check.AtLeast("query heads", problem.heads, 1)) {
        return false;
    }
    if (problem.heads % problem.kvHeads != 0) {
        return check.Fail("query heads", problem.heads,
                          "be a multiple of key heads (" + std::to_string(problem.kvHeads) + ")");
    }
    const int64_t tokens =
        problem.queryTokens * (problem.hasQueryStarts ? 1 : std::max<int64_t>(problem.batch, 1));
    if (problem.heads > kInt32Max / std::max<int64_t>(tokens, 1)) {
        return check.Fail(
            "query heads", problem.heads,
            "be at most 2147483647 over all " + std::to_string(tokens) + " query tokens");
    }
    return check.Range("max_seqlen_q", problem.maxQueryTokens, 0,
                       kInt32Max / problem.heads - kMaxHalves * kHalfRows) &&
           check.Range("max_seqlen_k", problem.maxKeyTokens, 0, kInt32Max - kMaxKvTile) &&
           (problem.blockSize == 0 ||
            check.Multiple("key page_size", problem.blockSize, kBlockSizeUnit, kMaxBlockSize));
}

bool CheckLengths(const char* argument, const std::vector<int32_t>& lengths, int64_t batch,
                  const Checker& check) {
    return lengths.empty() || static_cast<int64_t>(lengths.size()) == batch ||
           check.Fail(argument, static_cast<int64_t>(lengths.size()),
                      "be the batch (" + std::to_string(batch) + ")");
}

bool CheckOptions(const FlashProblem& problem, const Checker& check) {
    if (problem.hasPrefixes && (problem.windowLeft >= 0 || problem.windowRight != 0)) {
        return check.Fail("window_size left", problem.windowLeft,
                          "be -1 with prefix_lens, which also needs causal");
    }
    if (problem.hasMask && problem.biasBytes != 0) {
        return check.Fail("attn_bias element bytes", problem.biasBytes, "be 0 with attn_mask");
    }
    if (problem.layout == CacheLayout::kPacked) {
        return check.Fail("key layout", static_cast<int64_t>(problem.layout),
                          "be rows (0) or nz (2)");
    }
    if (problem.layout == CacheLayout::kNz && problem.blockSize == 0) {
        return check.Fail("key page_size", problem.blockSize, "be given with the layout nz");
    }
    return CheckLengths("query lengths", problem.queryLens, problem.batch, check) &&
           CheckLengths("key lengths", problem.keyLens, problem.batch, check);
}

bool CheckRowTile(const FlashProblem& problem, const Checker& check) {
    const bool isWide = problem.rowTile == kMaxHalves * kHalfRows;
    if (isWide && (problem.headDim > kWideHeadDim || problem.valueDim > kWideHeadDim)) {
        return check.Fail("row_tile", problem.rowTile,
                          "be at most 128 with head_dim greater than 128");
    }
    return isWide || (problem.rowTile >= 1 && problem.rowTile <= kHalfRows) ||
           check.Fail("row_tile", problem.rowTile, "be from 1 to 128, or 256");
}

bool CheckPinned(const FlashProblem& problem, const Checker& check) {
    if (problem.rowTile != 0 && !CheckRowTile(problem, check)) {
        return false;
    }
    if (problem.kvTile != 0 && !check.Multiple("kv_tile", problem.kvTile, kTileKeys, kMaxKvTile)) {
        return false;
    }
    if (problem.lookahead != 0 && !check.Range("lookahead", problem.lookahead, 1, kMaxLookahead)) {
        return false;
    }
    const int64_t group = problem.heads / problem.kvHeads;
    if (problem.pack != 0 && problem.pack != 1 && problem.pack != group) {
        return check.Fail("pack", problem.pack,
                          "be 1 or the query heads of a key head (" + std::to_string(group) + ")");
    }
    return check.Range("num_splits", problem.splits, 0, kInt32Max) &&
           check.Range("partition_size", problem.partitionTokens, 0, kInt32Max);
}

bool CheckStrides(const FlashProblem& problem, const Checker& check) {
    constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
    const auto view = [&check](const char* argument, const TokenView& strides) {
        return check.Range(argument, strides.rowStride, 0, kAny) &&
               check.Range(argument, strides.tokenStride, 0, kAny) &&
               check.Range(argument, strides.headStride, 0, kAny);
    };
    const auto cache = [&check](const char* argument, const PagedCacheView& strides) {
        return check.Range(argument, strides.blockStride, 0, kAny) &&
               check.Range(argument, strides.tokenStride, 0, kAny) &&
               check.Range(argument, strides.headStride, 0, kAny);
    };
    return view("query stride", problem.query) && view("output stride", problem.output) &&
           view("lse stride", problem.lse) && view("attn_mask stride", problem.mask) &&
           cache("key stride", problem.key) && cache("value stride", problem.value) &&
           check.Range("block_table stride", problem.blockTableStride, 0, kAny) &&
           check.Range("alibi_slopes stride", problem.alibiStride, 0, kAny);
}

}  // namespace

bool CheckFlashProblem(const FlashProblem& problem, const std::string& operation,
                       TilingError* error) {
    const Checker check(operation, error);
    return CheckSizes(problem, check) &&
           CheckScoreNumbers(problem.scale, problem.softcap, operation, error) &&
           CheckOptions(problem, check) && CheckPinned(problem, check) &&
           CheckStrides(problem, check);
}

bool CheckFlashCores(const CoreLimits& core, const std::string& operation, TilingError* error) {
    const Checker check(operation, error);
    return check.AtLeast("core cube_cores", core.cubeCores, 1) &&
           check.AtLeast("core vector_cores", core.vectorCores,
                         int64_t{kVectorCores} * core.cubeCores) &&
           check.AtLeast("core l0a_bytes", core.l0aBytes, kL0Bytes) &&
           check.AtLeast("core l0b_bytes", core.l0bBytes, kL0Bytes) &&
           check.AtLeast("core l0c_bytes", core.l0cBytes, kL0cBytes);
}

}  // namespace attn
