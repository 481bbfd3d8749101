// SPDX-License-Identifier: Apache-2.0
// copy_matrix_cc_to_gm, copy_matrix_cc_to_cbuf, and the registers that they read.
#include "isa/fixpipe.h"

#include <cstring>
#include <vector>

#include "core/issue.h"
#include "core/names.h"
#include "isa/atomic_store.h"
#include "isa/cube_core.h"
#include "isa/fixpipe_layout.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, Fixpipe";
constexpr const char* kQuantSource = "Ascend C API, quantisation on the way out of L0C";
constexpr uint32_t kL0cAlignment = 64;  // bytes
constexpr uint32_t kBlock = 32;
constexpr uint32_t kMostColumns = 4095;
constexpr uint32_t kMostRows = 8192;  // to rows
constexpr uint32_t kFractal = 1024;
constexpr uint32_t kWidth = 16;  // elements of a column block

struct Conversion {
    uint8_t quant;
    NpuType source;
    NpuType target;
    bool scales;
    bool byColumn;
    bool intoL1;
};
constexpr Conversion kConversions[] = {
    {kNpuNoQuant, kNpuF32, kNpuF32, false, false, false},
    {kNpuNoQuant, kNpuS32, kNpuS32, false, false, false},
    {kNpuF322F16, kNpuF32, kNpuF16, false, false, true},
    {kNpuF322Bf16, kNpuF32, kNpuBf16, false, false, true},
    {kNpuDeqF16, kNpuS32, kNpuF16, true, false, true},
    {kNpuVdeqF16, kNpuS32, kNpuF16, true, true, true},
    {kNpuQf322B8, kNpuF32, kNpuS8, true, false, true},
    {kNpuQf322B8, kNpuF32, kNpuU8, true, false, true},
    {kNpuVqf322B8, kNpuF32, kNpuS8, true, true, true},
    {kNpuVqf322B8, kNpuF32, kNpuU8, true, true, true},
    {kNpuReq8, kNpuS32, kNpuS8, true, false, true},
    {kNpuReq8, kNpuS32, kNpuU8, true, false, true},
    {kNpuVreq8, kNpuS32, kNpuS8, true, true, true},
    {kNpuVreq8, kNpuS32, kNpuU8, true, true, true},
};

const Conversion& FindConversion(const Issue& issue, const NpuFixpipe& fixpipe, NpuMemory target) {
    for (const Conversion& conversion : kConversions) {
        if (conversion.quant == fixpipe.quant && conversion.source == fixpipe.source &&
            conversion.target == fixpipe.target && (target == kNpuGm || conversion.intoL1)) {
            return conversion;
        }
    }
    issue.Fail(FaultKind::kType, "quantPre",
               "(" + std::to_string(fixpipe.quant) + ") must be a mode that Ascend 910B has from " +
                   TypeName(fixpipe.source) + " in L0C to " + TypeName(fixpipe.target) + " in " +
                   MemoryName(target),
               kSource);
}

void CheckParameters(const Issue& issue, const NpuFixpipe& fixpipe, NpuMemory memory,
                     uint64_t target, uint32_t source) {
    RequireAic(issue);
    issue.RequireAligned("source", kNpuL0c, source, kL0cAlignment, kSource);
    if (!fixpipe.toRows) {
        issue.RequireAligned("target", memory, target, kBlock, kSource);
    }
    issue.RequireRange("nSize", fixpipe.columns, 0, kMostColumns, kSource);
    issue.RequireRange("mSize", fixpipe.rows, 0, fixpipe.toRows ? kMostRows : UINT16_MAX, kSource);
    issue.RequireRange("reluPre", fixpipe.relu, 0, 1, kSource);
    issue.RequireRange("dstStride", fixpipe.targetStride, 1, UINT32_MAX, kSource);
    const uint32_t unit = fixpipe.channelSplit ? kWidth / 2 : kWidth;
    if (!fixpipe.toRows && fixpipe.columns % unit != 0) {
        issue.Fail(FaultKind::kParameter, "nSize",
                   "(" + std::to_string(fixpipe.columns) + ") must be a multiple of " +
                       std::to_string(unit),
                   kSource);
    }
    if (memory != kNpuGm && (fixpipe.toRows || fixpipe.channelSplit)) {
        issue.Fail(FaultKind::kParameter, fixpipe.toRows ? "nz2ndEn" : "channelSplit",
                   "(1) must be 0: L1 takes column blocks as they are", kSource);
    }
    if (fixpipe.channelSplit &&
        (fixpipe.target != kNpuF32 || fixpipe.toRows || fixpipe.unitFlag != 0)) {
        issue.Fail(FaultKind::kParameter, "channelSplit",
                   "(1) must be 0 unless float stays float in column blocks, without unitFlag",
                   "Ascend C API, F32 channel split");
    }
}

FixpipeMatrices FindMatrices(const Issue& issue, const NpuFixpipe& fixpipe) {
    if (!fixpipe.toRows) {
        return {};
    }
    constexpr const char* kNdSource = "Ascend C API, SetFixpipeNz2ndFlag";
    constexpr uint64_t kField = 0xFFFF;
    constexpr uint64_t kMostSteps = 512;
    const std::optional<uint64_t>& para = issue.core.registers.ndPara;
    if (!para.has_value()) {
        issue.Fail(FaultKind::kParameter, "nz2ndEn",
                   "(1) must follow SetFixpipeNz2ndFlag, which says how many matrices there are",
                   kNdSource);
    }
    const auto count = static_cast<uint32_t>(*para & kField);
    const uint64_t sourceStep = *para >> 16 & kField;
    const uint64_t targetStep = *para >> 32 & kField;
    if (count > 1) {
        issue.RequireRange("srcNdStride", sourceStep, 1, kMostSteps, kNdSource);
        issue.RequireRange("dstNdStride", targetStep, 1, kField, kNdSource);
    }
    return {count, static_cast<int64_t>(sourceStep * kFractal),
            static_cast<int64_t>(targetStep * TypeBytes(fixpipe.target))};
}

// One parameter of quantisation, for the column at `lane`.
void Decode(const Issue& issue, uint64_t parameter, bool integerSource, uint32_t lane,
            leaf::FixpipeQuant* quant) {
    constexpr uint32_t kUsedBits = 0xFFFFE000;  // sign, 8 bits of exponent, 10 of mantissa
    const auto bits = static_cast<uint32_t>(parameter);
    const uint32_t exponent = bits >> 23 & 0xFF;
    if (exponent == 0xFF || (exponent == 0 && (bits & 0x7FFFFF) != 0)) {
        issue.Fail(FaultKind::kParameter, "scale",
                   "of column " + std::to_string(lane) + ", bits (" + std::to_string(bits) +
                       "), must be neither inf, NaN nor denormal",
                   kQuantSource);
    }
    const uint32_t scale = bits & kUsedBits;
    std::memcpy(&quant->scale[lane % kWidth], &scale, sizeof(scale));
    const bool shifts = integerSource && (parameter >> 36 & 1) != 0;
    quant->shift[lane % kWidth] = shifts ? static_cast<int32_t>(parameter >> 32 & 0xF) + 1 : 0;
    quant->lowest[lane % kWidth] = shifts ? INT16_MIN : INT32_MIN;
    quant->highest[lane % kWidth] = shifts ? INT16_MAX : INT32_MAX;
    const auto offset = static_cast<int32_t>(parameter >> 37 & 0x1FF);
    quant->offset[lane % kWidth] = offset < 256 ? offset : offset - 512;
    const bool isSigned = (parameter >> 46 & 1) != 0;
    quant->least[lane % kWidth] = isSigned ? INT8_MIN : 0;
    quant->most[lane % kWidth] = isSigned ? INT8_MAX : UINT8_MAX;
}

// What the conversion needs besides the elements: nothing, one parameter, or one a column.
class Parameters {
 public:
    Parameters(Issue& issue, const Conversion& conversion, uint32_t columns)
        : conversion_(conversion), columns_(columns) {
        const Registers& registers = issue.core.registers;
        if (conversion.byColumn) {
            if (!registers.fixpipeConfig.has_value()) {
                issue.Fail(FaultKind::kParameter, "quantPre",
                           "with a parameter for each column must follow SetFixPipeConfig",
                           kQuantSource);
            }
            constexpr uint64_t kUnit = 128;  // bytes
            const uint64_t address = (*registers.fixpipeConfig >> 8 & 0xFF) * kUnit;
            read_ = issue.Read(
                Contiguous(kNpuFixbuf, address, columns * uint32_t{sizeof(uint64_t)}, "quantPre"));
        } else if (conversion.scales && !registers.quantPre.has_value()) {
            issue.Fail(FaultKind::kParameter, "quantPre",
                       "with one parameter must follow SetFixpipePreQuantFlag", kQuantSource);
        }
    }

    // After Commit. The result has quants of 16 columns each, or one for all.
    const leaf::FixpipeQuant* Decoded(Issue& issue) {
        if (!conversion_.scales) {
            return nullptr;
        }
        const bool integer = conversion_.source == kNpuS32;
        if (!conversion_.byColumn) {
            quants_.resize(1);
            for (uint32_t lane = 0; lane < kWidth; ++lane) {
                Decode(issue, *issue.core.registers.quantPre, integer, lane, quants_.data());
            }
            return quants_.data();
        }
        issue.core.registers.fixbufReader = issue.Number();
        quants_.resize((columns_ + kWidth - 1) / kWidth);
        for (uint32_t column = 0; column < columns_; ++column) {
            uint64_t parameter;
            std::memcpy(&parameter, issue.Host(read_) + column * sizeof(parameter),
                        sizeof(parameter));
            Decode(issue, parameter, integer, column, &quants_[column / kWidth]);
        }
        return quants_.data();
    }

 private:
    const Conversion& conversion_;
    uint32_t columns_;
    int read_ = -1;
    std::vector<leaf::FixpipeQuant> quants_;
};

// One instruction after its checks: converts and stores.
class Store {
 public:
    Store(const Issue& issue, const NpuFixpipe& fixpipe, NpuMemory memory)
        : convert_(leaf::Active().fixpipe[fixpipe.source][fixpipe.target][fixpipe.relu]),
          type_(fixpipe.target),
          rows_(fixpipe.rows),
          atomic_(memory == kNpuGm ? issue.core.registers.atomic : kNpuAtomicNone) {
        const NpuType wanted = issue.core.registers.atomicType;
        if (atomic_ != kNpuAtomicNone && type_ != wanted) {
            issue.Fail(FaultKind::kType, "target",
                       std::string("of type ") + TypeName(type_) + " must have the type (" +
                           TypeName(wanted) + ") that the atomic mode was set for",
                       "Ascend C API, SetAtomicAdd");
        }
    }

    void Piece(const FixpipePiece& piece, int64_t sourceBlock, const uint8_t* source,
               uint8_t* target, const leaf::FixpipeQuant* quant, bool byColumn) {
        leaf::FixpipeTile tile{};
        tile.source = source + piece.source;
        tile.target = target + piece.target;
        tile.quant = byColumn ? quant + piece.block : quant;
        tile.sourceBlock = piece.step * sourceBlock;
        tile.targetBlock = piece.targetBlock;
        tile.targetRow = piece.targetRow;
        tile.quantBlock = byColumn ? piece.step : 0;
        tile.blocks = piece.blocks;
        tile.rows = rows_;
        tile.width = piece.width;
        if (atomic_ == kNpuAtomicNone) {
            convert_(tile);
        } else {
            Combine(tile);
        }
    }

 private:
    void Combine(leaf::FixpipeTile tile) {
        const uint32_t block = tile.width * TypeBytes(type_);
        uint8_t* const target = tile.target;
        const int64_t targetBlock = tile.targetBlock;
        const int64_t targetRow = tile.targetRow;
        values_.resize(size_t{rows_} * tile.blocks * block);
        tile.target = values_.data();
        tile.targetBlock = int64_t{rows_} * block;
        tile.targetRow = block;
        convert_(tile);
        for (uint32_t i = 0; i < tile.blocks; ++i) {
            for (uint32_t row = 0; row < rows_; ++row) {
                AtomicStore(atomic_, type_, target + i * targetBlock + row * targetRow,
                            tile.target + i * tile.targetBlock + row * tile.targetRow, block);
            }
        }
    }

    leaf::FixpipeFn convert_;
    NpuType type_;
    uint32_t rows_;
    NpuAtomic atomic_;
    std::vector<uint8_t> values_;
};

// Names the operands on L0C, ordered by unit flags where they are used.
int ReadSource(Issue& issue, UnitFlagUse& unitFlags, const FixpipeLayout& layout, uint32_t source) {
    std::array<Access, 2> sources = layout.Sources(source);
    if (issue.checked) {
        for (const Access& access : sources) {
            unitFlags.Touch(access);
        }
        const LocalClock* relies = unitFlags.Relies();
        for (Access& access : sources) {
            access.relies = relies;
        }
    }
    const int whole = issue.Read(sources[0]);
    const int rest = issue.Read(sources[1]);
    return whole >= 0 ? whole : rest;
}

void CopyL0c(Issue& issue, NpuMemory memory, uint64_t target, uint32_t source,
             const NpuFixpipe& fixpipe, const void* frame) {
    CheckParameters(issue, fixpipe, memory, target, source);
    const Conversion& conversion = FindConversion(issue, fixpipe, memory);
    UnitFlagUse unitFlags(issue, UnitFlagUse::Side::kFixpipe, fixpipe.unitFlag);
    const FixpipeMatrices matrices = FindMatrices(issue, fixpipe);
    if (fixpipe.columns == 0 || fixpipe.rows == 0 || matrices.count == 0) {
        issue.Commit();
        return;
    }
    const FixpipeLayout layout(fixpipe, TypeBytes(fixpipe.target), matrices);
    if (layout.TargetsOverlap()) {
        issue.Fail(FaultKind::kOverlap, "target",
                   "must not take two elements at one place: dstStride (" +
                       std::to_string(fixpipe.targetStride) + ") or dstNdStride is too small",
                   kSource);
    }
    Store store(issue, fixpipe, memory);
    Parameters parameters(issue, conversion, fixpipe.columns);
    const int read = ReadSource(issue, unitFlags, layout, source);
    const auto [first, last] = layout.Targets(memory, target);
    const int written = issue.Write(first);
    const int lastWritten = issue.Write(last);
    issue.Commit();
    unitFlags.Finish(frame);

    const leaf::FixpipeQuant* quant = parameters.Decoded(issue);
    const uint8_t* from = issue.Host(read);
    uint8_t* to = issue.Host(written >= 0 ? written : lastWritten);
    for (uint32_t i = 0; i < matrices.count; ++i) {
        layout.ForEachPiece([&](const FixpipePiece& piece) {
            store.Piece(piece, layout.SourceBlock(), from + i * matrices.sourceStep,
                        to + i * matrices.targetStep, quant, conversion.byColumn);
        });
    }
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuCopyL0cToGm(uint64_t target, uint32_t source, const NpuFixpipe* fixpipe) {
    Issue issue("copy_matrix_cc_to_gm", kNpuPipeFix);
    CopyL0c(issue, kNpuGm, target, source, *fixpipe, __builtin_frame_address(0));
}

void NpuCopyL0cToL1(uint32_t target, uint32_t source, const NpuFixpipe* fixpipe) {
    Issue issue("copy_matrix_cc_to_cbuf", kNpuPipeFix);
    CopyL0c(issue, kNpuL1, target, source, *fixpipe, __builtin_frame_address(0));
}

void NpuSetNdPara(uint64_t config) { CurrentCore().registers.ndPara = config; }
void NpuSetQuantPre(uint64_t config) { CurrentCore().registers.quantPre = config; }
void NpuSetFixpipeConfig(uint64_t config) {
    Core& core = CurrentCore();
    core.registers.fixpipeConfig = config;
    if (config >> 63 != 0) {
        core.unitFlags.Reset();
    }
}
