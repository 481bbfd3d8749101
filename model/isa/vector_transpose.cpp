// SPDX-License-Identifier: Apache-2.0
// vtranspose, scatter_vnchwconv and its address registers.
#include <cstring>

#include "core/names.h"
#include "isa/overlap.h"
#include "isa/vector_issue.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kTransposeSource = "Ascend C API, Transpose";
constexpr const char* kRearrangeSource = "Ascend C API, TransDataTo5HD";
constexpr uint32_t kMatrixBytes = 512;
constexpr uint32_t kRows = 16;
constexpr uint32_t kRegisterAddresses = 8;
constexpr uint32_t kHalfBlock = 16;
constexpr uint32_t kTargetRegister = 0;
constexpr uint32_t kSourceRegister = 2;

uint32_t AddressOfRow(const Registers& registers, uint32_t firstRegister, uint32_t row) {
    return registers.addresses[firstRegister + row / kRegisterAddresses][row % kRegisterAddresses];
}

// The bytes of one row over all repeats. Elements of one byte use one half of each block.
Access RowAccess(uint32_t address, uint32_t repeats, uint32_t stride, uint32_t elementBytes,
                 bool high, const char* operand) {
    const bool half = elementBytes == 1;
    return Rows(kNpuUb, address + (half && high ? kHalfBlock : 0), repeats,
                int64_t{stride} * kBlockBytes, half ? kHalfBlock : kBlockBytes, operand);
}

// One side of the instruction: 16 addresses.
struct Side {
    uint32_t firstRegister;
    uint32_t stride;  // blocks
    bool high;
    const char* operand;
    std::array<Access, kRows> rows;

    void Resolve(const Issue& issue, uint32_t elementBytes, uint32_t repeats) {
        for (uint32_t row = 0; row < kRows; ++row) {
            // A single repeat takes place one stride behind the addresses.
            const uint32_t start = AddressOfRow(issue.core.registers, firstRegister, row) +
                                   (repeats == 1 ? stride * kBlockBytes : 0);
            issue.RequireAligned(operand, kNpuUb, start, kBlockBytes, kRearrangeSource);
            rows[row] = RowAccess(start, repeats, stride, elementBytes, high, operand);
        }
    }
    uint8_t* Host(Core& core, uint32_t row) const {
        return core.Ub(static_cast<uint32_t>(rows[row].base / kBlockBytes * kBlockBytes));
    }
};

// A repeat must not read what an earlier one wrote.
void RequireNoFeedback(const Issue& issue, const Side& target, const Side& source) {
    for (const Access& to : target.rows) {
        for (const Access& from : source.rows) {
            RepeatOverlap overlap;
            if (overlap.Add(to, from)) {
                issue.Fail(FaultKind::kOverlap, target.operand,
                           "of a repeat must not be read by a later repeat as src",
                           "Ascend C API, general rules on overlapping addresses");
            }
        }
    }
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorTranspose(uint32_t target, uint32_t source) {
    Issue issue("vtranspose", kNpuPipeV);
    issue.RequireAligned("dst", kNpuUb, target, kBlockBytes, kTransposeSource);
    issue.RequireAligned("src", kNpuUb, source, kBlockBytes, kTransposeSource);
    const Access to = Contiguous(kNpuUb, target, kMatrixBytes, "dst");
    const Access from = Contiguous(kNpuUb, source, kMatrixBytes, "src");
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (issue.checked && target != source && Overlap(to, from)) {
        issue.Fail(FaultKind::kOverlap, "dst", "must be src itself or share no byte with it",
                   kTransposeSource);
    }
    leaf::Active().transpose2(issue.Host(write), issue.Host(read));
}

void NpuSetAddressRegister(uint32_t number, const uint64_t* addresses) {
    auto& addressRegister = CurrentCore().registers.addresses[number];
    for (uint32_t i = 0; i < kRegisterAddresses; ++i) {
        addressRegister[i] = static_cast<uint32_t>(addresses[i]);
    }
}

void NpuLoadAddressRegister(uint32_t number, uint32_t source, bool highHalf) {
    Issue issue("vld_va_reg", kNpuPipeV);
    issue.RequireAligned("src", kNpuUb, source, kBlockBytes, kRearrangeSource);
    const int read =
        issue.Read(Contiguous(kNpuUb, source + (highHalf ? kHalfBlock : 0), kHalfBlock, "src"));
    issue.Commit();
    constexpr uint32_t kBlockNumberBits = 13;
    for (uint32_t i = 0; i < kRegisterAddresses; ++i) {
        uint16_t block;
        std::memcpy(&block, issue.Host(read) + i * sizeof(block), sizeof(block));
        issue.core.registers.addresses[number][i] =
            (block & ((1u << kBlockNumberBits) - 1)) * kBlockBytes;
    }
}

void NpuVectorRearrange(uint32_t elementBytes, const NpuRearrangeRepeat* repeat) {
    Issue issue(elementBytes == 1   ? "scatter_vnchwconv_b8"
                : elementBytes == 2 ? "scatter_vnchwconv_b16"
                                    : "scatter_vnchwconv_b32",
                kNpuPipeV);
    issue.RequireRange("repeat times", repeat->repeats, 0, 255, kRearrangeSource);
    Side target{kTargetRegister, repeat->targetRepeat, repeat->targetHigh, "dst", {}};
    Side source{kSourceRegister, repeat->sourceRepeat, repeat->sourceHigh, "src", {}};
    target.Resolve(issue, elementBytes, repeat->repeats);
    source.Resolve(issue, elementBytes, repeat->repeats);
    for (uint32_t row = 0; row < kRows; ++row) {
        issue.Read(source.rows[row]);
        issue.Write(target.rows[row]);
    }
    issue.Commit();
    if (issue.checked) {
        RequireNoFeedback(issue, target, source);
    }
    leaf::Rearrange rearrange{};
    for (uint32_t row = 0; row < kRows; ++row) {
        rearrange.target[row] = target.Host(issue.core, row);
        rearrange.source[row] = source.Host(issue.core, row);
    }
    rearrange.targetStride = int64_t{repeat->targetRepeat} * kBlockBytes;
    rearrange.sourceStride = int64_t{repeat->sourceRepeat} * kBlockBytes;
    rearrange.targetHigh = repeat->targetHigh;
    rearrange.sourceHigh = repeat->sourceHigh;
    const leaf::Table& table = leaf::Active();
    (elementBytes == 1   ? table.rearrange1
     : elementBytes == 2 ? table.rearrange2
                         : table.rearrange4)(rearrange, repeat->repeats);
}
