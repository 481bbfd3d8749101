// SPDX-License-Identifier: Apache-2.0
// ShapeInfo: dimensions that a kernel attaches to a tensor.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ascendc/fault.h"

namespace AscendC {

enum class DataFormat : uint8_t { ND, NZ, NCHW, NC1HWC0, NHWC };

struct ShapeInfo {
    static constexpr uint8_t kMostDims = 8;

    uint8_t shapeDim = 0;
    uint8_t originalShapeDim = 0;
    uint32_t shape[kMostDims] = {};
    uint32_t originalShape[kMostDims] = {};
    DataFormat dataFormat = DataFormat::ND;

    ShapeInfo() = default;
    ShapeInfo(uint8_t inputShapeDim, const uint32_t inputShape[], uint8_t inputOriginalShapeDim,
              const uint32_t inputOriginalShape[], DataFormat inputFormat)
        : shapeDim(inputShapeDim),
          originalShapeDim(inputOriginalShapeDim),
          dataFormat(inputFormat) {
        RequireDims("shapeDim", shapeDim);
        RequireDims("originalShapeDim", originalShapeDim);
        std::copy_n(inputShape, shapeDim, shape);
        std::copy_n(inputOriginalShape, originalShapeDim, originalShape);
    }
    ShapeInfo(uint8_t inputShapeDim, const uint32_t inputShape[], DataFormat inputFormat)
        : ShapeInfo(inputShapeDim, inputShape, inputShapeDim, inputShape, inputFormat) {}
    ShapeInfo(uint8_t inputShapeDim, const uint32_t inputShape[])
        : ShapeInfo(inputShapeDim, inputShape, DataFormat::ND) {}

 private:
    static void RequireDims(const char* argument, uint8_t dims) {
        detail::RequireRange(kNpuRuleArgument, "ShapeInfo", argument, dims, 0, kMostDims);
    }
};

// Elements of the shape.
inline uint64_t GetShapeSize(const ShapeInfo& shapeInfo) {
    uint64_t size = 1;
    for (uint8_t i = 0; i < shapeInfo.shapeDim; ++i) {
        size *= shapeInfo.shape[i];
    }
    return size;
}

}  // namespace AscendC
