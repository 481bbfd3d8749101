// SPDX-License-Identifier: Apache-2.0
// Mask register to lanes, strides to accesses.
#include "isa/vector_issue.h"

namespace npu_model {
namespace {

leaf::Lanes FirstLanes(uint32_t count) {
    const auto bits = [](uint32_t n) { return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1; };
    return {bits(count), count > 64 ? bits(count - 64) : 0};
}

bool Lane(const leaf::Lanes& lanes, uint32_t lane) {
    return ((lane < 64 ? lanes.low >> lane : lanes.high >> (lane - 64)) & 1) != 0;
}

}  // namespace

VectorIssue::VectorIssue(const char* name, uint32_t laneBytes, uint32_t repeats, uint64_t address)
    : issue(name, kNpuPipeV, address), lanesPerRepeat_(kRepeatBytes / laneBytes) {
    const Registers& registers = issue.core.registers;
    if (registers.counterMode) {
        const auto count = static_cast<uint32_t>(registers.maskLow);
        AddBatch(0, count / lanesPerRepeat_, FirstLanes(lanesPerRepeat_));
        AddBatch(count / lanesPerRepeat_, 1, FirstLanes(count % lanesPerRepeat_));
        return;
    }
    issue.RequireRange("repeat times", repeats, 0, 255, "Ascend C API, high-dimension slicing");
    const leaf::Lanes all = FirstLanes(lanesPerRepeat_);
    AddBatch(0, repeats, {registers.maskLow & all.low, registers.maskHigh & all.high});
}

void VectorIssue::AddBatch(uint32_t first, uint32_t repeats, leaf::Lanes lanes) {
    if (repeats == 0 || (lanes.low | lanes.high) == 0) {
        return;
    }
    const leaf::Lanes all = FirstLanes(lanesPerRepeat_);
    batches_[batchCount_++] = {first, repeats, lanes,
                               lanes.low == all.low && lanes.high == all.high};
}

int VectorIssue::Add(uint32_t base, NpuVectorStride stride, uint32_t elementBytes,
                     const char* name, bool write) {
    issue.RequireAligned(name, kNpuUb, base, kBlockBytes, "Ascend C API, address alignment");
    Operand& operand = operands_[static_cast<size_t>(operandCount_)];
    operand.base = base;
    operand.stride = stride;
    const uint32_t lanesPerBlock = kBlockBytes / elementBytes;
    const uint32_t blocks = lanesPerRepeat_ / lanesPerBlock;
    for (const VectorBatch& batch : *this) {
        Access access{name,
                      base + uint64_t{batch.first} * stride.repeat * kBlockBytes,
                      batch.repeats,
                      blocks,
                      int64_t{stride.repeat} * kBlockBytes,
                      int64_t{stride.block} * kBlockBytes,
                      kBlockBytes,
                      kNpuUb,
                      write,
                      false,
                      nullptr};
        if (!batch.full) {
            operand.bytes.fill(0);
            for (uint32_t lane = 0; lane < lanesPerRepeat_; ++lane) {
                if (Lane(batch.lanes, lane)) {
                    const uint64_t element = (uint64_t{1} << elementBytes) - 1;
                    operand.bytes[lane / lanesPerBlock] |=
                        static_cast<uint32_t>(element << (lane % lanesPerBlock * elementBytes));
                    access.inner = lane / lanesPerBlock + 1;
                }
            }
            access.bytes = operand.bytes.data();
        }
        if (write) {
            issue.Write(access);
        } else {
            issue.Read(access);
        }
    }
    return operandCount_++;
}

leaf::Operand VectorIssue::Host(int operand, const VectorBatch& batch) const {
    const Operand& named = operands_[static_cast<size_t>(operand)];
    const int64_t repeatStride = int64_t{named.stride.repeat} * kBlockBytes;
    return {issue.core.Ub(named.base) + batch.first * repeatStride,
            int64_t{named.stride.block} * kBlockBytes, repeatStride};
}

}  // namespace npu_model
