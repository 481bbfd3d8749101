// SPDX-License-Identifier: Apache-2.0
// DataCopy and DataCopyPad between GM and UB, and DataCopy within UB.
#pragma once

#include "ascendc/tensor.h"

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

// One dimension of a slice: elements startIndex to endIndex, a gap of `stride` elements between
// bursts of burstLen blocks of 32 bytes, of a dimension with shapeValue elements.
struct SliceInfo {
    uint32_t startIndex = 0;
    uint32_t endIndex = 31;
    uint32_t stride = 0;
    uint32_t burstLen = 1;
    uint32_t shapeValue = 0;

    SliceInfo() = default;
    SliceInfo(uint32_t start, uint32_t end, uint32_t gap, uint32_t burst, uint32_t shape)
        : startIndex(start), endIndex(end), stride(gap), burstLen(burst), shapeValue(shape) {}
};

namespace detail {

template <typename T>
uint64_t GmAddress(const GlobalTensor<T>& tensor) {
    return reinterpret_cast<uint64_t>(tensor.GetPhyAddr());
}

inline NpuBurst ToBurst(const DataCopyParams& params) {
    return {params.blockCount, params.blockLen, params.srcStride, params.dstStride};
}

template <typename T>
DataCopyParams OneBurst(uint32_t count) {
    if (count * sizeof(T) % ONE_BLK_SIZE != 0) {
        NpuFrontEndFault(kNpuRuleArgument, "DataCopy",
                         "count times the element size must be a multiple of 32 bytes");
    }
    return {1, static_cast<uint16_t>(count * sizeof(T) / ONE_BLK_SIZE), 0, 0};
}

inline void RequireUb(const char* function, NpuMemory memory) {
    if (memory != kNpuUb) {
        NpuFrontEndFault(kNpuRulePosition, function,
                         "the local tensor must lie in VECIN, VECCALC or VECOUT");
    }
}

// Elements of 8 bytes move as pairs of 4-byte ones.
template <typename T>
NpuAlignedBurst AlignedBurst(const DataCopyExtParams& params, bool isPad, uint32_t left,
                             uint32_t right) {
    constexpr uint32_t kUnits = sizeof(T) == 8 ? 2 : 1;
    return {params.blockCount,
            params.blockLen,
            static_cast<uint8_t>(left * kUnits),
            static_cast<uint8_t>(right * kUnits),
            params.srcStride,
            params.dstStride,
            static_cast<uint8_t>(sizeof(T) / kUnits),
            isPad};
}

}  // namespace detail

// Source: Ascend C API, DataCopy (GM and UB).
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                     const DataCopyParams& params) {
    detail::RequireUb("DataCopy", dst.Memory());
    const NpuBurst burst = detail::ToBurst(params);
    NpuCopyGmToUb(dst.Address(), detail::GmAddress(src), &burst);
}

template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params) {
    detail::RequireUb("DataCopy", src.Memory());
    const NpuBurst burst = detail::ToBurst(params);
    NpuCopyUbToGm(detail::GmAddress(dst), src.Address(), &burst, TypeOf<T>());
}

template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params) {
    detail::RequireUb("DataCopy", dst.Memory());
    detail::RequireUb("DataCopy", src.Memory());
    const NpuBurst burst = detail::ToBurst(params);
    NpuCopyUbToUb(dst.Address(), src.Address(), &burst);
}

template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src, uint32_t count) {
    DataCopy(dst, src, detail::OneBurst<T>(count));
}
template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src, uint32_t count) {
    DataCopy(dst, src, detail::OneBurst<T>(count));
}
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src, uint32_t count) {
    DataCopy(dst, src, detail::OneBurst<T>(count));
}

// Source: Ascend C API, DataCopyPad. Each burst starts on a block of UB; with isPad the rest of
// its last block takes the padding value, otherwise it is undefined.
template <typename T>
inline void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                        const DataCopyExtParams& params, const DataCopyPadExtParams<T>& pad) {
    detail::RequireUb("DataCopyPad", dst.Memory());
    const NpuAlignedBurst burst =
        detail::AlignedBurst<T>(params, pad.isPad, pad.leftPadding, pad.rightPadding);
    if (pad.isPad) {
        NpuSetPadValue(detail::ToBits(pad.paddingValue));
    }
    NpuCopyGmToUbAligned(dst.Address(), detail::GmAddress(src), &burst);
}

template <typename T>
inline void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                        const DataCopyParams& params, const DataCopyPadParams& pad) {
    DataCopyPad(dst, src,
                DataCopyExtParams(params.blockCount, params.blockLen, params.srcStride,
                                  params.dstStride, 0),
                DataCopyPadExtParams<T>(pad.isPad, pad.leftPadding, pad.rightPadding,
                                        detail::FromBits<T>(pad.paddingValue)));
}

template <typename T>
inline void DataCopyPad(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                        const DataCopyExtParams& params) {
    detail::RequireUb("DataCopyPad", src.Memory());
    const NpuAlignedBurst burst = detail::AlignedBurst<T>(params, false, 0, 0);
    NpuCopyUbToGmAligned(detail::GmAddress(dst), src.Address(), &burst, TypeOf<T>());
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
    NpuSetPadValue(detail::ToBits(paddingValue));
}

}  // namespace AscendC
