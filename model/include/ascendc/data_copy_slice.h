// SPDX-License-Identifier: Apache-2.0
// DataCopy of slices of a tensor, and from fractals (NZ) to rows (ND). Both are loops over moves.
#pragma once

#include "ascendc/data_copy.h"

namespace AscendC {

// One dimension of a slice: elements startIndex to endIndex in bursts of burstLen blocks of 32
// bytes, `stride` elements apart, of a dimension with shapeValue elements.
struct SliceInfo {
    uint32_t startIndex = 0;
    uint32_t endIndex = ONE_BLK_SIZE - 1;
    uint32_t stride = 0;
    uint32_t burstLen = ONE_BLK_SIZE;
    uint32_t shapeValue = 0;

    SliceInfo() = default;
    SliceInfo(uint32_t start, uint32_t end, uint32_t gap, uint32_t burst, uint32_t shape = 0)
        : startIndex(start), endIndex(end), stride(gap), burstLen(burst), shapeValue(shape) {}
};

// Matrices of 16-element columns: a column is nValue rows of 16 elements, one behind the other.
struct Nz2NdParamsFull {
    uint16_t ndNum = 1;
    uint16_t nValue = 0;             // rows
    uint16_t dValue = 0;             // elements of a row
    uint16_t srcNdMatrixStride = 1;  // 16 x 16 elements
    uint16_t srcNStride = 0;         // between columns, in 16 elements
    uint16_t dstDStride = 0;         // elements
    uint16_t dstNdMatrixStride = 1;  // elements

    Nz2NdParamsFull() = default;
    Nz2NdParamsFull(uint16_t matrices, uint16_t n, uint16_t d, uint16_t srcMatrix, uint16_t srcN,
                    uint16_t dstD, uint16_t dstMatrix)
        : ndNum(matrices),
          nValue(n),
          dValue(d),
          srcNdMatrixStride(srcMatrix),
          srcNStride(srcN),
          dstDStride(dstD),
          dstNdMatrixStride(dstMatrix) {}
};

namespace detail {

constexpr uint32_t kMostSliceDims = 8;
constexpr uint32_t kMostSlices = 1536;

// The bursts of one operand: where each starts, and how many there are.
template <typename T>
class Slices {
 public:
    Slices(const SliceInfo* info, const ShapeInfo& shape, bool shapeOfInfo, uint32_t dims)
        : info_(info), dims_(dims) {
        for (uint32_t i = 0; i < dims; ++i) {
            lengths_[i] = shapeOfInfo ? info[i].shapeValue : shape.shape[i];
            RequireDimension(i);
        }
    }

    // Bursts of one row (the first dimension), and rows.
    uint32_t Bursts() const { return Count(0); }
    uint32_t Rows() const {
        uint32_t rows = 1;
        for (uint32_t i = 1; i < dims_; ++i) {
            rows *= Count(i);
        }
        return rows;
    }
    // First element of a row of the slice.
    uint32_t Start(uint32_t row) const {
        uint32_t start = info_[0].startIndex;
        uint32_t elements = 1;  // of one step in the dimension
        for (uint32_t i = 1; i < dims_; ++i) {
            elements *= lengths_[i - 1];
            start += elements * (info_[i].startIndex + row % Count(i) * (1 + info_[i].stride));
            row /= Count(i);
        }
        return start;
    }
    uint32_t GapBytes() const { return info_[0].stride * static_cast<uint32_t>(sizeof(T)); }

 private:
    // Elements of a burst, or rows in the dimensions above the first.
    uint32_t Length(uint32_t dim) const {
        constexpr uint32_t kPerBlock = ONE_BLK_SIZE / sizeof(T);
        return dim == 0 ? info_[0].burstLen * kPerBlock : info_[dim].burstLen;
    }
    uint32_t Count(uint32_t dim) const {
        const SliceInfo& info = info_[dim];
        return (info.endIndex - info.startIndex + 1 + info.stride) / (Length(dim) + info.stride);
    }

    void RequireDimension(uint32_t dim) const {
        const SliceInfo& info = info_[dim];
        const auto fail = [](const char* argument, uint32_t value, const char* must) {
            Fail(kNpuRuleArgument, "DataCopy", argument, value, must);
        };
        if (info.startIndex > info.endIndex || info.endIndex > lengths_[dim]) {
            fail("endIndex of a slice", info.endIndex,
                 "be at least startIndex and at most the length of the dimension");
        }
        if (info.burstLen == 0 || (dim > 0 && info.burstLen != 1)) {
            fail("burstLen of a slice", info.burstLen,
                 "be at least 1 in the first dimension and 1 in the others");
        }
        const uint32_t bursts = Count(dim);
        if (bursts * (Length(dim) + info.stride) !=
            info.endIndex - info.startIndex + 1 + info.stride) {
            fail("endIndex of a slice", info.endIndex, "end a whole number of bursts");
        }
    }

    const SliceInfo* info_;
    uint32_t dims_;
    uint32_t lengths_[kMostSliceDims];
};

// What both sides of a sliced move have to agree on.
template <typename T>
inline void RequireSameSlices(const Slices<T>& dst, const Slices<T>& src,
                              const SliceInfo dstSliceInfo[], const SliceInfo srcSliceInfo[]) {
    if (dstSliceInfo[0].burstLen != srcSliceInfo[0].burstLen) {
        Fail(kNpuRuleArgument, "DataCopy", "burstLen of dst", dstSliceInfo[0].burstLen,
             "be that of src");
    }
    if (dst.Bursts() != src.Bursts() || dst.Rows() != src.Rows()) {
        Fail(kNpuRuleArgument, "DataCopy", "bursts of dst", int64_t{dst.Bursts()} * dst.Rows(),
             "be as many as those of src, row by row");
    }
    RequireRange(kNpuRuleArgument, "DataCopy", "slices", src.Rows(), 0, kMostSlices);
}

template <typename T>
inline void RequireSliceDims(uint32_t dimValue) {
    static_assert(sizeof(T) <= 4, "DataCopy of slices: T must have at most 32 bits");
    RequireRange(kNpuRuleArgument, "DataCopy", "dimValue", dimValue, 1, kMostSliceDims);
}

// A gap on the UB side, in blocks.
inline uint32_t UbGap(uint32_t bytes) {
    if (bytes % ONE_BLK_SIZE != 0) {
        Fail(kNpuRuleArgument, "DataCopy", "stride of the local slice in bytes", bytes,
             "be a multiple of 32");
    }
    return bytes / ONE_BLK_SIZE;
}

}  // namespace detail

// The slices of src one after the other to those of dst. Shapes come from the first SliceInfo of
// src, or where that has none from the tensors.
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                     const SliceInfo dstSliceInfo[], const SliceInfo srcSliceInfo[],
                     const uint32_t dimValue = 1) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireSliceDims<T>(dimValue);
    const bool shapeOfInfo = srcSliceInfo[0].shapeValue != 0;
    const detail::Slices<T> to(dstSliceInfo, dst.GetShapeInfo(), shapeOfInfo, dimValue);
    const detail::Slices<T> from(srcSliceInfo, src.GetShapeInfo(), shapeOfInfo, dimValue);
    detail::RequireSameSlices(to, from, dstSliceInfo, srcSliceInfo);
    const uint32_t ubGap = detail::UbGap(to.GapBytes());
    const auto count = static_cast<uint16_t>(from.Bursts());
    const auto blocks = static_cast<uint16_t>(srcSliceInfo[0].burstLen);
    for (uint32_t row = 0; row < from.Rows(); ++row) {
        if (from.GapBytes() % ONE_BLK_SIZE == 0) {
            DataCopy(
                dst[to.Start(row)], src[from.Start(row)],
                DataCopyParams(count, blocks, static_cast<uint16_t>(from.GapBytes() / ONE_BLK_SIZE),
                               static_cast<uint16_t>(ubGap)));
        } else {
            DataCopyPad(dst[to.Start(row)], src[from.Start(row)],
                        DataCopyExtParams(count, blocks * ONE_BLK_SIZE, from.GapBytes(), ubGap, 0),
                        DataCopyPadExtParams<T>());
        }
    }
}

template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                     const SliceInfo dstSliceInfo[], const SliceInfo srcSliceInfo[],
                     const uint32_t dimValue = 1) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireSliceDims<T>(dimValue);
    const bool shapeOfInfo = srcSliceInfo[0].shapeValue != 0;
    const detail::Slices<T> to(dstSliceInfo, dst.GetShapeInfo(), shapeOfInfo, dimValue);
    const detail::Slices<T> from(srcSliceInfo, src.GetShapeInfo(), shapeOfInfo, dimValue);
    detail::RequireSameSlices(to, from, dstSliceInfo, srcSliceInfo);
    const uint32_t ubGap = detail::UbGap(from.GapBytes());
    const auto count = static_cast<uint16_t>(from.Bursts());
    const auto blocks = static_cast<uint16_t>(srcSliceInfo[0].burstLen);
    for (uint32_t row = 0; row < from.Rows(); ++row) {
        if (to.GapBytes() % ONE_BLK_SIZE == 0) {
            DataCopy(dst[to.Start(row)], src[from.Start(row)],
                     DataCopyParams(count, blocks, static_cast<uint16_t>(ubGap),
                                    static_cast<uint16_t>(to.GapBytes() / ONE_BLK_SIZE)));
        } else {
            DataCopyPad(dst[to.Start(row)], src[from.Start(row)],
                        DataCopyExtParams(count, blocks * ONE_BLK_SIZE, ubGap, to.GapBytes(), 0));
        }
    }
}

namespace detail {

inline void RequireNz2Nd(const Nz2NdParamsFull& params) {
    const auto require = [](const char* argument, int64_t value, int64_t low, int64_t high) {
        RequireRange(kNpuRuleArgument, "DataCopy", argument, value, low, high);
    };
    require("ndNum", params.ndNum, 0, 4095);
    require("nValue", params.nValue, 1, 8192);
    require("dValue", params.dValue, 1, 8192);
    require("srcNdMatrixStride", params.srcNdMatrixStride, 1, 512);
    require("srcNStride", params.srcNStride, 0, 4095);
    require("dstDStride", params.dstDStride, 1, UINT16_MAX);
    require("dstNdMatrixStride", params.dstNdMatrixStride, 1, UINT16_MAX);
    if (params.dValue % 16 != 0) {
        Fail(kNpuRuleArgument, "DataCopy", "dValue", params.dValue, "be a multiple of 16");
    }
}

}  // namespace detail

// Columns of 16 elements in UB become parts of rows in GM.
template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                     const Nz2NdParamsFull& params) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4, "DataCopy NZ to ND: T must have 16 or 32 bits");
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireNz2Nd(params);
    constexpr uint32_t kColumn = 16;  // elements
    constexpr uint32_t kMostRows = 4095;
    for (uint32_t matrix = 0; matrix < params.ndNum; ++matrix) {
        for (uint32_t column = 0; column * kColumn < params.dValue; ++column) {
            for (uint32_t row = 0; row < params.nValue; row += kMostRows) {
                const uint32_t left = params.nValue - row;
                const auto rows = static_cast<uint16_t>(left < kMostRows ? left : kMostRows);
                const uint32_t to =
                    matrix * params.dstNdMatrixStride + column * kColumn + row * params.dstDStride;
                const uint32_t from = matrix * params.srcNdMatrixStride * kColumn * kColumn +
                                      (column * params.srcNStride + row) * kColumn;
                DataCopyPad(
                    dst[to], src[from],
                    DataCopyExtParams(
                        rows, kColumn * static_cast<uint32_t>(sizeof(T)), 0,
                        (params.dstDStride - kColumn) * static_cast<uint32_t>(sizeof(T)), 0));
            }
        }
    }
}

}  // namespace AscendC
