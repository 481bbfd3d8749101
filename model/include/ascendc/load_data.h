// SPDX-License-Identifier: Apache-2.0
// LoadData and its kin: fractals into L0A and L0B, plain, transposed or unfolded from an image, and
// constant fills of L1, L0A and L0B. Parameters: load_data_params.h.
#pragma once

#include "ascendc/data_copy_cube.h"
#include "ascendc/load_data_params.h"

namespace AscendC {
namespace detail {

inline void RequireL1ToL0(const char* function, NpuMemory target, NpuMemory source) {
    if (source != kNpuL1) {
        FailPosition(function, "src", source, "A1 or B1");
    }
    if (target != kNpuL0a && target != kNpuL0b) {
        FailPosition(function, "dst", target, "A2 or B2");
    }
}
inline void RequireL1OrL0(const char* function, NpuMemory target) {
    if (target != kNpuL1 && target != kNpuL0a && target != kNpuL0b) {
        FailPosition(function, "dst", target, "A1, B1, A2 or B2");
    }
}

inline NpuFractalLoad ToFractalLoad(const LoadData2DParams& params) {
    return {params.startIndex, params.repeatTimes, params.srcStride, params.dstGap,
            params.ifTranspose};
}

template <class Params>
NpuImageLoad ToImageLoad(const Params& params) {
    NpuImageLoad load{};
    load.widerFilter = params.filterSizeW;
    load.higherFilter = params.filterSizeH;
    load.transpose = params.enTranspose;
    load.rightFeatureMap = params.fMatrixCtrl;
    load.channels = params.channelSize;
    return load;
}

inline void SetFeatureMap(bool right, uint16_t height, uint16_t width, const uint8_t* pads) {
    uint64_t config = uint64_t{width} | uint64_t{height} << 16;
    for (int i = 0; i < PAD_SIZE; ++i) {
        config |= uint64_t{pads[i]} << (32 + 8 * i);
    }
    NpuSetFeatureMap(right, config);
}

template <typename T>
void LoadImage(const LocalTensor<T>& dst, const LocalTensor<T>& src, const NpuImageLoad& load) {
    NpuLoadImage(dst.Memory(), dst.Address(), src.Address(), TypeOf<T>(), &load);
}

}  // namespace detail

// From L1 to L0A or L0B. A vector core has neither: there all of these do nothing.
template <typename T>
void LoadData(const LocalTensor<T>& dst, const LocalTensor<T>& src,
              const LoadData2DParams& loadDataParams) {
    detail::RequireL1ToL0("LoadData", dst.Memory(), src.Memory());
    if (loadDataParams.addrMode != 0) {
        detail::FailArgument("LoadData", "addrMode", loadDataParams.addrMode,
                             "be 0: only loads from GM to L1 go down");
    }
    if (ASCEND_IS_AIC) {
        const NpuFractalLoad load = detail::ToFractalLoad(loadDataParams);
        NpuLoadL1ToL0(dst.Memory(), dst.Address(), src.Address(), TypeOf<T>(), &load);
    }
}

// From GM to L1, L0A or L0B.
template <typename T>
void LoadData(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
              const LoadData2DParams& loadDataParams) {
    const NpuMemory memory = dst.Memory();
    detail::RequireL1OrL0("LoadData", memory);
    if (loadDataParams.ifTranspose) {
        detail::FailArgument("LoadData", "ifTranspose", 1,
                             "be 0: only loads from L1 to L0A and L0B transpose");
    }
    if (loadDataParams.addrMode > (memory == kNpuL1 ? 1 : 0)) {
        detail::FailArgument("LoadData", "addrMode", loadDataParams.addrMode,
                             "be 0, or 1 for loads to L1");
    }
    if (ASCEND_IS_AIC) {
        const NpuFractalLoad load = detail::ToFractalLoad(loadDataParams);
        NpuLoadGm(memory, dst.Address(), detail::GmAddress(src), TypeOf<T>(), &load,
                  loadDataParams.addrMode != 0);
    }
}

template <typename T>
void LoadDataWithTranspose(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                           const LoadData2dTransposeParams& loadDataParams) {
    detail::RequireL1ToL0("LoadDataWithTranspose", dst.Memory(), src.Memory());
    if (loadDataParams.addrMode != 0) {
        detail::FailArgument("LoadDataWithTranspose", "addrMode", loadDataParams.addrMode,
                             "be 0: CANN does not pass it on");
    }
    if (ASCEND_IS_AIC) {
        const NpuSquareLoad load{loadDataParams.startIndex, loadDataParams.repeatTimes,
                                 loadDataParams.srcStride, loadDataParams.dstGap,
                                 loadDataParams.dstFracGap};
        NpuLoadSquares(dst.Memory(), dst.Address(), src.Address(), TypeOf<T>(), &load);
    }
}

// A part of an unfolded image. The registers that describe the image and its padding are set first,
// unless the configuration leaves them as they are.
template <typename T, const IsResetLoad3dConfig& defaultConfig = IS_RESER_LOAD3D_DEFAULT_CONFIG,
          typename U = T, typename std::enable_if<std::is_same<T, U>::value, bool>::type = true>
void LoadData(const LocalTensor<T>& dst, const LocalTensor<T>& src,
              const LoadData3DParamsV2<U>& loadDataParams) {
    if (ASCEND_IS_AIC) {
        if (defaultConfig.isSetFMatrix) {
            detail::SetFeatureMap(false, loadDataParams.l1H, loadDataParams.l1W,
                                  loadDataParams.padList);
        }
        if (defaultConfig.isSetPadding) {
            NpuSetImagePadding(detail::ToBits(loadDataParams.padValue));
        }
    }
    detail::RequireL1ToL0("LoadData", dst.Memory(), src.Memory());
    if (ASCEND_IS_AIC) {
        NpuImageLoad load = detail::ToImageLoad(loadDataParams);
        load.columns = loadDataParams.kExtension;
        load.rows = loadDataParams.mExtension;
        load.firstColumn = loadDataParams.kStartPt;
        load.firstRow = loadDataParams.mStartPt;
        load.strideWidth = loadDataParams.strideW;
        load.strideHeight = loadDataParams.strideH;
        load.filterWidth = loadDataParams.filterW;
        load.filterHeight = loadDataParams.filterH;
        load.dilationWidth = loadDataParams.dilationFilterW;
        load.dilationHeight = loadDataParams.dilationFilterH;
        detail::LoadImage(dst, src, load);
    }
}

// The same with the registers as they are and the parameters packed.
template <typename T>
void LoadData(const LocalTensor<T>& dst, const LocalTensor<T>& src,
              const LoadData3DParamsV2Pro& loadDataParams) {
    detail::RequireL1ToL0("LoadData", dst.Memory(), src.Memory());
    if (ASCEND_IS_AIC) {
        const uint64_t extension = loadDataParams.extConfig;
        const uint64_t filter = loadDataParams.filterConfig;
        NpuImageLoad load = detail::ToImageLoad(loadDataParams);
        load.columns = static_cast<uint16_t>(extension);
        load.rows = static_cast<uint16_t>(extension >> 16);
        load.firstColumn = static_cast<uint16_t>(extension >> 32);
        load.firstRow = static_cast<uint16_t>(extension >> 48);
        load.strideWidth = static_cast<uint8_t>(filter);
        load.strideHeight = static_cast<uint8_t>(filter >> 8);
        load.filterWidth = static_cast<uint8_t>(filter >> 16);
        load.filterHeight = static_cast<uint8_t>(filter >> 24);
        load.dilationWidth = static_cast<uint8_t>(filter >> 32);
        load.dilationHeight = static_cast<uint8_t>(filter >> 40);
        detail::LoadImage(dst, src, load);
    }
}

inline void SetFmatrix(uint16_t l1H, uint16_t l1W, const uint8_t padList[4],
                       const FmatrixMode& fmatrixMode) {
    if (ASCEND_IS_AIC) {
        detail::SetFeatureMap(fmatrixMode == FmatrixMode::FMATRIX_RIGHT, l1H, l1W, padList);
    }
}

template <typename T>
void SetLoadDataPaddingValue(const T padValue) {
    if (ASCEND_IS_AIC) {
        NpuSetImagePadding(detail::ToBits(padValue));
    }
}

// Bytes of L1; source addresses of images from there on start again at 0. 0 is no boundary.
inline void SetLoadDataBoundary(uint32_t boundaryValue) {
    if (ASCEND_IS_AIC) {
        NpuSetImageBoundary(boundaryValue);
    }
}

inline void SetLoadDataRepeat(const LoadDataRepeatParam& repeatParams) {
    detail::RequireRange(kNpuRuleArgument, "SetLoadDataRepeat", "repeatMode",
                         repeatParams.repeatMode, 0, 1);
    if (ASCEND_IS_AIC) {
        NpuSetImageRepeat(uint64_t{repeatParams.repeatStride} |
                          uint64_t{repeatParams.repeatTime} << 16 |
                          uint64_t{repeatParams.repeatMode} << 24);
    }
}

// In blocks of 32 bytes in L1, of 512 bytes in L0A and L0B.
template <typename T, typename U = T,
          typename std::enable_if<std::is_same<T, U>::value, bool>::type = true>
void InitConstValue(const LocalTensor<T>& dst, const InitConstValueParams<U>& params) {
    detail::RequireL1OrL0("InitConstValue", dst.Memory());
    if (ASCEND_IS_AIC) {
        const NpuConstantFill fill{params.repeatTimes, params.blockNum, params.dstGap};
        NpuFillConstant(dst.Memory(), dst.Address(), TypeOf<T>(),
                        static_cast<uint32_t>(detail::ToBits(params.initValue)), &fill);
    }
}
// The newer name.
template <typename T, typename U = T,
          typename std::enable_if<std::is_same<T, U>::value, bool>::type = true>
void Fill(const LocalTensor<T>& dst, const InitConstValueParams<U>& initConstValueParams) {
    InitConstValue(dst, initConstValueParams);
}

}  // namespace AscendC
