// SPDX-License-Identifier: Apache-2.0
// How a load places fractals, as they are or transposed: the bytes, and which of them are defined.
#pragma once

#include <array>

#include "core/access.h"
#include "core/local_shadow.h"
#include "leaf/table.h"

namespace npu_model {

constexpr uint32_t kFractalBytes = 512;
constexpr uint32_t kFractalRows = 16;
constexpr uint32_t kFractalRowBytes = 32;
static_assert(kFractalRowBytes == LocalShadow::kGranule, "a row has one word of shadow");

// The rearrangement of one instruction. A unit is what it treats at once: a fractal, or the 32 rows
// of a transposed square of bytes. A unit gives one part, or two parts with a distance in between.
class FractalMove {
 public:
    static constexpr uint32_t kMostRows = 32;
    using Defined = std::array<uint32_t, kMostRows>;  // by row of a unit, one bit a byte

    FractalMove(uint32_t elementBytes, bool transpose);

    uint32_t UnitRows() const { return unitRows_; }
    uint32_t UnitBytes() const { return unitRows_ * kFractalRowBytes; }

    void Run(const leaf::FractalRun& run) const;
    // The same for the shadow: `defined` of one unit, to the address of its first part.
    void Carry(const Defined& defined, LocalShadow& shadow, uint64_t target, int64_t part) const;

 private:
    leaf::FractalsFn transpose_;  // null to copy
    uint32_t unitRows_;
    uint32_t parts_;
    uint32_t partRows_;
};

}  // namespace npu_model
