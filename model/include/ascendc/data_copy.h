// SPDX-License-Identifier: Apache-2.0
// DataCopy and DataCopyPad between GM and UB, and DataCopy within UB. Positions of the cube take
// their way through data_copy_cube.h; slices and fractals: data_copy_slice.h.
#pragma once

#include "ascendc/data_copy_cube.h"

namespace AscendC {
namespace detail {

// One burst of `count` elements; its length counts `unit` bytes.
template <typename T>
DataCopyParams OneBurst(uint32_t count, uint32_t unit = ONE_BLK_SIZE) {
    const uint64_t bytes = uint64_t{count} * sizeof(T);
    if (bytes % unit != 0) {
        char must[40];
        std::snprintf(must, sizeof(must), "be a multiple of %u", unit);
        Fail(kNpuRuleArgument, "DataCopy", "count in bytes", static_cast<int64_t>(bytes), must);
    }
    RequireRange(kNpuRuleArgument, "DataCopy", "count in blocks",
                 static_cast<int64_t>(bytes / unit), 0, UINT16_MAX);
    return {1, static_cast<uint16_t>(bytes / unit), 0, 0};
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
    const NpuBurst burst = detail::ToBurst(params);
    if (dst.Memory() != kNpuUb) {
        detail::CopyGmToL1(dst, src, burst);
    } else if (ASCEND_IS_AIV) {
        detail::RequireElement("DataCopy", src);
        NpuCopyGmToUb(dst.Address(), detail::GmAddress(src), &burst);
    }
}
template <typename T>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params) {
    const NpuBurst burst = detail::ToBurst(params);
    if (src.Memory() != kNpuUb) {
        detail::CopyL1ToGm(dst, src, burst);
    } else if (ASCEND_IS_AIV) {
        detail::RequireElement("DataCopy", dst);
        NpuCopyUbToGm(detail::GmAddress(dst), src.Address(), &burst, detail::MovedType<T>());
    }
}
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                     const DataCopyParams& params) {
    const NpuBurst burst = detail::ToBurst(params);
    if (src.Memory() != kNpuUb) {
        detail::CopyFromL1(dst, src, burst);
    } else if (dst.Memory() != kNpuUb) {
        detail::FailPosition("DataCopy", "dst", dst.Memory(), "VECCALC or VECOUT");
    } else if (ASCEND_IS_AIV) {
        NpuCopyUbToUb(dst.Address(), src.Address(), &burst);
    }
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
    DataCopy(dst, src, detail::OneBurst<T>(count, detail::BurstUnit(dst.Memory())));
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
