// SPDX-License-Identifier: Apache-2.0
// The layouts of the Fixpipe: rows, column blocks of 16, of 32 bytes, and of 8 floats.
#include "isa/fixpipe_layout.h"

#include <algorithm>
#include <cstdlib>

namespace npu_model {
namespace {

constexpr uint32_t kWidth = 16;      // elements of a column block of L0C
constexpr int64_t kSourceRow = 64;   // bytes
constexpr int64_t kTargetUnit = 32;  // bytes that a stride between column blocks counts

constexpr uint32_t CeilDiv(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

}  // namespace

FixpipeLayout::FixpipeLayout(const NpuFixpipe& fixpipe, uint32_t elementBytes,
                             const FixpipeMatrices& matrices)
    : fixpipe_(fixpipe),
      bytes_(elementBytes),
      matrices_(matrices),
      sourceBlock_(fixpipe.sourceStride * kSourceRow),
      targetStep_(int64_t{fixpipe.targetStride} * (fixpipe.toRows ? elementBytes : kTargetUnit)) {
    if (fixpipe.toRows) {
        ToRows();
    } else if (fixpipe.channelSplit) {
        ToHalves();
    } else if (elementBytes == 1) {
        ToPairs();
    } else {
        ToBlocks();
    }
}

void FixpipeLayout::Add(const FixpipePiece& piece) {
    if (piece.blocks > 0 && piece.width > 0) {
        pieces_[pieceCount_++] = piece;
    }
}

void FixpipeLayout::ToRows() {
    const uint32_t whole = fixpipe_.columns / kWidth;
    const int64_t block = kWidth * bytes_;
    Add({0, 1, whole, kWidth, 0, 0, block, targetStep_});
    Add({whole, 0, 1, fixpipe_.columns % kWidth, whole * sourceBlock_, whole * block, 0,
         targetStep_});
}

// Every column block becomes two of 8 elements.
void FixpipeLayout::ToHalves() {
    constexpr uint32_t kHalf = kWidth / 2;
    const uint32_t halves = fixpipe_.columns / kHalf;
    const int64_t row = kHalf * bytes_;
    Add({0, 1, CeilDiv(halves, 2), kHalf, 0, 0, 2 * targetStep_, row});
    Add({0, 1, halves / 2, kHalf, kSourceRow / 2, targetStep_, 2 * targetStep_, row});
}

// Two column blocks become one of 32 bytes; an odd one at the end stays alone.
void FixpipeLayout::ToPairs() {
    const uint32_t blocks = fixpipe_.columns / kWidth;
    const uint32_t pairs = blocks / 2;
    Add({0, 2, pairs, kWidth, 0, 0, targetStep_, 2 * kWidth});
    Add({1, 2, pairs, kWidth, sourceBlock_, kWidth, targetStep_, 2 * kWidth});
    Add({2 * pairs, 0, blocks % 2, kWidth, 2 * pairs * sourceBlock_, pairs * targetStep_, 0,
         kWidth});
}

void FixpipeLayout::ToBlocks() {
    Add({0, 1, fixpipe_.columns / kWidth, kWidth, 0, 0, targetStep_, kWidth * bytes_});
}

Access FixpipeLayout::Strided(NpuMemory memory, uint64_t base, uint32_t count, int64_t stride,
                              uint32_t run) const {
    const bool source = memory == kNpuL0c;
    Access access =
        Rows(memory, base, matrices_.count, source ? matrices_.sourceStep : matrices_.targetStep,
             run, source ? "source" : "target");
    access.inner = count;
    access.innerStride = stride;
    return access;
}

std::array<Access, 2> FixpipeLayout::Sources(uint32_t base) const {
    const uint32_t whole = fixpipe_.columns / kWidth;
    const uint32_t rest = fixpipe_.columns % kWidth;
    return {Strided(kNpuL0c, base, whole, sourceBlock_,
                    static_cast<uint32_t>(fixpipe_.rows * kSourceRow)),
            Strided(kNpuL0c, base + static_cast<uint64_t>(whole * sourceBlock_), fixpipe_.rows,
                    kSourceRow, rest * uint32_t{sizeof(float)})};
}

std::array<Access, 2> FixpipeLayout::Targets(NpuMemory memory, uint64_t base) const {
    const uint32_t rows = fixpipe_.rows;
    if (fixpipe_.toRows) {
        return {Strided(memory, base, rows, targetStep_, fixpipe_.columns * bytes_),
                Strided(memory, base, 0, 0, 0)};
    }
    const uint32_t row = bytes_ == 1 || fixpipe_.channelSplit ? 32 : kWidth * bytes_;
    const uint32_t blocks = fixpipe_.columns / (row / bytes_);
    const uint32_t rest = fixpipe_.columns % (row / bytes_) * bytes_;
    return {Strided(memory, base, blocks, targetStep_, rows * row),
            Strided(memory, base + static_cast<uint64_t>(blocks * targetStep_), 1, 0, rows * rest)};
}

bool FixpipeLayout::TargetsOverlap() const {
    const auto [runs, last] = Targets(kNpuGm, 0);
    const uint32_t count = runs.inner + (last.run > 0 ? last.inner : 0);
    if (count > 1 && targetStep_ < runs.run) {
        return true;
    }
    // Row r of a matrix `d` further on starts d * matrix + r * row bytes behind row 0 of this one.
    const int64_t lastRow = int64_t{fixpipe_.rows} - 1;
    for (uint32_t d = 1; d < matrices_.count; ++d) {
        const int64_t distance = d * matrices_.targetStep;
        const int64_t below = std::min(distance / targetStep_, lastRow);
        const int64_t above = std::min(below + 1, lastRow);
        if (distance - below * targetStep_ < runs.run ||
            std::abs(distance - above * targetStep_) < runs.run) {
            return true;
        }
    }
    return false;
}

}  // namespace npu_model
