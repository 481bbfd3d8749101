// SPDX-License-Identifier: Apache-2.0
// Parameters of LoadData and its kin. Fields that are not described have no effect here.
#pragma once

#include "ascendc/types.h"

namespace AscendC {

constexpr uint8_t PAD_SIZE = 4;

// Fractals of 512 bytes, one a repeat.
struct LoadData2DParams {
    uint16_t startIndex = 0;
    uint16_t dstGap = 0;     // from end to start
    uint16_t srcStride = 0;  // from start to start
    bool ifTranspose = false;
    uint8_t repeatTimes = 0;
    uint8_t sid = 0;
    uint8_t addrMode = 0;  // 1: the source goes down

    LoadData2DParams() = default;
    LoadData2DParams(const uint16_t start, const uint8_t repeats, const uint16_t stride,
                     const uint8_t smmuId, const uint16_t gap, const bool transpose,
                     const uint8_t mode)
        : startIndex(start),
          dstGap(gap),
          srcStride(stride),
          ifTranspose(transpose),
          repeatTimes(repeats),
          sid(smmuId),
          addrMode(mode) {}
};
using LoadData2dParams = LoadData2DParams;

// Squares of one or two fractals, one a repeat; gaps count fractals.
struct LoadData2dTransposeParams {
    uint16_t startIndex = 0;
    uint8_t repeatTimes = 0;
    uint16_t srcStride = 0;   // squares from start to start
    uint16_t dstGap = 0;      // from the first fractal of a square to the first of the next
    uint16_t dstFracGap = 0;  // between the fractals of a square
    uint8_t addrMode = 0;

    LoadData2dTransposeParams() = default;
    LoadData2dTransposeParams(const uint16_t start, const uint8_t repeats, const uint16_t stride,
                              const uint16_t gap, const uint16_t fractalGap, const uint8_t mode)
        : startIndex(start),
          repeatTimes(repeats),
          srcStride(stride),
          dstGap(gap),
          dstFracGap(fractalGap),
          addrMode(mode) {}
    LoadData2dTransposeParams(const uint16_t start, const uint8_t repeats, const uint16_t stride,
                              const uint16_t gap, const uint16_t fractalGap)
        : LoadData2dTransposeParams(start, repeats, stride, gap, fractalGap, 0) {}
};

// Padding on the left, right, top and bottom of an image of l1H x l1W pixels; the part of the
// unfolded matrix; the filter.
template <typename T>
struct LoadData3DParamsV2 {
    uint8_t padList[PAD_SIZE] = {0};
    uint16_t l1H = 0;
    uint16_t l1W = 0;
    uint16_t channelSize = 0;
    uint16_t kExtension = 0;
    uint16_t mExtension = 0;
    uint16_t kStartPt = 0;
    uint16_t mStartPt = 0;
    uint8_t strideW = 1;
    uint8_t strideH = 1;
    uint8_t filterW = 1;
    uint8_t filterH = 1;
    uint8_t dilationFilterW = 1;
    uint8_t dilationFilterH = 1;
    bool enTranspose = false;
    bool enSmallK = false;
    T padValue = 0;
    bool filterSizeW = false;  // adds 256 to filterW
    bool filterSizeH = false;
    bool fMatrixCtrl = false;  // takes the image from the right register

    LoadData3DParamsV2() = default;
    LoadData3DParamsV2(const uint8_t pads[PAD_SIZE], const uint16_t height, const uint16_t width,
                       const uint16_t channels, const uint16_t kCount, const uint16_t mCount,
                       const uint16_t kStart, const uint16_t mStart, const uint8_t strideWide,
                       const uint8_t strideHigh, const uint8_t filterWide, const uint8_t filterHigh,
                       const uint8_t dilationWide, const uint8_t dilationHigh, const bool transpose,
                       const bool smallK, const T padding, const bool widerFilter = false,
                       const bool higherFilter = false, const bool rightMatrix = false)
        : l1H(height),
          l1W(width),
          channelSize(channels),
          kExtension(kCount),
          mExtension(mCount),
          kStartPt(kStart),
          mStartPt(mStart),
          strideW(strideWide),
          strideH(strideHigh),
          filterW(filterWide),
          filterH(filterHigh),
          dilationFilterW(dilationWide),
          dilationFilterH(dilationHigh),
          enTranspose(transpose),
          enSmallK(smallK),
          padValue(padding),
          filterSizeW(widerFilter),
          filterSizeH(higherFilter),
          fMatrixCtrl(rightMatrix) {
        for (int i = 0; i < PAD_SIZE; ++i) {
            padList[i] = pads[i];
        }
    }
};

struct LoadData3DParamsV2Pro {
    uint16_t channelSize = 0;
    bool enTranspose = false;
    bool enSmallK = false;
    bool filterSizeW = false;
    bool filterSizeH = false;
    bool fMatrixCtrl = false;
    uint64_t extConfig = 0;  // from bit 0 on, 16 bits each: kExtension, mExtension, starts of both
    // From bit 0 on, 8 bits each: strides, filter and dilation, width before height.
    uint64_t filterConfig = 0x10101010101;

    LoadData3DParamsV2Pro() = default;
    LoadData3DParamsV2Pro(const uint16_t channels, const bool transpose, const bool smallK,
                          const bool widerFilter, const bool higherFilter, const bool rightMatrix,
                          const uint64_t extension, const uint64_t filter)
        : channelSize(channels),
          enTranspose(transpose),
          enSmallK(smallK),
          filterSizeW(widerFilter),
          filterSizeH(higherFilter),
          fMatrixCtrl(rightMatrix),
          extConfig(extension),
          filterConfig(filter) {}
};

// Which registers a load of an image sets before.
struct IsResetLoad3dConfig {
    bool isSetFMatrix = true;
    bool isSetPadding = true;

    constexpr IsResetLoad3dConfig(const bool setFMatrix, const bool setPadding)
        : isSetFMatrix(setFMatrix), isSetPadding(setPadding) {}
};
constexpr IsResetLoad3dConfig IS_RESER_LOAD3D_DEFAULT_CONFIG = {true, true};

enum class FmatrixMode : uint8_t {
    FMATRIX_LEFT = 0,
    FMATRIX_RIGHT = 1,
};

// Parts that one load of an image takes: below each other (mode 0, stride in 16 rows) or side by
// side (1, stride in 32 bytes).
struct LoadDataRepeatParam {
    uint16_t repeatStride = 0;
    uint8_t repeatTime = 1;
    uint8_t repeatMode = 0;
    uint8_t reserved = 0;

    LoadDataRepeatParam() = default;
    LoadDataRepeatParam(const uint16_t stride, const uint8_t time, const uint8_t mode)
        : repeatStride(stride), repeatTime(time), repeatMode(mode) {}
};

template <typename U>
struct InitConstValueParams {
    uint16_t repeatTimes = 0;
    uint16_t blockNum = 0;  // a repeat
    uint16_t dstGap = 0;    // from end to start
    U initValue = 0;

    InitConstValueParams() = default;
    InitConstValueParams(const uint16_t repeats, const uint16_t blocks, const uint16_t gap,
                         const U value)
        : repeatTimes(repeats), blockNum(blocks), dstGap(gap), initValue(value) {}
    InitConstValueParams(const uint16_t repeats, const U value)
        : repeatTimes(repeats), initValue(value) {}
};

}  // namespace AscendC
