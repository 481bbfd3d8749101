// SPDX-License-Identifier: Apache-2.0
// Fractals, their copies and their transposes.
#include "isa/fractal.h"

#include <cstring>

namespace npu_model {
namespace {

constexpr uint32_t kAllBytes = 0xFFFFFFFFu;

leaf::FractalsFn Transposition(uint32_t elementBytes) {
    const leaf::Table& table = leaf::Active();
    return elementBytes == 1   ? table.transposeFractals1
           : elementBytes == 2 ? table.transposeFractals2
                               : table.transposeFractals4;
}

void Copy(const leaf::FractalRun& run) {
    if (run.targetStride == kFractalBytes && run.sourceStride == kFractalBytes) {
        std::memcpy(run.target, run.source, size_t{run.count} * kFractalBytes);
        return;
    }
    for (uint32_t i = 0; i < run.count; ++i) {
        std::memcpy(run.target + i * run.targetStride, run.source + i * run.sourceStride,
                    kFractalBytes);
    }
}

// One byte for each bit, and back.
void Spread(uint32_t bits, uint8_t* bytes) {
    for (uint32_t i = 0; i < kFractalRowBytes; ++i) {
        bytes[i] = bits >> i & 1;
    }
}
uint32_t Gather(const uint8_t* bytes) {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < kFractalRowBytes; ++i) {
        bits |= uint32_t{bytes[i]} << i;
    }
    return bits;
}

}  // namespace

FractalMove::FractalMove(uint32_t elementBytes, bool transpose)
    : transpose_(transpose ? Transposition(elementBytes) : nullptr),
      unitRows_(transpose && elementBytes == 1 ? 2 * kFractalRows : kFractalRows),
      parts_(transpose && elementBytes != 2 ? 2 : 1),
      partRows_(unitRows_ / parts_) {}

void FractalMove::Run(const leaf::FractalRun& run) const {
    if (transpose_ != nullptr) {
        transpose_(run);
    } else {
        Copy(run);
    }
}

void FractalMove::Carry(const Defined& defined, LocalShadow& shadow, uint64_t target,
                        int64_t part) const {
    uint32_t common = kAllBytes;
    for (uint32_t row = 0; row < unitRows_; ++row) {
        common &= defined[row];
    }
    Defined moved = defined;
    if (transpose_ != nullptr && common != kAllBytes) {
        uint8_t from[kMostRows * kFractalRowBytes];
        uint8_t to[kMostRows * kFractalRowBytes];
        for (uint32_t row = 0; row < unitRows_; ++row) {
            Spread(defined[row], from + row * kFractalRowBytes);
        }
        transpose_({to, 0, int64_t{partRows_} * kFractalRowBytes, from, 0, 1});
        for (uint32_t row = 0; row < unitRows_; ++row) {
            moved[row] = Gather(to + row * kFractalRowBytes);
        }
    }
    for (uint32_t row = 0; row < unitRows_; ++row) {
        const uint64_t at = target + static_cast<uint64_t>(row / partRows_ * part) +
                            row % partRows_ * kFractalRowBytes;
        shadow.SetDefinedBytes(static_cast<uint32_t>(at / kFractalRowBytes), moved[row]);
    }
}

}  // namespace npu_model
