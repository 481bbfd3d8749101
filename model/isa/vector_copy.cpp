// SPDX-License-Identifier: Apache-2.0
// vcopy.
#include <algorithm>

#include "isa/overlap.h"
#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, Copy";
constexpr uint32_t kMostRepeatStride = 4095;

// Floats move as integers of their size.
bool IsCopied(NpuType type) {
    return type == kNpuU16 || type == kNpuS16 || type == kNpuU32 || type == kNpuS32;
}

// The first `count` elements of every repeat, where they are more than the lanes of one: the blocks
// run on with the same block stride.
class LongCopy {
 public:
    LongCopy(VectorIssue& vector, NpuType type, uint32_t count, const NpuUnaryRepeat& repeat)
        : vector_(vector), type_(type), count_(count), repeat_(repeat) {}

    void Run(uint32_t target, uint32_t source) {
        AddOperand(target, repeat_.target, "dst", true);
        AddOperand(source, repeat_.source, "src", false);
        vector_.issue.Commit();
        if (vector_.issue.checked) {
            CheckOverlap(target, source);
        }
        const leaf::UnaryFn copy = leaf::Active().unary[leaf::kUnaryCopy][type_];
        const uint32_t lanes = vector_.LanesPerRepeat();
        const uint32_t whole = count_ / lanes;
        for (uint32_t i = 0; i < repeat_.repeats; ++i) {
            copy(Host(target, repeat_.target, i, 0), Host(source, repeat_.source, i, 0), whole,
                 FirstLanes(lanes));
            copy(Host(target, repeat_.target, i, whole), Host(source, repeat_.source, i, whole), 1,
                 FirstLanes(count_ % lanes));
        }
    }

 private:
    // Whole blocks, and what is left in the last one.
    std::array<Access, 2> Accesses(uint32_t base, NpuVectorStride stride, const char* name) const {
        const uint32_t bytes = count_ * TypeBytes(type_);
        const int64_t step = int64_t{stride.repeat} * kBlockBytes;
        Access blocks = Rows(kNpuUb, base, repeat_.repeats, step, kBlockBytes, name);
        blocks.inner = bytes / kBlockBytes;
        blocks.innerStride = int64_t{stride.block} * kBlockBytes;
        const uint64_t tail = base + blocks.inner * static_cast<uint64_t>(blocks.innerStride);
        return {blocks, Rows(kNpuUb, tail, repeat_.repeats, step, bytes % kBlockBytes, name)};
    }

    void AddOperand(uint32_t base, NpuVectorStride stride, const char* name, bool write) {
        Issue& issue = vector_.issue;
        issue.RequireAligned(name, kNpuUb, base, kBlockBytes, kSource);
        for (const Access& access : Accesses(base, stride, name)) {
            if (write) {
                issue.RequireRange("dst block stride", stride.block, 1, 65535, kSource);
                issue.Write(access);
            } else {
                issue.Read(access);
            }
        }
    }

    void CheckOverlap(uint32_t target, uint32_t source) const {
        for (const Access& to : Accesses(target, repeat_.target, "dst")) {
            for (const Access& from : Accesses(source, repeat_.source, "src")) {
                if (Overlap(to, from)) {
                    vector_.issue.Fail(FaultKind::kOverlap, "src",
                                       "must not share bytes with dst in counter mode", kSource);
                }
            }
        }
    }

    leaf::Operand Host(uint32_t base, NpuVectorStride stride, uint32_t repeat,
                       uint32_t chunk) const {
        const int64_t blockStride = int64_t{stride.block} * kBlockBytes;
        const int64_t chunkStride = kBlocksPerRepeat * blockStride;
        return {vector_.issue.core.Ub(base) + repeat * int64_t{stride.repeat} * kBlockBytes +
                    chunk * chunkStride,
                blockStride, chunkStride};
    }

    VectorIssue& vector_;
    NpuType type_;
    uint32_t count_;
    const NpuUnaryRepeat& repeat_;
};

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorCopy(NpuType type, uint32_t target, uint32_t source, const NpuUnaryRepeat* repeat) {
    const uint32_t bytes = TypeBytes(type);
    VectorIssue vector("vcopy", bytes, repeat->repeats, Masking::kPerRepeat);
    const leaf::UnaryFn function = leaf::Active().unary[leaf::kUnaryCopy][type];
    RequireType(vector, IsCopied(type), type, "src", kSource);
    vector.issue.RequireRange("dst repeat stride", repeat->target.repeat, 0, kMostRepeatStride,
                              kSource);
    vector.issue.RequireRange("src repeat stride", repeat->source.repeat, 0, kMostRepeatStride,
                              kSource);
    const Registers& registers = vector.issue.core.registers;
    const auto count = static_cast<uint32_t>(registers.maskLow);
    if (registers.counterMode && count > vector.LanesPerRepeat()) {
        LongCopy(vector, type, count, *repeat).Run(target, source);
        return;
    }
    const int write = vector.Write(target, repeat->target, bytes, "dst");
    const int read = vector.Read(source, repeat->source, bytes, "src");
    vector.Commit();
    for (const VectorBatch& batch : vector) {
        function(vector.Host(write, batch), vector.Host(read, batch), batch.repeats, batch.lanes);
    }
}
