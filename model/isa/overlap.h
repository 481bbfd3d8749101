// SPDX-License-Identifier: Apache-2.0
// Which bytes two operands of one instruction have in common.
#pragma once

#include <array>
#include <vector>

#include "core/access.h"
#include "isa/vector_issue.h"

namespace npu_model {

using BlockMasks = std::array<uint32_t, kBlocksPerRepeat>;  // one bit a byte

// The enabled lanes of a batch as an operand at `base`. `masks` holds what the access points to.
Access EnabledBlocks(const VectorIssue& vector, const VectorBatch& batch, uint32_t base,
                     NpuVectorStride stride, BlockMasks* masks);

// True when a byte belongs to both.
bool Overlap(const Access& a, const Access& b);

// True when a repeat reads what an earlier repeat of the same instruction writes. Rows (the outer
// dimension) are repeats; the operands are given piece by piece, in order.
class RepeatOverlap {
 public:
    bool Add(const Access& target, const Access& source);

 private:
    bool AddRows(const Access& target, const Access& source);

    std::vector<Access> targets_;  // of earlier pieces
};

}  // namespace npu_model
