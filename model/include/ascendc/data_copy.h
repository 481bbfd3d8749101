// SPDX-License-Identifier: Apache-2.0
// DataCopy and DataCopyPad between GM and UB, and DataCopy within UB. Slices and fractals:
// data_copy_slice.h.
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

template <typename T>
DataCopyParams OneBurst(uint32_t count) {
    const uint64_t bytes = uint64_t{count} * sizeof(T);
    if (bytes % ONE_BLK_SIZE != 0) {
        Fail(kNpuRuleArgument, "DataCopy", "count in bytes", static_cast<int64_t>(bytes),
             "be a multiple of 32");
    }
    RequireRange(kNpuRuleArgument, "DataCopy", "count in blocks",
                 static_cast<int64_t>(bytes / ONE_BLK_SIZE), 0, UINT16_MAX);
    return {1, static_cast<uint16_t>(bytes / ONE_BLK_SIZE), 0, 0};
}

inline void RequireUb(const char* function, NpuMemory memory) {
    if (memory != kNpuUb) {
        NpuFrontEndFault(kNpuRulePosition, function,
                         "the local tensor must lie in VECIN, VECCALC or VECOUT");
    }
}

// Moves of blocks take GM addresses of whole elements; padded moves take any byte.
template <typename T>
void RequireElement(const char* function, const GlobalTensor<T>& tensor) {
    if (GmAddress(tensor) % sizeof(T) != 0) {
        Fail(kNpuRuleArgument, function, "GM address", static_cast<int64_t>(GmAddress(tensor)),
             "be a multiple of the element size");
    }
}

// Elements of 8 bytes move as pairs of 4-byte ones.
template <typename T>
NpuAlignedBurst AlignedBurst(const DataCopyExtParams& params, uint32_t left, uint32_t right) {
    constexpr uint32_t kUnits = sizeof(T) == 8 ? 2 : 1;
    if (params.blockLen % sizeof(T) != 0) {
        Fail(kNpuRuleArgument, "DataCopyPad", "blockLen", params.blockLen,
             "be a multiple of the element size");
    }
    return {params.blockCount,
            params.blockLen,
            static_cast<uint8_t>(left * kUnits),
            static_cast<uint8_t>(right * kUnits),
            params.srcStride,
            params.dstStride,
            static_cast<uint8_t>(sizeof(T) / kUnits)};
}

template <typename T>
void RequirePadding(bool isPad, uint32_t left, uint32_t right, uint64_t valueBits) {
    RequireRange(kNpuRuleArgument, "DataCopyPad", "leftPadding in bytes",
                 static_cast<int64_t>(left * sizeof(T)), 0, ONE_BLK_SIZE);
    RequireRange(kNpuRuleArgument, "DataCopyPad", "rightPadding in bytes",
                 static_cast<int64_t>(right * sizeof(T)), 0, ONE_BLK_SIZE);
    if (sizeof(T) == 8 && isPad && valueBits != 0) {
        Fail(kNpuRuleArgument, "DataCopyPad", "paddingValue", static_cast<int64_t>(valueBits),
             "be 0 for types of 64 bits");
    }
}

template <typename T>
void CopyPadded(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                const DataCopyExtParams& params, bool isPad, uint32_t left, uint32_t right,
                uint64_t valueBits) {
    if (ASCEND_IS_AIC) {
        return;
    }
    RequireUb("DataCopyPad", dst.Memory());
    RequirePadding<T>(isPad, left, right, valueBits);
    const NpuAlignedBurst burst = AlignedBurst<T>(params, left, right);
    if (isPad) {
        NpuSetPadValue(valueBits);
    }
    NpuCopyGmToUbAligned(dst.Address(), GmAddress(src), &burst);
}

}  // namespace detail

template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                     const DataCopyParams& params) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireUb("DataCopy", dst.Memory());
    detail::RequireElement("DataCopy", src);
    const NpuBurst burst = detail::ToBurst(params);
    NpuCopyGmToUb(dst.Address(), detail::GmAddress(src), &burst);
}
template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireUb("DataCopy", src.Memory());
    detail::RequireElement("DataCopy", dst);
    const NpuBurst burst = detail::ToBurst(params);
    NpuCopyUbToGm(detail::GmAddress(dst), src.Address(), &burst, detail::MovedType<T>());
}
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireUb("DataCopy", dst.Memory());
    detail::RequireUb("DataCopy", src.Memory());
    const NpuBurst burst = detail::ToBurst(params);
    NpuCopyUbToUb(dst.Address(), src.Address(), &burst);
}

template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                     const DataCopyParams& params, const DataCopyEnhancedParams&) {
    DataCopy(dst, src, params);
}
template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params, const DataCopyEnhancedParams&) {
    DataCopy(dst, src, params);
}
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params, const DataCopyEnhancedParams&) {
    static_assert(SupportType<T, half, bfloat16_t, float, int32_t, uint32_t>(),
                  "DataCopy within local memory with DataCopyEnhancedParams: T must be half, "
                  "bfloat16_t, float, int32_t or uint32_t");
    DataCopy(dst, src, params);
}

template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const uint32_t count) {
    DataCopy(dst, src, detail::OneBurst<T>(count));
}
template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const uint32_t count) {
    DataCopy(dst, src, detail::OneBurst<T>(count));
}
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src, const uint32_t count) {
    DataCopy(dst, src, detail::OneBurst<T>(count));
}

// Each burst starts on a block of UB. Padding, and what fills the last block, has the value of
// isPad or of SetPadValue; without any padding the burst's first element fills the last block.
template <typename T>
inline void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                        const DataCopyExtParams& params, const DataCopyPadExtParams<T>& pad) {
    detail::CopyPadded(dst, src, params, pad.isPad, pad.leftPadding, pad.rightPadding,
                       detail::ToBits(pad.paddingValue));
}
template <typename T>
inline void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                        const DataCopyParams& params, const DataCopyPadParams& pad) {
    const DataCopyExtParams bytes(params.blockCount, params.blockLen, params.srcStride,
                                  params.dstStride, 0);
    detail::CopyPadded(dst, src, bytes, pad.isPad, pad.leftPadding, pad.rightPadding,
                       pad.paddingValue);
}

template <typename T>
inline void DataCopyPad(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                        const DataCopyExtParams& params) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireUb("DataCopyPad", src.Memory());
    const NpuAlignedBurst burst = detail::AlignedBurst<T>(params, 0, 0);
    NpuCopyUbToGmAligned(detail::GmAddress(dst), src.Address(), &burst, detail::MovedType<T>());
}
template <typename T>
inline void DataCopyPad(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                        const DataCopyParams& params) {
    DataCopyPad(dst, src,
                DataCopyExtParams(params.blockCount, params.blockLen, params.srcStride,
                                  params.dstStride, 0));
}

template <typename T, TPosition pos = TPosition::MAX>
inline void SetPadValue(T paddingValue) {
    if (ASCEND_IS_AIV) {
        NpuSetPadValue(detail::ToBits(paddingValue));
    }
}

}  // namespace AscendC
