// SPDX-License-Identifier: Apache-2.0
// copy_gm_to_ubuf, copy_ubuf_to_gm, their aligned forms, and copy_ubuf_to_ubuf.
#include "isa/move.h"

#include <cstring>

#include "core/issue.h"
#include "core/names.h"
#include "isa/atomic_store.h"

namespace npu_model {
namespace {

constexpr uint32_t kBlock = 32;  // bytes
constexpr const char* kCopySource = "Ascend C API, DataCopy";
constexpr const char* kPadSource = "Ascend C API, DataCopyPad";

Access Bursts(NpuMemory memory, uint64_t base, uint32_t count, uint32_t bytes, uint64_t gapBytes,
              const char* operand) {
    return Rows(memory, base, count, static_cast<int64_t>(bytes + gapBytes), bytes, operand);
}

void CopyRows(uint8_t* target, int64_t targetStride, const uint8_t* source, int64_t sourceStride,
              uint32_t rows, uint32_t bytes) {
    if (targetStride == bytes && sourceStride == bytes) {
        std::memmove(target, source, size_t{rows} * bytes);
        return;
    }
    for (uint32_t row = 0; row < rows; ++row) {
        std::memmove(target + row * targetStride, source + row * sourceStride, bytes);
    }
}

// Checks shared by the forms whose bursts are whole blocks.
void CheckBursts(const Issue& issue, const NpuBurst& burst) {
    issue.RequireRange("burst count", burst.count, 0, 4095, kCopySource);
    issue.RequireRange("burst length", burst.length, 1, 65535, kCopySource);
}

void Store(Issue& issue, const Access& target, uint8_t* to, const uint8_t* from,
           int64_t fromStride, NpuType type) {
    const Registers& registers = issue.core.registers;
    if (registers.atomic == kNpuAtomicNone) {
        CopyRows(to, target.outerStride, from, fromStride, target.outer, target.run);
        return;
    }
    if (type != registers.atomicType) {
        issue.Fail(FaultKind::kType, "target",
                   std::string("of type ") + TypeName(type) + " must have the type (" +
                       TypeName(registers.atomicType) + ") that the atomic mode was set for",
                   "Ascend C API, SetAtomicAdd");
    }
    for (uint32_t row = 0; row < target.outer; ++row) {
        AtomicStore(registers.atomic, type, to + row * target.outerStride,
                    from + row * fromStride, target.run);
    }
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuCopyGmToUb(uint32_t target, uint64_t source, const NpuBurst* burst) {
    Issue issue("copy_gm_to_ubuf", kNpuPipeMte2);
    CheckBursts(issue, *burst);
    const uint32_t bytes = burst->length * kBlock;
    issue.RequireAligned("target", kNpuUb, target, kBlock, kCopySource);
    const Access from = Bursts(kNpuGm, source, burst->count, bytes,
                               uint64_t{burst->sourceGap} * kBlock, "source");
    const Access to = Bursts(kNpuUb, target, burst->count, bytes,
                             uint64_t{burst->targetGap} * kBlock, "target");
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (burst->count != 0) {
        CopyRows(issue.Host(write), to.outerStride, issue.Host(read), from.outerStride,
                 burst->count, bytes);
    }
}

void NpuCopyUbToGm(uint64_t target, uint32_t source, const NpuBurst* burst, NpuType type) {
    Issue issue("copy_ubuf_to_gm", kNpuPipeMte3);
    CheckBursts(issue, *burst);
    const uint32_t bytes = burst->length * kBlock;
    issue.RequireAligned("source", kNpuUb, source, kBlock, kCopySource);
    const Access from = Bursts(kNpuUb, source, burst->count, bytes,
                               uint64_t{burst->sourceGap} * kBlock, "source");
    const Access to = Bursts(kNpuGm, target, burst->count, bytes,
                             uint64_t{burst->targetGap} * kBlock, "target");
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (burst->count != 0) {
        Store(issue, to, issue.Host(write), issue.Host(read), from.outerStride, type);
    }
}

void NpuCopyUbToUb(uint32_t target, uint32_t source, const NpuBurst* burst) {
    Issue issue("copy_ubuf_to_ubuf", kNpuPipeV);
    CheckBursts(issue, *burst);
    const uint32_t bytes = burst->length * kBlock;
    issue.RequireAligned("target", kNpuUb, target, kBlock, kCopySource);
    issue.RequireAligned("source", kNpuUb, source, kBlock, kCopySource);
    const Access from = Bursts(kNpuUb, source, burst->count, bytes,
                               uint64_t{burst->sourceGap} * kBlock, "source");
    const Access to = Bursts(kNpuUb, target, burst->count, bytes,
                             uint64_t{burst->targetGap} * kBlock, "target");
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (burst->count != 0) {
        CopyRows(issue.Host(write), to.outerStride, issue.Host(read), from.outerStride,
                 burst->count, bytes);
    }
}

namespace {

void CheckAlignedBursts(const Issue& issue, const NpuAlignedBurst& burst) {
    issue.RequireRange("burst count", burst.count, 0, 4095, kPadSource);
    issue.RequireRange("burst length in bytes", burst.lengthBytes, 1, 2097151, kPadSource);
    if (burst.lengthBytes % burst.elementBytes != 0) {
        issue.Fail(FaultKind::kParameter, "burst length in bytes",
                   "(" + std::to_string(burst.lengthBytes) + ") must be a multiple of the element (" +
                       std::to_string(burst.elementBytes) + " bytes)",
                   kPadSource);
    }
    issue.RequireRange("left padding in bytes", uint64_t{burst.leftPadding} * burst.elementBytes, 0,
                       kBlock, kPadSource);
    issue.RequireRange("right padding in bytes", uint64_t{burst.rightPadding} * burst.elementBytes,
                       0, kBlock, kPadSource);
}

void FillPadding(uint8_t* target, uint32_t bytes, uint64_t value, uint32_t elementBytes) {
    for (uint32_t at = 0; at < bytes; ++at) {
        target[at] = static_cast<uint8_t>(value >> (at % elementBytes * 8));
    }
}

}  // namespace

// Every burst fills whole blocks in UB: left padding, data, right padding, and up to a full block
// whatever the hardware leaves there.
void NpuCopyGmToUbAligned(uint32_t target, uint64_t source, const NpuAlignedBurst* burst) {
    Issue issue("copy_gm_to_ubuf_align", kNpuPipeMte2);
    CheckAlignedBursts(issue, *burst);
    issue.RequireAligned("target", kNpuUb, target, kBlock, kPadSource);
    const uint32_t left = burst->leftPadding * burst->elementBytes;
    const uint32_t right = burst->rightPadding * burst->elementBytes;
    const uint32_t used = left + burst->lengthBytes + right;
    const uint32_t row = (used + kBlock - 1) / kBlock * kBlock;
    const auto stride = static_cast<int64_t>(row + uint64_t{burst->targetGap} * kBlock);

    const int read = issue.Read(Bursts(kNpuGm, source, burst->count, burst->lengthBytes,
                                       burst->sourceGap, "source"));
    // First the whole rows as undefined, then what gets a value.
    Access whole = Rows(kNpuUb, target, burst->count, stride, row, "target");
    whole.undefines = true;
    const int rows = issue.Write(whole);
    const uint32_t definedLeft = burst->definedPadding ? 0 : left;
    const uint32_t definedEnd = burst->definedPadding ? row : left + burst->lengthBytes;
    issue.Write(Rows(kNpuUb, target + definedLeft, burst->count, stride, definedEnd - definedLeft,
                     "target"));
    issue.Commit();
    for (uint32_t i = 0; i < burst->count; ++i) {
        uint8_t* to = issue.Host(rows) + i * stride;
        const uint8_t* from =
            issue.Host(read) + i * (uint64_t{burst->lengthBytes} + burst->sourceGap);
        std::memmove(to + left, from, burst->lengthBytes);
        if (burst->definedPadding) {
            const uint64_t pad = issue.core.registers.padValue;
            FillPadding(to, left, pad, burst->elementBytes);
            FillPadding(to + left + burst->lengthBytes, row - left - burst->lengthBytes, pad,
                        burst->elementBytes);
        }
    }
}

void NpuCopyUbToGmAligned(uint64_t target, uint32_t source, const NpuAlignedBurst* burst,
                          NpuType type) {
    Issue issue("copy_ubuf_to_gm_align", kNpuPipeMte3);
    CheckAlignedBursts(issue, *burst);
    issue.RequireAligned("source", kNpuUb, source, kBlock, kPadSource);
    const uint32_t row = (burst->lengthBytes + kBlock - 1) / kBlock * kBlock;
    const auto stride = static_cast<int64_t>(row + uint64_t{burst->sourceGap} * kBlock);
    const Access to = Bursts(kNpuGm, target, burst->count, burst->lengthBytes, burst->targetGap,
                             "target");
    const int read =
        issue.Read(Rows(kNpuUb, source, burst->count, stride, burst->lengthBytes, "source"));
    const int write = issue.Write(to);
    issue.Commit();
    if (burst->count != 0) {
        Store(issue, to, issue.Host(write), issue.Host(read), stride, type);
    }
}
