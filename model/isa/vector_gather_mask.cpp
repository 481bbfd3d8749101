// SPDX-License-Identifier: Apache-2.0
// vreducev2 (GatherMask) and the register with its count.
#include <vector>

#include "core/names.h"
#include "isa/lane_bytes.h"
#include "isa/overlap.h"
#include "isa/vector_issue.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, GatherMask";
constexpr uint32_t kMostPattern = 7;
constexpr uint32_t kUserPattern = 0;

// One compression: what it reads, how much it keeps.
class Compression {
 public:
    Compression(Issue& issue, NpuType type, uint32_t pattern, const NpuCompressRepeat& repeat)
        : issue_(issue), size_(TypeBytes(type)), pattern_(pattern), repeat_(repeat) {
        if (size_ != 2 && size_ != 4) {
            issue.Fail(FaultKind::kType, "src0",
                       std::string("of type ") + TypeName(type) + " must have 2 or 4 bytes",
                       kSource);
        }
        issue.RequireRange("pattern", pattern, 0, kMostPattern, kSource);
        issue.RequireRange("repeat times", repeat.repeats, 0, 255, kSource);
        const Registers& registers = issue.core.registers;
        elements_ =
            registers.counterMode ? static_cast<uint32_t>(registers.maskLow) : kRepeatBytes / size_;
    }

    bool Empty() const { return repeat_.repeats == 0 || elements_ == 0; }

    void ReadSource(uint32_t source) {
        const uint32_t bytes = elements_ * size_;
        const uint32_t blocks = (bytes + kBlockBytes - 1) / kBlockBytes;
        source_ = Rows(kNpuUb, source, repeat_.repeats,
                       int64_t{repeat_.source.repeat} * kBlockBytes, kBlockBytes, "src0");
        source_.inner = blocks;
        source_.innerStride = int64_t{repeat_.source.block} * kBlockBytes;
        if (issue_.checked && bytes % kBlockBytes != 0) {
            blockMasks_.assign(blocks, ~uint32_t{0});
            blockMasks_.back() = (1u << bytes % kBlockBytes) - 1;
            source_.bytes = blockMasks_.data();
        }
        read_ = issue_.Read(source_);
    }

    // The pattern of each repeat: one bit an element.
    void ReadPattern(uint32_t mask) {
        if (pattern_ != kUserPattern) {
            return;
        }
        issue_.RequireAligned("src1", kNpuUb, mask, kBlockBytes, kSource);
        const Access bits =
            Rows(kNpuUb, mask, repeat_.repeats, MaskStride(), (elements_ + 7) / 8, "src1");
        mask_ = issue_.Peek(issue_.Read(bits));
    }

    // Elements kept by the first `repeats` repeats.
    uint64_t Kept(uint32_t repeats) const {
        if (pattern_ != kUserPattern) {
            constexpr uint32_t kFirst[] = {0, 0, 1, 0, 1, 2, 3, 0};
            constexpr uint32_t kStep[] = {1, 2, 2, 4, 4, 4, 4, 1};
            const uint32_t step = kStep[pattern_];
            return uint64_t{repeats} * ((elements_ + step - 1 - kFirst[pattern_]) / step);
        }
        uint64_t kept = 0;
        for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
            for (uint32_t element = 0; element < elements_; ++element) {
                kept += mask_[repeat * MaskStride() + element / 8] >> element % 8 & 1;
            }
        }
        return kept;
    }

    // What the repeats wrote must not be read by a later one.
    void RequireNoFeedback(uint32_t target) const {
        for (uint32_t repeat = 1; repeat < repeat_.repeats; ++repeat) {
            Access later = source_;
            later.base += static_cast<uint64_t>(repeat * source_.outerStride);
            later.outer = 1;
            const auto bytes = static_cast<uint32_t>(Kept(repeat)) * size_;
            if (Overlap(later, Contiguous(kNpuUb, target, bytes, "dst"))) {
                issue_.Fail(FaultKind::kOverlap, "dst",
                            "of a repeat must not be read by a later repeat as src0",
                            "Ascend C API, general rules on overlapping addresses");
            }
        }
    }

    uint64_t Run(uint8_t* target) const {
        const leaf::Table& table = leaf::Active();
        const leaf::CompressFn compress = size_ == 2 ? table.compress2 : table.compress4;
        const leaf::Operand source{issue_.Host(read_), source_.innerStride, source_.outerStride};
        return static_cast<uint64_t>(compress(target, source, pattern_, mask_, MaskStride(),
                                              repeat_.repeats, int64_t{elements_}));
    }

 private:
    int64_t MaskStride() const { return int64_t{repeat_.maskRepeat} * kBlockBytes; }

    Issue& issue_;
    uint32_t size_;
    uint32_t pattern_;
    NpuCompressRepeat repeat_;
    uint32_t elements_ = 0;  // of each repeat
    Access source_{};
    int read_ = -1;
    const uint8_t* mask_ = nullptr;
    std::vector<uint32_t> blockMasks_;  // of the source, one bit a byte
};

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorCompress(NpuType type, uint32_t target, uint32_t source, uint32_t mask,
                       uint32_t pattern, const NpuCompressRepeat* repeat) {
    Issue issue("vreducev2", kNpuPipeV);
    Compression compression(issue, type, pattern, *repeat);
    issue.RequireAligned("dst", kNpuUb, target, kBlockBytes, kSource);
    issue.RequireAligned("src0", kNpuUb, source, kBlockBytes, kSource);
    if (compression.Empty()) {
        issue.Commit();
        issue.core.registers.compressedCount = 0;
        return;
    }
    compression.ReadPattern(mask);
    compression.ReadSource(source);
    const uint64_t kept = compression.Kept(repeat->repeats);
    const auto bytes = static_cast<uint32_t>(kept * TypeBytes(type));
    issue.Write(Contiguous(kNpuUb, target, bytes, "dst"));
    issue.Commit();
    if (issue.checked) {
        compression.RequireNoFeedback(target);
    }
    issue.core.registers.compressedCount = compression.Run(issue.core.Ub(target));
}

uint64_t NpuCompressedCount() {
    Issue issue("get_rsvd_cnt", kNpuPipeS);
    issue.Commit();
    if (!issue.core.registers.compressedCount) {
        issue.Fail(FaultKind::kUninitialized, "RSVD_CNT", "must be written by vreducev2 before",
                   "Ascend C API, GetGatherMaskRemainCount");
    }
    return *issue.core.registers.compressedCount;
}
