// SPDX-License-Identifier: Apache-2.0
// Where the elements that one Fixpipe instruction moves lie, in L0C and in the target.
#pragma once

#include <array>

#include "core/access.h"

namespace npu_model {

// Several matrices of one instruction: how far apart they are.
struct FixpipeMatrices {
    uint32_t count = 1;
    int64_t sourceStep = 0;  // bytes
    int64_t targetStep = 0;
};

// Column blocks with the same strides.
struct FixpipePiece {
    uint32_t block;   // the first one
    uint32_t step;    // from one to the next; 0: there is one
    uint32_t blocks;  // how many
    uint32_t width;   // elements of each that count
    int64_t source;   // bytes from the start of L0C's matrix to the first element
    int64_t target;   // the same in the target
    int64_t targetBlock;
    int64_t targetRow;
};

class FixpipeLayout {
 public:
    FixpipeLayout(const NpuFixpipe& fixpipe, uint32_t elementBytes,
                  const FixpipeMatrices& matrices);

    // What is read: column blocks of 16, then what is left of the last one. Some are empty.
    std::array<Access, 2> Sources(uint32_t base) const;
    // What is written: the matrices, or all column blocks, then the last one if it is narrower.
    std::array<Access, 2> Targets(NpuMemory memory, uint64_t base) const;
    // A byte of the target belongs to two elements.
    bool TargetsOverlap() const;

    // Calls visit(piece) for pieces that are all elements of one matrix.
    template <class Visit>
    void ForEachPiece(Visit visit) const {
        for (uint32_t i = 0; i < pieceCount_; ++i) {
            visit(pieces_[i]);
        }
    }
    int64_t SourceBlock() const { return sourceBlock_; }
    const FixpipeMatrices& Matrices() const { return matrices_; }

 private:
    void Add(const FixpipePiece& piece);
    void ToRows();
    void ToHalves();
    void ToPairs();
    void ToBlocks();
    Access Strided(NpuMemory memory, uint64_t base, uint32_t count, int64_t stride,
                   uint32_t run) const;

    const NpuFixpipe& fixpipe_;
    uint32_t bytes_;  // of an element of the target
    FixpipeMatrices matrices_;
    int64_t sourceBlock_;  // bytes from column block to column block
    int64_t targetStep_;   // bytes that targetStride counts
    std::array<FixpipePiece, 3> pieces_{};
    uint32_t pieceCount_ = 0;
};

}  // namespace npu_model
