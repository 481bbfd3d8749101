// SPDX-License-Identifier: Apache-2.0
// Mask register to lanes, strides to accesses.
#include "isa/vector_issue.h"

#include <algorithm>
#include <cassert>

#include "isa/overlap.h"

namespace npu_model {
namespace {

constexpr const char* kSliceSource = "Ascend C API, high-dimension slicing";

uint64_t FirstBits(uint32_t count) {
    return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

// Sizes are powers of two: a division by a variable would cost more than the rest of an issue.
uint32_t Log2(uint32_t powerOfTwo) { return static_cast<uint32_t>(__builtin_ctz(powerOfTwo)); }

// The bytes of the enabled lanes of one block, one bit a byte.
uint32_t BlockBytes(const leaf::Lanes& lanes, uint32_t block, const LaneLayout& layout) {
    const uint32_t first = block * layout.lanesPerBlock;
    uint64_t enabled = (first < 64 ? lanes.low >> first : lanes.high >> (first - 64)) &
                       FirstBits(layout.lanesPerBlock);
    if (enabled == FirstBits(layout.lanesPerBlock)) {
        const uint32_t bytes = layout.lanesPerBlock * layout.elementBits / 8;
        return static_cast<uint32_t>(FirstBits(bytes)) << layout.firstByte;
    }
    uint32_t bytes = 0;
    const auto element = static_cast<uint32_t>(FirstBits(std::max(layout.elementBits / 8, 1u)));
    for (; enabled != 0; enabled &= enabled - 1) {
        const auto lane = static_cast<uint32_t>(__builtin_ctzll(enabled));
        bytes |= element << (layout.firstByte + lane * layout.elementBits / 8);
    }
    return bytes;
}

}  // namespace

leaf::Lanes FirstLanes(uint32_t count) {
    return {FirstBits(count), count > 64 ? FirstBits(count - 64) : 0};
}

uint32_t EndLane(const leaf::Lanes& lanes) {
    if (lanes.high != 0) {
        return 128 - static_cast<uint32_t>(__builtin_clzll(lanes.high));
    }
    return lanes.low == 0 ? 0 : 64 - static_cast<uint32_t>(__builtin_clzll(lanes.low));
}

VectorIssue::VectorIssue(const char* name, uint32_t laneBytes, uint32_t repeats, Masking masking,
                         uint64_t address)
    : issue(name, kNpuPipeV, address), lanesPerRepeat_(kRepeatBytes >> Log2(laneBytes)) {
    AddBatches(repeats, masking);
}

void VectorIssue::AddBatches(uint32_t repeats, Masking masking) {
    const Registers& registers = issue.core.registers;
    const leaf::Lanes all = FirstLanes(lanesPerRepeat_);
    if (masking == Masking::kRegister && registers.counterMode) {
        const auto count = static_cast<uint32_t>(registers.maskLow);
        const uint32_t whole = count >> Log2(lanesPerRepeat_);
        AddBatch(0, whole, all);
        AddBatch(whole, 1, FirstLanes(count & (lanesPerRepeat_ - 1)));
        return;
    }
    issue.RequireRange("repeat times", repeats, 0, 255, kSliceSource);
    if (masking == Masking::kNone) {
        AddBatch(0, repeats, all);
    } else if (registers.counterMode) {
        const auto count = static_cast<uint32_t>(registers.maskLow);
        AddBatch(0, repeats, FirstLanes(std::min(count, lanesPerRepeat_)));
    } else {
        AddBatch(0, repeats, {registers.maskLow & all.low, registers.maskHigh & all.high});
    }
}

void VectorIssue::AddBatch(uint32_t first, uint32_t repeats, const leaf::Lanes& lanes) {
    if (repeats == 0 || (lanes.low | lanes.high) == 0) {
        return;
    }
    const leaf::Lanes all = FirstLanes(lanesPerRepeat_);
    batches_[batchCount_++] = {first, repeats, lanes,
                               lanes.low == all.low && lanes.high == all.high};
}

int VectorIssue::Add(uint32_t base, NpuVectorStride stride, const LaneLayout& layout,
                     const char* name, Sharing sharing, bool write) {
    assert(operandCount_ < kMostOperands);
    issue.RequireAligned(name, kNpuUb, base, kBlockBytes, "Ascend C API, address alignment");
    Operand& operand = operands_[operandCount_];
    operand.name = name;
    operand.base = base;
    operand.stride = stride;
    operand.layout = layout;
    operand.sharing = sharing;
    operand.write = write;
    for (size_t batch = 0; batch < batchCount_; ++batch) {
        MarkBlocks(operand, batch);
        const Access access = MakeAccess(operand, batch);
        if (write) {
            issue.Write(access);
        } else {
            issue.Read(access);
        }
    }
    return static_cast<int>(operandCount_++);
}

void VectorIssue::MarkBlocks(Operand& operand, size_t batch) const {
    const leaf::Lanes& lanes = batches_[batch].lanes;
    const uint32_t lanesPerBlock = operand.layout.lanesPerBlock;
    const uint32_t blocks = (EndLane(lanes) + lanesPerBlock - 1) >> Log2(lanesPerBlock);
    operand.blocks[batch] = blocks;
    operand.whole[batch] = true;
    if (operand.write && blocks > 1) {
        issue.RequireRange("dst block stride", operand.stride.block, 1, 65535, kSliceSource);
    }
    if (!issue.checked) {
        return;
    }
    uint32_t common = ~uint32_t{0};
    for (uint32_t block = 0; block < blocks; ++block) {
        operand.bytes[batch][block] = BlockBytes(lanes, block, operand.layout);
        common &= operand.bytes[batch][block];
    }
    operand.whole[batch] = common == ~uint32_t{0};
}

Access VectorIssue::MakeAccess(const Operand& operand, size_t batch) const {
    const VectorBatch& lanes = batches_[batch];
    const int64_t repeatBytes = int64_t{operand.stride.repeat} * kBlockBytes;
    Access access = Rows(kNpuUb, operand.base + lanes.first * static_cast<uint64_t>(repeatBytes),
                         lanes.repeats, repeatBytes, kBlockBytes, operand.name);
    access.inner = operand.blocks[batch];
    access.innerStride = int64_t{operand.stride.block} * kBlockBytes;
    access.bytes = operand.whole[batch] ? nullptr : operand.bytes[batch].data();
    return access;
}

bool VectorIssue::Overlaps(int operand, const Access& other) const {
    const Operand& named = operands_[static_cast<size_t>(operand)];
    for (size_t batch = 0; batch < batchCount_; ++batch) {
        if (Overlap(MakeAccess(named, batch), other)) {
            return true;
        }
    }
    return false;
}

void VectorIssue::Commit() {
    issue.Commit();
    if (!issue.checked) {
        return;
    }
    for (size_t target = 0; target < operandCount_; ++target) {
        for (size_t source = 0; source < operandCount_ && operands_[target].write; ++source) {
            if (!operands_[source].write) {
                CheckOverlap(operands_[target], operands_[source]);
            }
        }
    }
}

VectorFootprint VectorIssue::Footprint(const Operand& operand) const {
    VectorFootprint footprint{
        operand.base, operand.stride, operand.layout.elementBits, {}, batchCount_};
    for (size_t batch = 0; batch < batchCount_; ++batch) {
        footprint.batches[batch] = {batches_[batch].repeats, operand.blocks[batch],
                                    operand.bytes[batch].data()};
    }
    return footprint;
}

void VectorIssue::CheckOverlap(const Operand& target, const Operand& source) const {
    const VectorConflict conflict =
        FindConflict(Footprint(target), Footprint(source), source.sharing);
    if (!conflict.found) {
        return;
    }
    const std::string place = "UB bytes [" + std::to_string(conflict.address) + ", " +
                              std::to_string(conflict.address + kBlockBytes) + ")";
    const std::string reader = "repeat " + std::to_string(conflict.reader);
    const std::string writer = "repeat " + std::to_string(conflict.writer);
    issue.Fail(FaultKind::kOverlap, source.name,
               conflict.reader == conflict.writer
                   ? "must be " + std::string(target.name) + " itself or apart from it: " + place +
                         " belong to different lanes of both in " + reader
                   : "must not share bytes with " + std::string(target.name) + ": " + place +
                         " are written by " + writer + " and read by " + reader,
               "Ascend C API, general rules on overlapping addresses");
}

leaf::Operand VectorIssue::Host(int operand, const VectorBatch& batch) const {
    const Operand& named = operands_[static_cast<size_t>(operand)];
    const int64_t repeatStride = int64_t{named.stride.repeat} * kBlockBytes;
    return {issue.core.Ub(named.base) + batch.first * repeatStride,
            int64_t{named.stride.block} * kBlockBytes, repeatStride};
}

}  // namespace npu_model
