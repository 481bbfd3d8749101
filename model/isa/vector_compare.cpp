// SPDX-License-Identifier: Apache-2.0
// vcmpv, vcmpvs and vcmp, and the CMPMASK register.
#include <cstring>

#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, Compare and CompareScalar";
constexpr uint32_t kMaskRegisterBytes = 16;

constexpr leaf::Relation kRelations[] = {leaf::kRelationLess,         leaf::kRelationGreater,
                                         leaf::kRelationEqual,        leaf::kRelationLessEqual,
                                         leaf::kRelationGreaterEqual, leaf::kRelationNotEqual};
constexpr const char* kToUbNames[] = {"vcmpv_lt", "vcmpv_gt", "vcmpv_eq",
                                      "vcmpv_le", "vcmpv_ge", "vcmpv_ne"};
constexpr const char* kScalarNames[] = {"vcmpvs_lt", "vcmpvs_gt", "vcmpvs_eq",
                                        "vcmpvs_le", "vcmpvs_ge", "vcmpvs_ne"};
constexpr const char* kToMaskNames[] = {"vcmp_lt", "vcmp_gt", "vcmp_eq",
                                        "vcmp_le", "vcmp_ge", "vcmp_ne"};
static_assert(sizeof(kRelations) / sizeof(kRelations[0]) == kNpuRelationCount);

// The bits of all repeats, one behind the other.
class BitTarget {
 public:
    BitTarget(VectorIssue& vector, uint32_t target, uint32_t repeats)
        : vector_(vector), target_(target), bytes_(vector.LanesPerRepeat() / 8) {
        vector.issue.RequireAligned("dst", kNpuUb, target, kBlockBytes, kSource);
        access_ = Contiguous(kNpuUb, target, repeats * bytes_, "dst");
        vector.issue.Write(access_);
    }
    void RequireApart(int source, const char* name) const {
        if (vector_.issue.checked && vector_.Overlaps(source, access_)) {
            vector_.issue.Fail(FaultKind::kOverlap, name, "must not share bytes with dst", kSource);
        }
    }
    uint8_t* Host() const { return vector_.issue.core.Ub(target_); }
    int64_t Stride() const { return bytes_; }

 private:
    VectorIssue& vector_;
    uint32_t target_;
    uint32_t bytes_;  // of one repeat
    Access access_;
};

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorCompare(NpuRelation relation, NpuType type, uint32_t target, uint32_t source0,
                      uint32_t source1, const NpuBinaryRepeat* repeat) {
    const uint32_t bytes = TypeBytes(type);
    VectorIssue vector(kToUbNames[relation], bytes, repeat->repeats, Masking::kNone);
    const leaf::CompareFn function = leaf::Active().compare[kRelations[relation]][type];
    RequireType(vector, function != nullptr, type, "src0", kSource);
    BitTarget bits(vector, target, repeat->repeats);
    const int read0 = vector.Read(source0, repeat->source0, bytes, "src0");
    const int read1 = vector.Read(source1, repeat->source1, bytes, "src1");
    vector.Commit();
    bits.RequireApart(read0, "src0");
    bits.RequireApart(read1, "src1");
    for (const VectorBatch& batch : vector) {
        function(bits.Host(), bits.Stride(), vector.Host(read0, batch), vector.Host(read1, batch),
                 batch.repeats);
    }
}

void NpuVectorCompareScalar(NpuRelation relation, NpuType type, uint32_t target, uint32_t source,
                            uint32_t scalar, const NpuUnaryRepeat* repeat) {
    const uint32_t bytes = TypeBytes(type);
    VectorIssue vector(kScalarNames[relation], bytes, repeat->repeats, Masking::kNone);
    const leaf::CompareScalarFn function = leaf::Active().compareScalar[kRelations[relation]][type];
    RequireType(vector, function != nullptr, type, "src0", kSource);
    BitTarget bits(vector, target, repeat->repeats);
    const int read = vector.Read(source, repeat->source, bytes, "src0");
    vector.Commit();
    bits.RequireApart(read, "src0");
    for (const VectorBatch& batch : vector) {
        function(bits.Host(), bits.Stride(), vector.Host(read, batch), scalar, batch.repeats);
    }
}

void NpuVectorCompareToMask(NpuRelation relation, NpuType type, uint32_t source0, uint32_t source1,
                            const NpuBinaryRepeat* repeat) {
    const uint32_t bytes = TypeBytes(type);
    VectorIssue vector(kToMaskNames[relation], bytes, 1, Masking::kPerRepeat);
    const leaf::CompareFn function = leaf::Active().compare[kRelations[relation]][type];
    RequireType(vector, function != nullptr && type != kNpuS32, type, "src0", kSource);
    const int read0 = vector.Read(source0, repeat->source0, bytes, "src0");
    const int read1 = vector.Read(source1, repeat->source1, bytes, "src1");
    vector.Commit();
    Registers& registers = vector.issue.core.registers;
    // GetCmpMask follows a comparison without a barrier: Ascend C API, GetCmpMask, example.
    registers.compareMaskSetter = 0;
    auto& mask = registers.compareMask;
    for (const VectorBatch& batch : vector) {
        std::array<uint64_t, 2> bits{};
        function(reinterpret_cast<uint8_t*>(bits.data()), 0, vector.Host(read0, batch),
                 vector.Host(read1, batch), 1);
        mask[0] = (mask[0] & ~batch.lanes.low) | (bits[0] & batch.lanes.low);
        mask[1] = (mask[1] & ~batch.lanes.high) | (bits[1] & batch.lanes.high);
    }
}

void NpuSetCompareMask(uint32_t source) {
    Issue issue("set_cmpmask", kNpuPipeV);
    issue.RequireAligned("src", kNpuUb, source, kMaskRegisterBytes, "Ascend C API, SetCmpMask");
    const int read = issue.Read(Contiguous(kNpuUb, source, kMaskRegisterBytes, "src"));
    issue.Commit();
    Registers& registers = issue.core.registers;
    std::memcpy(registers.compareMask.data(), issue.Host(read), kMaskRegisterBytes);
    registers.compareMaskSetter = issue.Number();
}

void NpuGetCompareMask(uint32_t target) {
    Issue issue("get_cmpmask", kNpuPipeV);
    issue.RequireAligned("dst", kNpuUb, target, kMaskRegisterBytes, "Ascend C API, GetCmpMask");
    const int write = issue.Write(Contiguous(kNpuUb, target, kMaskRegisterBytes, "dst"));
    issue.Commit();
    issue.RequireRegister("CMPMASK", issue.core.registers.compareMaskSetter);
    std::memcpy(issue.Host(write), issue.core.registers.compareMask.data(), kMaskRegisterBytes);
}
