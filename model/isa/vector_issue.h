// SPDX-License-Identifier: Apache-2.0
// Issuing a vector instruction: the mask register becomes batches of repeats with the same lanes,
// operands become accesses, and leaves get host pointers.
#pragma once

#include <array>

#include "core/issue.h"
#include "isa/vector.h"
#include "isa/vector_overlap.h"
#include "leaf/leaf.h"

namespace npu_model {

constexpr uint32_t kBlockBytes = 32;
constexpr uint32_t kRepeatBytes = 256;
constexpr uint32_t kBlocksPerRepeat = 8;

// The first `count` lanes.
leaf::Lanes FirstLanes(uint32_t count);
// One more than the number of the last enabled lane; 0 if there is none.
uint32_t EndLane(const leaf::Lanes& lanes);

// Repeats that share their lanes. Normal mode has one batch; counter mode has the full repeats and
// then one repeat with the remaining elements. A batch has a repeat and an enabled lane.
struct VectorBatch {
    uint32_t first;  // number of the first repeat
    uint32_t repeats;
    leaf::Lanes lanes;
    bool full;  // every lane takes part
};

// Which lanes an instruction handles.
enum class Masking : uint8_t {
    kRegister,   // by mask register and mask mode
    kPerRepeat,  // the same, but counter mode counts the elements of every repeat
    kNone,       // all
};

// How an operand lies in its blocks. Lanes of 4 bits come in pairs.
struct LaneLayout {
    uint32_t elementBits;
    uint32_t lanesPerBlock;
    uint32_t firstByte;  // where the lanes start in a block
};

class VectorIssue {
 public:
    // `laneBytes` is the size of the widest element: it decides how many lanes a repeat has.
    // `repeats` is ignored in counter mode.
    VectorIssue(const char* name, uint32_t laneBytes, uint32_t repeats,
                Masking masking = Masking::kRegister,
                uint64_t address = reinterpret_cast<uint64_t>(__builtin_return_address(0)));

    // Names an operand of `elementBytes` a lane; its blocks hold 32 / elementBytes lanes each.
    // `name` as in the documentation ("dst", "src0"). Returns its number for Host.
    int Read(uint32_t base, NpuVectorStride stride, uint32_t elementBytes, const char* name,
             Sharing sharing = Sharing::kSameBytes) {
        return Add(base, stride, OfBytes(elementBytes), name, sharing, false);
    }
    int Write(uint32_t base, NpuVectorStride stride, uint32_t elementBytes, const char* name) {
        return WriteLanes(base, stride, OfBytes(elementBytes), name);
    }
    // The same for lanes that do not fill their blocks in the usual way.
    int ReadLanes(uint32_t base, NpuVectorStride stride, const LaneLayout& layout, const char* name,
                  Sharing sharing = Sharing::kSameBytes) {
        return Add(base, stride, layout, name, sharing, false);
    }
    int WriteLanes(uint32_t base, NpuVectorStride stride, const LaneLayout& layout,
                   const char* name) {
        return Add(base, stride, layout, name, Sharing::kSameBytes, true);
    }
    // Commits the issue, then checks that the operands share no bytes that they must not.
    void Commit();

    const VectorBatch* begin() const { return batches_.data(); }
    const VectorBatch* end() const { return batches_.data() + batchCount_; }
    uint32_t LanesPerRepeat() const { return lanesPerRepeat_; }
    // True when a byte belongs to the operand and to `other`.
    bool Overlaps(int operand, const Access& other) const;
    // The operand at the first repeat of the batch. Valid after Commit.
    leaf::Operand Host(int operand, const VectorBatch& batch) const;

    Issue issue;

 private:
    static constexpr size_t kMostOperands = 4;
    static constexpr size_t kMostBatches = 2;

    struct Operand {
        const char* name;
        uint32_t base;
        NpuVectorStride stride;
        LaneLayout layout;
        Sharing sharing;
        bool write;
        std::array<uint32_t, kMostBatches> blocks;  // of one repeat, by batch
        // By batch and block, one bit a byte. Filled in checked mode only.
        std::array<std::array<uint32_t, kBlocksPerRepeat>, kMostBatches> bytes;
        std::array<bool, kMostBatches> whole;  // every byte of the blocks takes part
    };

    static LaneLayout OfBytes(uint32_t elementBytes) {
        return {8 * elementBytes, kBlockBytes >> __builtin_ctz(elementBytes), 0};
    }
    void AddBatches(uint32_t repeats, Masking masking);
    void AddBatch(uint32_t first, uint32_t repeats, const leaf::Lanes& lanes);
    int Add(uint32_t base, NpuVectorStride stride, const LaneLayout& layout, const char* name,
            Sharing sharing, bool write);
    void MarkBlocks(Operand& operand, size_t batch) const;
    Access MakeAccess(const Operand& operand, size_t batch) const;
    VectorFootprint Footprint(const Operand& operand) const;
    void CheckOverlap(const Operand& target, const Operand& source) const;

    uint32_t lanesPerRepeat_;
    std::array<VectorBatch, kMostBatches> batches_;
    size_t batchCount_ = 0;
    std::array<Operand, kMostOperands> operands_;  // the first operandCount_ are filled
    size_t operandCount_ = 0;
};

}  // namespace npu_model
