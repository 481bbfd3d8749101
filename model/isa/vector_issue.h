// SPDX-License-Identifier: Apache-2.0
// Issuing a vector instruction: the mask register becomes batches of repeats with the same lanes,
// operands become accesses, and leaves get host pointers.
#pragma once

#include <array>

#include "core/issue.h"
#include "isa/vector.h"
#include "leaf/leaf.h"

namespace npu_model {

constexpr uint32_t kBlockBytes = 32;
constexpr uint32_t kRepeatBytes = 256;
constexpr uint32_t kBlocksPerRepeat = 8;

// Repeats that share their lanes. Normal mode has one batch; counter mode has the full repeats and
// then one repeat with the remaining elements.
struct VectorBatch {
    uint32_t first;  // number of the first repeat
    uint32_t repeats;
    leaf::Lanes lanes;
    bool full;  // every lane takes part
};

class VectorIssue {
 public:
    // `laneBytes` is the size of the widest element: it decides how many lanes a repeat has.
    // `repeats` is ignored in counter mode.
    VectorIssue(const char* name, uint32_t laneBytes, uint32_t repeats,
                uint64_t address = reinterpret_cast<uint64_t>(__builtin_return_address(0)));

    // Names an operand of `elementBytes` a lane; its blocks hold 32 / elementBytes lanes each.
    // `name` as in the documentation ("dst", "src0"). Returns its number for Host.
    int Read(uint32_t base, NpuVectorStride stride, uint32_t elementBytes, const char* name) {
        return Add(base, stride, elementBytes, name, false);
    }
    int Write(uint32_t base, NpuVectorStride stride, uint32_t elementBytes, const char* name) {
        return Add(base, stride, elementBytes, name, true);
    }
    void Commit() { issue.Commit(); }

    const VectorBatch* begin() const { return batches_.data(); }
    const VectorBatch* end() const { return batches_.data() + batchCount_; }
    uint32_t LanesPerRepeat() const { return lanesPerRepeat_; }
    // The operand at the first repeat of the batch. Valid after Commit.
    leaf::Operand Host(int operand, const VectorBatch& batch) const;

    Issue issue;

 private:
    static constexpr size_t kMostOperands = 4;

    struct Operand {
        uint32_t base;
        NpuVectorStride stride;
        std::array<uint32_t, kBlocksPerRepeat> bytes;  // of the batch with a partial mask
    };

    int Add(uint32_t base, NpuVectorStride stride, uint32_t elementBytes, const char* name,
            bool write);
    void AddBatch(uint32_t first, uint32_t repeats, leaf::Lanes lanes);

    uint32_t lanesPerRepeat_;
    std::array<VectorBatch, 2> batches_;
    size_t batchCount_ = 0;
    std::array<Operand, kMostOperands> operands_;
    int operandCount_ = 0;
};

}  // namespace npu_model
