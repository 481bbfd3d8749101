// SPDX-License-Identifier: Apache-2.0
// Parameter structs of DataCopy and DataCopyPad, and how moves see tensors.
#pragma once

#include "ascendc/tensor.h"

enum pad_t : uint8_t { PAD_NONE };

namespace AscendC {

// Bursts of whole 32-byte blocks; lengths and gaps count blocks.
struct DataCopyParams {
    uint16_t blockCount = 1;
    uint16_t blockLen = 0;
    uint16_t srcStride = 0;
    uint16_t dstStride = 0;

    DataCopyParams() = default;
    DataCopyParams(uint16_t count, uint16_t len, uint16_t srcGap, uint16_t dstGap)
        : blockCount(count), blockLen(len), srcStride(srcGap), dstStride(dstGap) {}
};

enum class BlockMode : uint8_t {
    BLOCK_MODE_NORMAL,
    BLOCK_MODE_MATRIX,
    BLOCK_MODE_VECTOR,
    BLOCK_MODE_SMALL_CHANNEL,
    BLOCK_MODE_DEPTHWISE,
};
enum class DeqScale : uint8_t { DEQ_NONE, DEQ, VDEQ, DEQ8, VDEQ8, DEQ16, VDEQ16 };

// For paths of the cube; between GM and UB they have no effect.
struct DataCopyEnhancedParams {
    BlockMode blockMode = BlockMode::BLOCK_MODE_NORMAL;
    DeqScale deqScale = DeqScale::DEQ_NONE;
    uint64_t deqValue = 0;
    uint8_t sidStoreMode = 0;
    bool isRelu = false;
    pad_t padMode = PAD_NONE;
    uint64_t padValue = 0;
    uint64_t deqTensorAddr = 0;

    DataCopyEnhancedParams() = default;
    DataCopyEnhancedParams(BlockMode block, DeqScale scale, uint64_t value, uint8_t storeMode,
                           bool relu, pad_t pad, uint64_t padBits)
        : blockMode(block),
          deqScale(scale),
          deqValue(value),
          sidStoreMode(storeMode),
          isRelu(relu),
          padMode(pad),
          padValue(padBits) {}
};

// Bursts of bytes; gaps count bytes on the GM side and blocks on the UB side.
struct DataCopyExtParams {
    uint16_t blockCount = 1;
    uint32_t blockLen = 0;
    uint32_t srcStride = 0;
    uint32_t dstStride = 0;
    uint32_t rsv = 0;

    DataCopyExtParams() = default;
    DataCopyExtParams(uint16_t count, uint32_t len, uint32_t srcGap, uint32_t dstGap,
                      uint32_t reserved)
        : blockCount(count), blockLen(len), srcStride(srcGap), dstStride(dstGap), rsv(reserved) {}
};

struct DataCopyPadParams {
    bool isPad = false;
    uint8_t leftPadding = 0;
    uint8_t rightPadding = 0;
    uint64_t paddingValue = 0;

    DataCopyPadParams() = default;
    DataCopyPadParams(bool pad, uint8_t left, uint8_t right, uint64_t value)
        : isPad(pad), leftPadding(left), rightPadding(right), paddingValue(value) {}
};

template <typename T>
struct DataCopyPadExtParams {
    bool isPad = false;
    uint8_t leftPadding = 0;
    uint8_t rightPadding = 0;
    T paddingValue{};

    DataCopyPadExtParams() = default;
    DataCopyPadExtParams(bool pad, uint8_t left, uint8_t right, T value)
        : isPad(pad), leftPadding(left), rightPadding(right), paddingValue(value) {}
};

// ND to NZ: ndNum matrices of nValue rows of dValue elements. Fractals of 32 bytes a row are
// dstNzC0Stride blocks of 32 bytes apart, rows of one fractal dstNzNStride blocks.
struct Nd2NzParams {
    uint16_t ndNum = 0;
    uint16_t nValue = 0;
    uint16_t dValue = 0;
    uint16_t srcNdMatrixStride = 0;  // elements
    uint16_t srcDValue = 0;          // elements from row to row
    uint16_t dstNzC0Stride = 0;
    uint16_t dstNzNStride = 0;
    uint16_t dstNzMatrixStride = 0;  // elements

    Nd2NzParams() = default;
    Nd2NzParams(uint16_t matrices, uint16_t n, uint16_t d, uint16_t srcMatrix, uint16_t srcD,
                uint16_t dstC0, uint16_t dstN, uint16_t dstMatrix)
        : ndNum(matrices),
          nValue(n),
          dValue(d),
          srcNdMatrixStride(srcMatrix),
          srcDValue(srcD),
          dstNzC0Stride(dstC0),
          dstNzNStride(dstN),
          dstNzMatrixStride(dstMatrix) {}
};

namespace detail {

template <typename T>
uint64_t GmAddress(const GlobalTensor<T>& tensor) {
    return reinterpret_cast<uint64_t>(tensor.GetPhyAddr());
}

// Moves do not look at elements, so they also take double.
template <typename T>
constexpr NpuType MovedType() {
    if constexpr (std::is_same_v<T, double>) {
        return kNpuU64;
    } else {
        return TypeOf<T>();
    }
}

inline NpuBurst ToBurst(const DataCopyParams& params) {
    return {params.blockCount, params.blockLen, params.srcStride, params.dstStride};
}

}  // namespace detail
}  // namespace AscendC
