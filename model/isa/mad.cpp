// SPDX-License-Identifier: Apache-2.0
// mad, and the registers that it reads.
//
// Operands name the valid elements alone; what else the result fractals hold becomes undefined.
#include "isa/mad.h"

#include <memory>
#include <string>

#include "core/issue.h"
#include "core/names.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, Mmad";
constexpr uint32_t kSide = 16;       // rows of a fractal, and columns of one of L0C
constexpr uint32_t kRow = 32;        // bytes of a row of a fractal of L0A and L0B
constexpr uint32_t kFractal = 512;   // bytes, of L0A and L0B
constexpr uint32_t kResultRow = 64;  // bytes of a row of a fractal of L0C
constexpr uint32_t kLowest = 0;
constexpr uint32_t kHighest = 4095;

constexpr uint32_t CeilDiv(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

// Rows along `outer`, each `inner` runs.
Access Grid(NpuMemory memory, uint64_t base, uint32_t outer, uint32_t outerStride, uint32_t inner,
            uint32_t innerStride, uint32_t run, const char* operand) {
    Access access = Rows(memory, base, outer, outerStride, run, operand);
    access.inner = inner;
    access.innerStride = innerStride;
    return access;
}

// The sizes of one product in fractals.
class Shape {
 public:
    Shape(const NpuMadParams& params, NpuType source)
        : m_(params.m),
          n_(params.n),
          wholeRows_(params.m / kSide),
          rows_(params.m % kSide),
          wholeColumns_(params.n / kSide),
          columns_(params.n % kSide),
          vectorBytes_(params.k * TypeBytes(source)),
          wholeK_(vectorBytes_ / kRow),
          tailBytes_(vectorBytes_ % kRow),
          fractalsOfRow_(CeilDiv(vectorBytes_, kRow)) {
        if (params.alignK16 && source == kNpuF32) {
            fractalsOfRow_ = CeilDiv(fractalsOfRow_, 2) * 2;
        }
    }

    uint32_t FractalsOfRow() const { return fractalsOfRow_; }

    // [m1][k1][16 m][k0 k]; a vector when there is one row.
    void ReadLeft(Issue& issue, uint32_t base) const {
        constexpr const char* kName = "left";
        if (m_ == 1) {
            issue.Read(Contiguous(kNpuL0a, base, vectorBytes_, kName));
            return;
        }
        const uint32_t step = fractalsOfRow_ * kFractal;
        const uint32_t tail = base + wholeK_ * kFractal;
        const uint32_t last = base + wholeRows_ * step;
        issue.Read(Rows(kNpuL0a, base, wholeRows_, step, wholeK_ * kFractal, kName));
        issue.Read(Grid(kNpuL0a, tail, wholeRows_, step, kSide, kRow, tailBytes_, kName));
        issue.Read(Rows(kNpuL0a, last, wholeK_, kFractal, rows_ * kRow, kName));
        issue.Read(Rows(kNpuL0a, last + wholeK_ * kFractal, rows_, kRow, tailBytes_, kName));
    }

    // [k1][n1][16 n][k0 k]: the columns of one k1 follow each other.
    void ReadRight(Issue& issue, uint32_t base) const {
        constexpr const char* kName = "right";
        const uint32_t step = CeilDiv(n_, kSide) * kFractal;
        issue.Read(Rows(kNpuL0b, base, wholeK_, step, n_ * kRow, kName));
        issue.Read(Rows(kNpuL0b, base + wholeK_ * step, n_, kRow, tailBytes_, kName));
    }

    // [n1][m1][16 m][16 n]: the rows of one n1 follow each other.
    Access WholeColumns(uint32_t base) const {
        return Rows(kNpuL0c, base, wholeColumns_, ColumnStep(), m_ * kResultRow, "target");
    }
    Access LastColumns(uint32_t base) const {
        return Rows(kNpuL0c, base + wholeColumns_ * ColumnStep(), m_, kResultRow,
                    columns_ * uint32_t{sizeof(float)}, "target");
    }
    Access Fractals(uint32_t base) const {
        return Contiguous(kNpuL0c, base, CeilDiv(n_, kSide) * ColumnStep(), "target");
    }

 private:
    uint32_t ColumnStep() const { return CeilDiv(m_, kSide) * kSide * kResultRow; }

    uint32_t m_;
    uint32_t n_;
    uint32_t wholeRows_;  // fractals all of whose rows count
    uint32_t rows_;       // of the fractal behind them
    uint32_t wholeColumns_;
    uint32_t columns_;
    uint32_t vectorBytes_;  // of k elements
    uint32_t wholeK_;
    uint32_t tailBytes_;
    uint32_t fractalsOfRow_;
};

leaf::MadFn FindLeaf(const Issue& issue, NpuType source) {
    const Registers& registers = issue.core.registers;
    const leaf::Table& table = leaf::Active();
    if (source == kNpuF32 && registers.hf32) {
        return table
            .madHf32[registers.hf32TiesToZero ? leaf::kHf32TiesToZero : leaf::kHf32TiesToEven];
    }
    const leaf::MadFn function = table.mad[source];
    if (function == nullptr) {
        issue.Fail(FaultKind::kType, "left",
                   std::string("of type ") + TypeName(source) +
                       " must have a type that the instruction supports on Ascend 910B",
                   kSource);
    }
    return function;
}

void CheckParameters(const Issue& issue, uint32_t target, uint32_t left, uint32_t right,
                     const NpuMadParams& params) {
    if (issue.core.Kind() != kNpuAic) {
        issue.Fail(FaultKind::kPosition, "core", "must be an AIC: an AIV has no cube", kSource);
    }
    issue.RequireRange("m", params.m, kLowest, kHighest, kSource);
    issue.RequireRange("k", params.k, kLowest, kHighest, kSource);
    issue.RequireRange("n", params.n, kLowest, kHighest, kSource);
    issue.RequireAligned("target", kNpuL0c, target, ProductTiles::kAlignment, kSource);
    issue.RequireAligned("left", kNpuL0a, left, kFractal, kSource);
    issue.RequireAligned("right", kNpuL0b, right, kFractal, kSource);
    if (params.initial == kNpuMadBias) {
        constexpr uint32_t kBiasAlignment = 64;
        issue.RequireAligned("bias", kNpuBias, params.initialAddress, kBiasAlignment, kSource);
    }
    if (params.initial == kNpuMadC && params.initialAddress != target) {
        issue.Fail(FaultKind::kParameter, "bias",
                   "L0C address (" + std::to_string(params.initialAddress) +
                       ") must be that of the target (" + std::to_string(target) + ")",
                   kSource);
    }
}

// Names what is read and written in L0C, and orders it by the interlocks of the hardware.
void NameResult(Issue& issue, UnitFlagUse& unitFlags, const Shape& shape, uint32_t target,
                const NpuMadParams& params) {
    Access whole = shape.WholeColumns(target);
    Access last = shape.LastColumns(target);
    Access fractals = shape.Fractals(target);
    unitFlags.Touch(whole);
    unitFlags.Touch(last);
    if (fractals.End() <= NpuLocalBytes(kNpuL0c)) {
        unitFlags.Rely(kNpuPipeM,
                       issue.core.productTiles.OrderedBehind(target, params.m, params.n));
    }
    whole.relies = last.relies = fractals.relies = unitFlags.Relies();
    fractals.undefines = true;
    if (params.initial == kNpuMadC) {
        issue.Read(whole);
        issue.Read(last);
    }
    issue.Write(fractals);
    issue.Write(whole);
    issue.Write(last);
}

leaf::MadScratch* Scratch() {
    thread_local const std::unique_ptr<leaf::MadScratch> scratch{new leaf::MadScratch};
    return scratch.get();
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuMad(NpuType source, uint32_t target, uint32_t left, uint32_t right,
            const NpuMadParams* params) {
    Issue issue("mad", kNpuPipeM);
    CheckParameters(issue, target, left, right, *params);
    const leaf::MadFn multiply = FindLeaf(issue, source);
    UnitFlagUse unitFlags(issue, UnitFlagUse::Side::kMmad, params->unitFlag);
    if (params->m == 0 || params->k == 0 || params->n == 0) {
        issue.Commit();
        return;
    }
    const Shape shape(*params, source);
    shape.ReadLeft(issue, left);
    shape.ReadRight(issue, right);
    const bool fromBias = params->initial == kNpuMadBias;
    if (fromBias) {
        issue.Read(Contiguous(kNpuBias, params->initialAddress, params->n * uint32_t{sizeof(float)},
                              "bias"));
    }
    NameResult(issue, unitFlags, shape, target, *params);
    issue.Commit();
    issue.core.productTiles.Record(target, params->m, params->n, issue.Number());
    unitFlags.Finish(__builtin_frame_address(0));

    Core& core = issue.core;
    core.counters[kNpuPipeM].macs += uint64_t{params->m} * params->k * params->n;
    multiply({core.Local(kNpuL0c).data() + target, core.Local(kNpuL0a).data() + left,
              core.Local(kNpuL0b).data() + right,
              fromBias ? core.Local(kNpuBias).data() + params->initialAddress : nullptr,
              static_cast<leaf::MadInitial>(params->initial), params->m, params->k, params->n,
              shape.FractalsOfRow(), Scratch()});
}

void NpuSetHf32(bool on) { CurrentCore().registers.hf32 = on; }
void NpuSetHf32TiesToZero(bool tiesToZero) { CurrentCore().registers.hf32TiesToZero = tiesToZero; }
void NpuSetMadRowMajor(bool rowMajor) { CurrentCore().registers.madRowMajor = rowMajor; }
