// SPDX-License-Identifier: Apache-2.0
// vsel in its three modes.
#include <cstring>

#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, Select";

// The selection bits of every repeat: from CMPMASK, or from UB where the bits of the repeats follow
// each other.
class SelectionBits {
 public:
    // `address` is ignored for bits in the register.
    SelectionBits(VectorIssue& vector, bool inRegister, uint32_t address)
        : inRegister_(inRegister),
          bytes_(vector.LanesPerRepeat() / 8),
          host_(reinterpret_cast<const uint8_t*>(vector.issue.core.registers.compareMask.data())) {
        if (inRegister) {
            return;
        }
        vector.issue.RequireAligned("selMask", kNpuUb, address, kBlockBytes, kSource);
        for (const VectorBatch& batch : vector) {
            vector.issue.Read(BitsInUb(address, batch));
        }
        host_ = vector.issue.core.Ub(address);
    }

    void RequireApart(const VectorIssue& vector, int target, uint32_t address) const {
        for (const VectorBatch& batch : vector) {
            if (!inRegister_ && vector.Overlaps(target, BitsInUb(address, batch))) {
                vector.issue.Fail(FaultKind::kOverlap, "selMask", "must not share bytes with dst",
                                  kSource);
            }
        }
    }

    const uint8_t* Of(const VectorBatch& batch) const {
        return inRegister_ ? host_ : host_ + uint64_t{batch.first} * bytes_;
    }
    int64_t Stride() const { return inRegister_ ? 0 : bytes_; }

 private:
    Access BitsInUb(uint32_t address, const VectorBatch& batch) const {
        return Rows(kNpuUb, address + uint64_t{batch.first} * bytes_, batch.repeats, bytes_,
                    (EndLane(batch.lanes) + 7) / 8, "selMask");
    }

    bool inRegister_;
    uint32_t bytes_;  // of one repeat
    const uint8_t* host_;
};

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorSelect(NpuSelectMode mode, NpuType type, uint32_t target, uint32_t source0,
                     uint32_t source1, const NpuBinaryRepeat* repeat) {
    const uint32_t bytes = TypeBytes(type);
    VectorIssue vector("vsel", bytes, repeat->repeats);
    const leaf::Table& leaves = leaf::Active();
    RequireType(vector, leaves.select[type] != nullptr, type, "src0", kSource);
    const auto& maskRegister = vector.issue.core.registers.compareMask;
    const bool hasScalar = mode == kNpuSelectScalar;
    const uint32_t address = hasScalar ? source1 : static_cast<uint32_t>(maskRegister[0]);
    const SelectionBits bits(vector, mode == kNpuSelectByRegister, address);
    const int write = vector.Write(target, repeat->target, bytes, "dst");
    const int read0 = vector.Read(source0, repeat->source0, bytes, "src0");
    const int read1 = hasScalar ? -1 : vector.Read(source1, repeat->source1, bytes, "src1");
    vector.Commit();
    vector.issue.RequireRegister("CMPMASK", vector.issue.core.registers.compareMaskSetter);
    if (vector.issue.checked) {
        bits.RequireApart(vector, write, address);
    }
    const auto scalar = static_cast<uint32_t>(maskRegister[0]);
    for (const VectorBatch& batch : vector) {
        if (hasScalar) {
            leaves.selectScalar[type](vector.Host(write, batch), vector.Host(read0, batch), scalar,
                                      bits.Of(batch), bits.Stride(), batch.repeats, batch.lanes);
        } else {
            leaves.select[type](vector.Host(write, batch), vector.Host(read0, batch),
                                vector.Host(read1, batch), bits.Of(batch), bits.Stride(),
                                batch.repeats, batch.lanes);
        }
    }
}
