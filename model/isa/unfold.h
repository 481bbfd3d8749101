// SPDX-License-Identifier: Apache-2.0
// The matrix that unfolding an image gives: its size, where its blocks come from, and the part of
// it that one load takes.
#pragma once

#include <algorithm>

#include "core/issue.h"
#include "isa/fractal.h"
#include "isa/load.h"

namespace npu_model {

constexpr const char* kImageSource = "Ascend C API, LoadData of images (3Dv2)";
// Instead of the address of a block of 32 bytes in L1.
constexpr uint32_t kPadding = ~uint32_t{0};
constexpr uint32_t kNowhere = kPadding - 1;  // a row of the last fractal that the load leaves out

inline uint32_t CeilDivide(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

// One direction of the unfolding: sizes of the image, of the filter and of what its places give.
struct Direction {
    uint32_t size;
    uint32_t padBefore;
    uint32_t padAfter;
    uint32_t filter;
    uint32_t stride;
    uint32_t dilation;
    uint32_t places;  // of the filter, once the rest is known

    uint32_t Padded() const { return size + padBefore + padAfter; }
    uint32_t Reach() const { return (filter - 1) * dilation + 1; }
    uint32_t CountPlaces() const { return (Padded() - Reach()) / stride + 1; }
    // Position in the image of point `point` of the filter; `size` or more in the padding.
    uint32_t Position(uint32_t place, uint32_t point) const {
        return place * stride + point * dilation - padBefore;
    }
};

// The matrix that the whole image gives, in blocks of 32 bytes.
struct Unfolded {
    Direction high;
    Direction wide;
    uint32_t channelBlocks;
    uint32_t source;
    uint64_t boundary;  // no address reaches it

    uint32_t Rows() const { return high.places * wide.places; }
    uint32_t Columns() const { return channelBlocks * high.filter * wide.filter; }
    // No filter but a single point and no padding before or beside: row i is pixel i.
    bool IsPlain() const {
        return high.filter == 1 && wide.filter == 1 && high.stride == 1 && wide.stride == 1 &&
               high.padBefore == 0 && wide.padBefore == 0 && wide.padAfter == 0;
    }
    int64_t PlaneBytes() const { return int64_t{high.size} * wide.size * kFractalRowBytes; }

    // One point of the filter in one block of channels: a column.
    struct Point {
        uint32_t channel;
        uint32_t high;
        uint32_t wide;
    };
    Point PointOf(uint32_t column) const {
        const uint32_t point = column % (high.filter * wide.filter);
        return {column / (high.filter * wide.filter), point / wide.filter, point % wide.filter};
    }
    uint32_t Find(uint32_t row, const Point& point) const {
        const uint32_t h = high.Position(row / wide.places, point.high);
        const uint32_t w = wide.Position(row % wide.places, point.wide);
        if (h >= high.size || w >= wide.size) {
            return kPadding;
        }
        const uint64_t pixel = (uint64_t{point.channel} * high.size + h) * wide.size + w;
        const uint64_t address = source + pixel * kFractalRowBytes;
        const uint64_t wrapped = address < boundary ? address : address % boundary;
        return static_cast<uint32_t>(std::min<uint64_t>(wrapped, kNowhere - 1));
    }
};

// What one load takes of it. Columns are blocks. The fractals of all repeats form one matrix.
struct Part {
    uint32_t rows;  // of one repeat
    uint32_t columns;
    uint32_t firstRow;
    uint32_t firstColumn;
    uint32_t rowRepeats;  // one of the two is 1
    uint32_t columnRepeats;
    uint32_t step;         // from repeat to repeat: rows, or columns
    uint32_t lastDefined;  // bytes of the last block that the load asks for, one bit each

    uint32_t RepeatHigh() const { return CeilDivide(rows, kFractalRows); }
    uint32_t High() const { return RepeatHigh() * rowRepeats; }  // fractals
    uint32_t Wide() const { return columns * columnRepeats; }
};

// True when the load does nothing.
bool IsEmpty(const NpuImageLoad& load, uint64_t featureMap, uint64_t repeat);
// Both raise a fault for parameters that are out of range.
Unfolded Unfold(const Issue& issue, uint32_t source, uint64_t featureMap, const NpuImageLoad& load,
                uint32_t elementBytes);
Part PartOf(const Issue& issue, const NpuImageLoad& load, const Unfolded& matrix,
            uint32_t elementBytes);

}  // namespace npu_model
