// SPDX-License-Identifier: Apache-2.0
// From the registers and parameters of a load to the geometry of what it unfolds.
#include "isa/unfold.h"

#include <string>

namespace npu_model {
namespace {

constexpr const char* kBoundarySource = "Ascend C API, SetLoadDataBoundary";

// A piece of a register.
uint32_t Bits(uint64_t config, uint32_t first, uint32_t count) {
    return static_cast<uint32_t>(config >> first & ((uint64_t{1} << count) - 1));
}

// `count` from `first` on must lie within `size` rows or columns, and be whole fractals (`unit`)
// unless the last fractal is among them.
struct Span {
    const char* name;
    uint32_t first;
    uint32_t count;
    uint32_t unit;
    bool wholeFractals;
};
void RequireSpan(const Issue& issue, const Span& span, uint64_t size) {
    const uint64_t fractals =
        span.first < size ? (size - span.first + span.unit - 1) / span.unit : 0;
    const bool ragged = span.count % span.unit != 0;
    const bool reaches = span.count > (fractals - 1) * span.unit;
    if (fractals != 0 && span.count <= fractals * span.unit &&
        !(ragged && span.wholeFractals && !reaches)) {
        return;
    }
    issue.Fail(FaultKind::kParameter, span.name,
               "(" + std::to_string(span.count) + " from " + std::to_string(span.first) +
                   ") must lie within the " + std::to_string(size) +
                   " of the unfolded image and be a multiple of " + std::to_string(span.unit) +
                   " or reach its last fractal",
               kImageSource);
}

}  // namespace

bool IsEmpty(const NpuImageLoad& load, uint64_t featureMap, uint64_t repeat) {
    const bool noFilter = (load.filterWidth == 0 && !load.widerFilter) ||
                          (load.filterHeight == 0 && !load.higherFilter);
    return noFilter || load.channels == 0 || load.rows == 0 || load.columns == 0 ||
           Bits(featureMap, 0, 16) == 0 || Bits(featureMap, 16, 16) == 0 ||
           Bits(repeat, 16, 8) == 0;
}

Unfolded Unfold(const Issue& issue, uint32_t source, uint64_t featureMap, const NpuImageLoad& load,
                uint32_t elementBytes) {
    const uint32_t block = kFractalRowBytes / elementBytes;
    const auto direction = [&](uint32_t size, uint32_t pads, uint32_t filter, uint32_t stride,
                               uint32_t dilation, const char* const(&names)[4]) {
        issue.RequireRange(names[0], size, 1, 32767, kImageSource);
        issue.RequireRange(names[1], stride, 1, 63, kImageSource);
        issue.RequireRange(names[2], dilation, 1, 255, kImageSource);
        Direction result{size,
                         Bits(featureMap, pads, 8),
                         Bits(featureMap, pads + 8, 8),
                         filter,
                         stride,
                         dilation,
                         0};
        issue.RequireRange(names[3], result.Reach(), 1, result.Padded(), kImageSource);
        result.places = result.CountPlaces();
        return result;
    };
    Unfolded matrix{};
    matrix.wide =
        direction(Bits(featureMap, 0, 16), 32, load.filterWidth + (load.widerFilter ? 256u : 0u),
                  load.strideWidth, load.dilationWidth,
                  {"l1W", "strideW", "dilationFilterW", "width that the filter covers"});
    matrix.high =
        direction(Bits(featureMap, 16, 16), 48, load.filterHeight + (load.higherFilter ? 256u : 0u),
                  load.strideHeight, load.dilationHeight,
                  {"l1H", "strideH", "dilationFilterH", "height that the filter covers"});
    if (load.channels % block != 0) {
        issue.Fail(FaultKind::kParameter, "channelSize",
                   "(" + std::to_string(load.channels) + ") must be a multiple of " +
                       std::to_string(block) +
                       ": the model does not have channels in smaller groups",
                   kImageSource);
    }
    matrix.channelBlocks = load.channels / block;
    matrix.source = source;
    const uint64_t boundary = issue.core.registers.imageBoundary;
    matrix.boundary = boundary == 0 ? ~uint64_t{0} : boundary;
    if (boundary != 0) {
        issue.RequireRange("boundary", boundary, 1024, ~uint64_t{0}, kBoundarySource);
        issue.RequireRange("source address", source, 0, boundary - 1, kBoundarySource);
    }
    return matrix;
}

Part PartOf(const Issue& issue, const NpuImageLoad& load, const Unfolded& matrix,
            uint32_t elementBytes) {
    const uint32_t block = kFractalRowBytes / elementBytes;
    const uint64_t repeat = issue.core.registers.imageRepeat;
    const uint32_t repeats = Bits(repeat, 16, 8);
    const bool sideways = Bits(repeat, 24, 1) != 0;
    const uint32_t step = Bits(repeat, 0, 16) * (sideways ? block : kFractalRows);
    issue.RequireRange("mStartPt", load.firstRow, 0, 32767, kImageSource);
    if (load.firstColumn % block != 0) {
        issue.Fail(FaultKind::kParameter, "kStartPt",
                   "(" + std::to_string(load.firstColumn) + ") must be a multiple of " +
                       std::to_string(block),
                   kImageSource);
    }
    for (const uint32_t shift : {0u, (repeats - 1) * step}) {
        const bool down = repeats > 1 && !sideways;
        RequireSpan(issue,
                    {"mExtension", load.firstRow + (sideways ? 0 : shift), load.rows, kFractalRows,
                     elementBytes != 4 || down},
                    matrix.Rows());
        RequireSpan(
            issue,
            {"kExtension", load.firstColumn + (sideways ? shift : 0), load.columns, block, true},
            uint64_t{matrix.Columns()} * block);
    }
    const uint32_t ragged = load.columns % block * elementBytes;
    return {load.rows,
            CeilDivide(load.columns, block),
            load.firstRow,
            load.firstColumn / block,
            sideways ? 1 : repeats,
            sideways ? repeats : 1,
            sideways ? step / block : step,
            ragged == 0 ? ~uint32_t{0} : (1u << ragged) - 1};
}

}  // namespace npu_model
