// SPDX-License-Identifier: Apache-2.0
// copy_gm_to_ubuf, copy_ubuf_to_gm, their aligned forms, and copy_ubuf_to_ubuf.
#include "isa/move.h"

#include <cstring>
#include <optional>

#include "isa/bursts.h"
#include "isa/overlap.h"

namespace npu_model {
namespace {

constexpr uint32_t kBlock = 32;  // bytes
constexpr const char* kCopySource = "Ascend C API, DataCopy";
constexpr const char* kPadSource = "Ascend C API, DataCopyPad";

// The two ends of a move of whole blocks.
Access SourceBursts(NpuMemory memory, uint64_t base, const NpuBurst& burst) {
    return Bursts(memory, base, burst.count, burst.length * kBlock,
                  uint64_t{burst.sourceGap} * kBlock, "source");
}
Access TargetBursts(NpuMemory memory, uint64_t base, const NpuBurst& burst) {
    return Bursts(memory, base, burst.count, burst.length * kBlock,
                  uint64_t{burst.targetGap} * kBlock, "target");
}

bool SameBytes(const Access& a, const Access& b) {
    return a.base == b.base && (a.outer == 1 || a.outerStride == b.outerStride);
}

// Checks shared by the forms whose bursts are whole blocks.
void CheckBursts(const Issue& issue, const NpuBurst& burst) {
    issue.RequireRange("burst count", burst.count, 0, 4095, kCopySource);
    issue.RequireRange("burst length", burst.length, 0, 65535, kCopySource);
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuCopyGmToUb(uint32_t target, uint64_t source, const NpuBurst* burst) {
    Issue issue("copy_gm_to_ubuf", kNpuPipeMte2);
    CheckBursts(issue, *burst);
    issue.RequireAligned("target", kNpuUb, target, kBlock, kCopySource);
    const Access from = SourceBursts(kNpuGm, source, *burst);
    const Access to = TargetBursts(kNpuUb, target, *burst);
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (!to.Empty()) {
        CopyRows(issue.Host(write), to.outerStride, issue.Host(read), from.outerStride,
                 burst->count, to.run);
    }
}

void NpuCopyUbToGm(uint64_t target, uint32_t source, const NpuBurst* burst, NpuType type) {
    Issue issue("copy_ubuf_to_gm", kNpuPipeMte3);
    CheckBursts(issue, *burst);
    issue.RequireAligned("source", kNpuUb, source, kBlock, kCopySource);
    const Access from = SourceBursts(kNpuUb, source, *burst);
    const Access to = TargetBursts(kNpuGm, target, *burst);
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (!to.Empty()) {
        StoreRows(issue, to, issue.Host(write), issue.Host(read), from.outerStride, type);
    }
}

void NpuCopyUbToUb(uint32_t target, uint32_t source, const NpuBurst* burst) {
    Issue issue("copy_ubuf_to_ubuf", kNpuPipeV);
    CheckBursts(issue, *burst);
    issue.RequireAligned("target", kNpuUb, target, kBlock, kCopySource);
    issue.RequireAligned("source", kNpuUb, source, kBlock, kCopySource);
    const Access from = SourceBursts(kNpuUb, source, *burst);
    const Access to = TargetBursts(kNpuUb, target, *burst);
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (issue.checked && !SameBytes(to, from) && Overlap(to, from)) {
        issue.Fail(FaultKind::kOverlap, "target", "must be the source itself or apart from it",
                   "Ascend C API, general rules on overlapping addresses");
    }
    if (!to.Empty()) {
        CopyRows(issue.Host(write), to.outerStride, issue.Host(read), from.outerStride,
                 burst->count, to.run);
    }
}

namespace {

void CheckAlignedBursts(const Issue& issue, const NpuAlignedBurst& burst) {
    issue.RequireRange("burst count", burst.count, 0, 4095, kPadSource);
    issue.RequireRange("burst length in bytes", burst.lengthBytes, 0, 2097151, kPadSource);
    if (burst.lengthBytes % burst.elementBytes != 0) {
        issue.Fail(FaultKind::kParameter, "burst length in bytes",
                   "(" + std::to_string(burst.lengthBytes) +
                       ") must be a multiple of the element (" +
                       std::to_string(burst.elementBytes) + " bytes)",
                   kPadSource);
    }
    issue.RequireRange("left padding in bytes", uint64_t{burst.leftPadding} * burst.elementBytes, 0,
                       kBlock, kPadSource);
    issue.RequireRange("right padding in bytes", uint64_t{burst.rightPadding} * burst.elementBytes,
                       0, kBlock, kPadSource);
}

// One burst in UB: left padding, data, right padding, and up to a full block filler.
struct PaddedRow {
    uint32_t left, length, bytes;
    uint32_t definedBegin, definedEnd;
    uint32_t elementBytes;
    std::optional<uint64_t> value;  // of the padding; none where the filler repeats an element

    PaddedRow(const NpuAlignedBurst& burst, const std::optional<uint64_t>& padValue)
        : left(burst.leftPadding * burst.elementBytes),
          length(burst.lengthBytes),
          bytes((left + length + burst.rightPadding * burst.elementBytes + kBlock - 1) / kBlock *
                kBlock),
          elementBytes(burst.elementBytes) {
        const bool padded = burst.leftPadding != 0 || burst.rightPadding != 0;
        const bool defined = !padded || padValue.has_value();
        definedBegin = defined ? 0 : left;
        definedEnd = defined ? bytes : left + length;
        if (padded) {
            value = padValue.value_or(~uint64_t{0});
        }
    }

    void Fill(uint8_t* target, const uint8_t* source) const {
        uint64_t filler = 0;
        std::memcpy(&filler, source, elementBytes);
        filler = value.value_or(filler);
        std::memmove(target + left, source, length);
        FillBytes(target, left, filler);
        FillBytes(target + left + length, bytes - left - length, filler);
    }

 private:
    void FillBytes(uint8_t* target, uint32_t count, uint64_t element) const {
        for (uint32_t at = 0; at < count; ++at) {
            target[at] = static_cast<uint8_t>(element >> (at % elementBytes * 8));
        }
    }
};

}  // namespace

void NpuCopyGmToUbAligned(uint32_t target, uint64_t source, const NpuAlignedBurst* burst) {
    Issue issue("copy_gm_to_ubuf_align", kNpuPipeMte2);
    CheckAlignedBursts(issue, *burst);
    issue.RequireAligned("target", kNpuUb, target, kBlock, kPadSource);
    const PaddedRow row(*burst, issue.core.registers.padValue);
    const uint32_t rows = burst->lengthBytes == 0 ? 0 : burst->count;
    const auto stride = static_cast<int64_t>(row.bytes + uint64_t{burst->targetGap} * kBlock);

    const int read =
        issue.Read(Bursts(kNpuGm, source, rows, burst->lengthBytes, burst->sourceGap, "source"));
    // First the whole rows as undefined, then what gets a value.
    Access whole = Rows(kNpuUb, target, rows, stride, row.bytes, "target");
    whole.undefines = true;
    const int write = issue.Write(whole);
    issue.Write(Rows(kNpuUb, target + row.definedBegin, rows, stride,
                     row.definedEnd - row.definedBegin, "target"));
    issue.Commit();
    for (uint32_t i = 0; i < rows; ++i) {
        row.Fill(issue.Host(write) + i * stride,
                 issue.Host(read) + i * (uint64_t{burst->lengthBytes} + burst->sourceGap));
    }
}

void NpuCopyUbToGmAligned(uint64_t target, uint32_t source, const NpuAlignedBurst* burst,
                          NpuType type) {
    Issue issue("copy_ubuf_to_gm_align", kNpuPipeMte3);
    CheckAlignedBursts(issue, *burst);
    issue.RequireAligned("source", kNpuUb, source, kBlock, kPadSource);
    const uint32_t row = (burst->lengthBytes + kBlock - 1) / kBlock * kBlock;
    const auto stride = static_cast<int64_t>(row + uint64_t{burst->sourceGap} * kBlock);
    const Access to =
        Bursts(kNpuGm, target, burst->count, burst->lengthBytes, burst->targetGap, "target");
    const int read =
        issue.Read(Rows(kNpuUb, source, burst->count, stride, burst->lengthBytes, "source"));
    const int write = issue.Write(to);
    issue.Commit();
    if (!to.Empty()) {
        StoreRows(issue, to, issue.Host(write), issue.Host(read), stride, type);
    }
}
