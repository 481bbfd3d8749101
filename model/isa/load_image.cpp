// SPDX-License-Identifier: Apache-2.0
// img2colv2_cbuf_to_ca and _cb: a part of an unfolded image, and the registers that describe it.
#include <cstring>
#include <string>

#include "core/names.h"
#include "isa/unfold.h"

namespace npu_model {
namespace {

constexpr uint32_t kMostBlocks = 64 * 1024 / kFractalRowBytes;  // that fit into L0A or L0B

class ImageLoad {
 public:
    ImageLoad(Issue& issue, NpuMemory memory, uint32_t target, NpuType type, const Unfolded& matrix,
              const Part& part, bool transpose)
        : issue_(issue),
          memory_(memory),
          target_(target),
          elementBytes_(TypeBytes(type)),
          matrix_(matrix),
          part_(part),
          transpose_(transpose),
          move_(elementBytes_, transpose),
          l1_(issue.core.Local(kNpuL1).data()),
          l0_(issue.core.Local(memory).data() + target) {
        const uint32_t pixels = matrix.high.size * matrix.wide.size;
        if (matrix.IsPlain() && part.rowRepeats == 1 && part.columnRepeats == 1 &&
            part.firstRow < pixels && PlainStart() + Planes(part.columns) <= matrix.boundary) {
            plainHigh_ = std::min(part.rows, pixels - part.firstRow) / kFractalRows;
        }
    }

    void Run() {
        if (uint64_t{part_.High()} * part_.Wide() * kFractalRows > kMostBlocks) {
            issue_.Fail(FaultKind::kAddress, "target",
                        "of " + std::to_string(part_.High()) + " x " +
                            std::to_string(part_.Wide()) + " fractals must fit into " +
                            std::to_string(kMostBlocks * kFractalRowBytes) + " bytes",
                        kImageSource);
        }
        WriteTarget();
        issue_.Read(Carrying(Rows(kNpuL1, PlainStart(), part_.columns, matrix_.PlaneBytes(),
                                  plainHigh_ * kFractalBytes, "source")));
        ReadBlocks();
        issue_.Commit();
        if (!issue_.checked) {
            MovePlain();
        }
        MoveFractals(issue_.checked ? 0 : plainHigh_);
    }

 private:
    static Access Carrying(Access access) {
        access.carries = true;
        return access;
    }

    uint64_t PlainStart() const {
        return matrix_.source + Planes(part_.firstColumn) +
               uint64_t{part_.firstRow} * kFractalRowBytes;
    }
    uint64_t Planes(uint32_t columns) const {
        return static_cast<uint64_t>(columns * matrix_.PlaneBytes());
    }
    // Transposed fractals of 4-byte elements come in pairs; the second may be missing.
    bool Pairs() const { return transpose_ && elementBytes_ == 4; }
    uint32_t PairColumns() const { return CeilDivide(part_.Wide(), 2); }

    // Byte of the target where fractal (row, column) of the part starts.
    int64_t Place(uint32_t row, uint32_t column) const {
        int64_t place = int64_t{row} * part_.Wide() + column;
        if (Pairs() && memory_ == kNpuL0a) {
            place = int64_t{column / 2} * 2 * part_.High() + 2 * row;
        } else if (Pairs()) {
            place = int64_t{2} * row * PairColumns() + column / 2;
        } else if (transpose_ && memory_ == kNpuL0a) {
            place = int64_t{column} * part_.High() + row;
        }
        return place * kFractalBytes + (Pairs() && column % 2 != 0 ? kFractalBytes / 2 : 0);
    }
    // From the first part of a transposed unit to its second.
    int64_t PartStride() const {
        return (memory_ == kNpuL0a ? 1 : int64_t{PairColumns()}) * kFractalBytes;
    }

    void WriteTarget() {
        const uint32_t high = part_.High();
        const uint32_t wide = part_.Wide();
        if (!Pairs()) {
            Write(Contiguous(memory_, target_, high * wide * kFractalBytes, "target"));
        } else if (memory_ == kNpuL0b) {
            Write(
                Rows(memory_, target_, 2 * high, PartStride(), wide * kFractalBytes / 2, "target"));
        } else {
            const uint32_t whole = wide / 2 * 2 * high * kFractalBytes;
            Write(Contiguous(memory_, target_, whole, "target"));
            Write(Rows(memory_, target_ + whole, wide % 2 * 2 * high, kFractalBytes,
                       kFractalBytes / 2, "target"));
        }
    }
    void Write(const Access& access) { issue_.Write(Carrying(access)); }

    void ReadBlocks() {
        uint32_t* next = blocks_.data();
        uint32_t read = 0;
        for (uint32_t row = plainHigh_; row < part_.High(); ++row) {
            for (uint32_t column = 0; column < part_.Wide(); ++column) {
                const Unfolded::Point point =
                    matrix_.PointOf(part_.firstColumn + column / part_.columns * part_.step +
                                    column % part_.columns);
                for (uint32_t i = 0; i < kFractalRows; ++i) {
                    const uint32_t block = FindBlock(row, point, i);
                    *next++ = block;
                    if (block < kNowhere) {
                        places_[read++] = block;
                    }
                }
            }
        }
        Access access = Carrying(Rows(kNpuL1, 0, read, 0, kFractalRowBytes, "source"));
        access.places = places_.data();
        issue_.Read(access);
    }
    uint32_t FindBlock(uint32_t row, const Unfolded::Point& point, uint32_t i) const {
        const uint32_t within = row % part_.RepeatHigh() * kFractalRows + i;
        const uint32_t at = part_.firstRow + row / part_.RepeatHigh() * part_.step + within;
        return within < part_.rows && at < matrix_.Rows() ? matrix_.Find(at, point) : kNowhere;
    }

    // Fractals whose rows follow each other in L1, a whole row of them at a time.
    void MovePlain() {
        const int64_t stride = Pairs() ? 2 : 1;
        for (uint32_t row = 0; row < plainHigh_; ++row) {
            for (uint32_t column = 0; column < stride && column < part_.Wide(); ++column) {
                const uint8_t* source = l1_ + PlainStart() + row * kFractalBytes + Planes(column);
                const auto last = static_cast<uint32_t>(column + stride);
                move_.Run({l0_ + Place(row, column), Place(row, last) - Place(row, column),
                           PartStride(), source, stride * matrix_.PlaneBytes(),
                           CeilDivide(part_.Wide() - column, static_cast<uint32_t>(stride))});
            }
        }
    }

    void MoveFractals(uint32_t first) {
        for (uint32_t row = first; row < part_.High(); ++row) {
            for (uint32_t column = 0; column < part_.Wide(); ++column) {
                uint8_t bytes[kFractalBytes];
                FractalMove::Defined defined;
                for (uint32_t i = 0; i < kFractalRows; ++i) {
                    const uint32_t block = Block(row, column, i);
                    CopyBlock(bytes + i * kFractalRowBytes, block);
                    defined[i] = DefinedBytes(block, column);
                }
                const int64_t place = Place(row, column);
                move_.Run({l0_ + place, 0, PartStride(), bytes, 0, 1});
                if (issue_.checked) {
                    move_.Carry(defined, issue_.Shadow(memory_),
                                target_ + static_cast<uint64_t>(place), PartStride());
                }
            }
        }
    }
    uint32_t Block(uint32_t row, uint32_t column, uint32_t i) const {
        if (row < plainHigh_) {
            return static_cast<uint32_t>(PlainStart() + Planes(column) +
                                         (row * kFractalRows + i) * kFractalRowBytes);
        }
        return blocks_[(size_t{row - plainHigh_} * part_.Wide() + column) * kFractalRows + i];
    }
    void CopyBlock(uint8_t* to, uint32_t block) const {
        if (block < kNowhere) {
            std::memcpy(to, l1_ + block, kFractalRowBytes);
            return;
        }
        const uint64_t value =
            block == kPadding ? issue_.core.registers.imagePadding : ~uint64_t{0};
        for (uint32_t at = 0; at < kFractalRowBytes; at += elementBytes_) {
            std::memcpy(to + at, &value, elementBytes_);
        }
    }
    uint32_t DefinedBytes(uint32_t block, uint32_t column) const {
        if (!issue_.checked || block == kNowhere) {
            return 0;
        }
        const bool last = column % part_.columns == part_.columns - 1;
        const uint32_t asked = last ? part_.lastDefined : ~uint32_t{0};
        return block == kPadding
                   ? asked
                   : asked & issue_.Shadow(kNpuL1).DefinedBytes(block / kFractalRowBytes);
    }

    Issue& issue_;
    NpuMemory memory_;
    uint32_t target_;
    uint32_t elementBytes_;
    const Unfolded& matrix_;
    const Part& part_;
    bool transpose_;
    FractalMove move_;
    const uint8_t* l1_;
    uint8_t* l0_;
    uint32_t plainHigh_ = 0;  // rows of fractals, from the first on, that follow each other in L1
    std::array<uint32_t, kMostBlocks> blocks_;  // where the rows of the other fractals come from
    std::array<uint32_t, kMostBlocks> places_;  // of them those in L1
};

void RequireType(const Issue& issue, NpuMemory memory, NpuType type, const NpuImageLoad& load) {
    const bool known = type == kNpuF16 || type == kNpuBf16 || type == kNpuF32 || type == kNpuS8 ||
                       type == kNpuU8 || type == kNpuS32 || type == kNpuU32;
    const bool transposed = memory == kNpuL0b || load.transpose;
    if (known && !(transposed && TypeBytes(type) == 1)) {
        return;
    }
    issue.Fail(FaultKind::kType, "target",
               std::string("of type ") + TypeName(type) + " in " + MemoryName(memory) +
                   (transposed ? " cannot be transposed" : " is not among the types of images"),
               kImageSource);
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuLoadImage(NpuMemory targetMemory, uint32_t target, uint32_t source, NpuType type,
                  const NpuImageLoad* load) {
    Issue issue(targetMemory == kNpuL0a ? "img2colv2_cbuf_to_ca" : "img2colv2_cbuf_to_cb",
                kNpuPipeMte1);
    const Registers& registers = issue.core.registers;
    RequireType(issue, targetMemory, type, *load);
    issue.RequireAligned("target", targetMemory, target, kFractalBytes, kImageSource);
    issue.RequireAligned("source", kNpuL1, source, kFractalRowBytes, kImageSource);
    const auto& featureMap = registers.featureMap[load->rightFeatureMap ? 1 : 0];
    if (!featureMap.has_value()) {
        issue.Fail(
            FaultKind::kUninitialized, "feature map",
            load->rightFeatureMap ? "of the right side must be set before" : "must be set before",
            "Ascend C API, SetFmatrix");
    }
    if (IsEmpty(*load, *featureMap, registers.imageRepeat)) {
        issue.Commit();
        return;
    }
    const Unfolded matrix = Unfold(issue, source, *featureMap, *load, TypeBytes(type));
    const Part part = PartOf(issue, *load, matrix, TypeBytes(type));
    ImageLoad(issue, targetMemory, target, type, matrix, part,
              targetMemory == kNpuL0b || load->transpose)
        .Run();
}

void NpuSetFeatureMap(bool right, uint64_t config) {
    CurrentCore().registers.featureMap[right ? 1 : 0] = config;
}
void NpuSetImageBoundary(uint64_t bytes) { CurrentCore().registers.imageBoundary = bytes; }
void NpuSetImagePadding(uint64_t value) { CurrentCore().registers.imagePadding = value; }
void NpuSetImageRepeat(uint64_t config) { CurrentCore().registers.imageRepeat = config; }
