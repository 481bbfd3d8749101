// SPDX-License-Identifier: Apache-2.0
// load_cbuf_to_ca/cb and load_gm_to_ca/cb/cbuf, the transposing loads, and constant fills.
#include "isa/load.h"

#include <cstring>
#include <string>

#include "core/issue.h"
#include "core/names.h"
#include "isa/fractal.h"

namespace npu_model {
namespace {

constexpr const char* kFractalSource = "Ascend C API, LoadData of 2D matrices";
constexpr const char* kSquareSource = "Ascend C API, LoadDataWithTranspose";
constexpr const char* kFillSource = "Ascend C API, Fill";

// L0A and L0B have fractals, L1 has blocks.
uint32_t Alignment(NpuMemory memory) { return memory == kNpuL1 ? kFractalRowBytes : kFractalBytes; }

void RequireType(const Issue& issue, NpuType type, bool has, const char* source) {
    if (!has) {
        issue.Fail(FaultKind::kType, "target",
                   std::string("of type ") + TypeName(type) +
                       " is not among the types that this form of the instruction has",
                   source);
    }
}

// Which bytes of a unit are defined; GM is read only where it is.
FractalMove::Defined DefinedRows(const LocalShadow* shadow, uint64_t address, uint32_t rows) {
    FractalMove::Defined defined;
    for (uint32_t row = 0; row < rows; ++row) {
        defined[row] =
            shadow != nullptr
                ? shadow->DefinedBytes(static_cast<uint32_t>(address / kFractalRowBytes + row))
                : 0xFFFFFFFFu;
    }
    return defined;
}

// Where the fractals of a load lie.
struct Source {
    NpuMemory memory;
    uint64_t lowest;
    uint64_t first;
    int64_t stride;  // negative when the load goes down

    Source(NpuMemory from, uint64_t base, const NpuFractalLoad& load, bool down)
        : memory(from),
          first(base + uint64_t{load.first} * kFractalBytes),
          stride(int64_t{load.sourceStride} * kFractalBytes * (down ? -1 : 1)) {
        const uint32_t steps = down && load.repeats != 0 ? load.repeats - 1u : 0;
        lowest = first + static_cast<uint64_t>(steps * stride);
    }
};

Access Carrying(Access access) {
    access.carries = true;
    return access;
}

void LoadFractals(Issue& issue, NpuMemory targetMemory, uint32_t target, const Source& source,
                  const FractalMove& move, const NpuFractalLoad& load) {
    const int64_t targetStride = int64_t{load.targetGap + 1} * kFractalBytes;
    const int64_t reach = source.stride < 0 ? -source.stride : source.stride;
    const int read = issue.Read(
        Carrying(Rows(source.memory, source.lowest, load.repeats, reach, kFractalBytes, "source")));
    const int write = issue.Write(
        Carrying(Rows(targetMemory, target, load.repeats, targetStride, kFractalBytes, "target")));
    issue.Commit();
    if (load.repeats == 0) {
        return;
    }
    move.Run({issue.Host(write), targetStride, 0, issue.Host(read) + (source.first - source.lowest),
              source.stride, load.repeats});
    if (!issue.checked) {
        return;
    }
    const LocalShadow* from = source.memory == kNpuGm ? nullptr : &issue.Shadow(source.memory);
    for (uint32_t i = 0; i < load.repeats; ++i) {
        const auto at = source.first + static_cast<uint64_t>(i * source.stride);
        move.Carry(DefinedRows(from, at, kFractalRows), issue.Shadow(targetMemory),
                   target + static_cast<uint64_t>(i * targetStride), 0);
    }
}

bool IsFractalType(NpuType type) { return type != kNpuS64 && type != kNpuU64 && type != kNpuS4; }
bool IsSquareType(NpuType type) {
    return IsFractalType(type) && type != kNpuS16 && type != kNpuU16;
}

const char* LoadName(NpuMemory target, bool fromGm) {
    if (fromGm) {
        return target == kNpuL0a   ? "load_gm_to_ca"
               : target == kNpuL0b ? "load_gm_to_cb"
                                   : "load_gm_to_cbuf";
    }
    return target == kNpuL0a ? "load_cbuf_to_ca" : "load_cbuf_to_cb";
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuLoadL1ToL0(NpuMemory targetMemory, uint32_t target, uint32_t source, NpuType type,
                   const NpuFractalLoad* load) {
    Issue issue(LoadName(targetMemory, false), kNpuPipeMte1);
    RequireType(issue, type, IsFractalType(type) && (!load->transpose || TypeBytes(type) == 2),
                kFractalSource);
    issue.RequireAligned("target", targetMemory, target, kFractalBytes, kFractalSource);
    issue.RequireAligned("source", kNpuL1, source, kFractalRowBytes, kFractalSource);
    LoadFractals(issue, targetMemory, target, Source(kNpuL1, source, *load, false),
                 FractalMove(TypeBytes(type), load->transpose), *load);
}

void NpuLoadGm(NpuMemory targetMemory, uint32_t target, uint64_t source, NpuType type,
               const NpuFractalLoad* load, bool down) {
    Issue issue(LoadName(targetMemory, true), kNpuPipeMte2);
    RequireType(issue, type, IsFractalType(type), kFractalSource);
    issue.RequireAligned("target", targetMemory, target, Alignment(targetMemory), kFractalSource);
    LoadFractals(issue, targetMemory, target, Source(kNpuGm, source, *load, down),
                 FractalMove(TypeBytes(type), false), *load);
}

namespace {

// The second fractals of all squares must not meet the first ones.
void RequireApart(const Issue& issue, const NpuSquareLoad& load) {
    const uint32_t step = load.targetGap + 1u;
    const uint32_t part = load.targetPartGap + 1u;
    if (part % step == 0 && part / step < load.repeats) {
        issue.Fail(FaultKind::kOverlap, "target",
                   "(gaps " + std::to_string(load.targetGap) + " and " +
                       std::to_string(load.targetPartGap) + " fractals, " +
                       std::to_string(load.repeats) +
                       " repeats) must keep the fractals of all repeats apart",
                   kSquareSource);
    }
}

struct Squares {
    uint32_t elementBytes;
    uint32_t units;  // of a FractalMove, a square
    uint64_t bytes;  // of a square
    int64_t targetStride;
    int64_t targetPart;

    Squares(NpuType type, const NpuSquareLoad& load)
        : elementBytes(TypeBytes(type)),
          units(elementBytes == 4 ? 2 : 1),
          bytes(elementBytes == 2 ? kFractalBytes : 2 * kFractalBytes),
          targetStride(int64_t{load.targetGap + 1} * kFractalBytes),
          targetPart(int64_t{load.targetPartGap + 1} * kFractalBytes) {}

    Access Target(NpuMemory memory, uint32_t base, uint32_t repeats) const {
        Access access = Rows(memory, base, repeats, targetStride, kFractalBytes, "target");
        access.inner = elementBytes == 2 ? 1 : 2;
        access.innerStride = targetPart;
        return Carrying(access);
    }
};

// Units of a square of 4-byte elements fill the first and the second half of both fractals.
constexpr uint32_t kHalfFractal = kFractalBytes / 2;

}  // namespace

void NpuLoadSquares(NpuMemory targetMemory, uint32_t target, uint32_t source, NpuType type,
                    const NpuSquareLoad* load) {
    Issue issue(targetMemory == kNpuL0a ? "load_cbuf_to_ca_transpose" : "load_cbuf_to_cb_transpose",
                kNpuPipeMte1);
    RequireType(issue, type, IsSquareType(type), kSquareSource);
    issue.RequireAligned("target", targetMemory, target, kFractalBytes, kSquareSource);
    issue.RequireAligned("source", kNpuL1, source, kFractalRowBytes, kSquareSource);
    const Squares squares(type, *load);
    const uint64_t first = source + load->first * squares.bytes;
    const auto stride = static_cast<int64_t>(load->sourceStride * squares.bytes);
    const int read = issue.Read(Carrying(Rows(kNpuL1, first, load->repeats, stride,
                                              static_cast<uint32_t>(squares.bytes), "source")));
    const int write = issue.Write(squares.Target(targetMemory, target, load->repeats));
    issue.Commit();
    if (load->repeats == 0) {
        return;
    }
    if (issue.checked && squares.elementBytes != 2) {
        RequireApart(issue, *load);
    }
    const FractalMove move(squares.elementBytes, true);
    for (uint32_t unit = 0; unit < squares.units; ++unit) {
        move.Run({issue.Host(write) + unit * kHalfFractal, squares.targetStride, squares.targetPart,
                  issue.Host(read) + unit * kFractalBytes, stride, load->repeats});
    }
    for (uint32_t i = 0; issue.checked && i < load->repeats * squares.units; ++i) {
        const uint32_t repeat = i / squares.units;
        const uint32_t unit = i % squares.units;
        const uint64_t from = first + static_cast<uint64_t>(repeat * stride) + unit * kFractalBytes;
        move.Carry(
            DefinedRows(&issue.Shadow(kNpuL1), from, move.UnitRows()), issue.Shadow(targetMemory),
            target + static_cast<uint64_t>(repeat * squares.targetStride) + unit * kHalfFractal,
            squares.targetPart);
    }
}

void NpuFillConstant(NpuMemory memory, uint32_t target, NpuType type, uint32_t value,
                     const NpuConstantFill* fill) {
    Issue issue(memory == kNpuL0a   ? "create_ca_matrix"
                : memory == kNpuL0b ? "create_cb_matrix"
                                    : "create_cbuf_matrix",
                memory == kNpuL1 ? kNpuPipeMte2 : kNpuPipeMte1);
    constexpr uint32_t kMost = 32767;
    RequireType(issue, type, IsFractalType(type) && TypeBytes(type) != 1, kFillSource);
    issue.RequireRange("repeatTimes", fill->repeats, 0, kMost, kFillSource);
    issue.RequireRange("blockNum", fill->blocks, 0, kMost, kFillSource);
    issue.RequireRange("dstGap", fill->gap, 0, kMost, kFillSource);
    issue.RequireAligned("target", memory, target, Alignment(memory), kFillSource);
    const uint32_t run = fill->blocks * Alignment(memory);
    const int64_t stride = run + int64_t{fill->gap} * Alignment(memory);
    const Access access = Rows(memory, target, fill->repeats, stride, run, "target");
    const int write = issue.Write(access);
    issue.Commit();
    if (access.Empty()) {
        return;
    }
    uint8_t block[kFractalBytes];
    for (uint32_t at = 0; at < sizeof(block); at += TypeBytes(type)) {
        std::memcpy(block + at, &value, TypeBytes(type));
    }
    for (uint32_t i = 0; i < fill->repeats; ++i) {
        uint8_t* row = issue.Host(write) + i * stride;
        for (uint32_t at = 0; at < run; at += Alignment(memory)) {
            std::memcpy(row + at, block, Alignment(memory));
        }
    }
}
