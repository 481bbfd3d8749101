// SPDX-License-Identifier: Apache-2.0
// DataCopy of the cube side: what fills and empties L1.
#pragma once

#include "ascendc/data_copy_params.h"

namespace AscendC {
namespace detail {

[[noreturn]] inline void FailPosition(const char* function, const char* operand, NpuMemory memory,
                                      const char* allowed) {
    constexpr const char* kNames[] = {"GM", "UB", "L1", "L0A", "L0B", "L0C", "BT", "FB"};
    char text[120];
    std::snprintf(text, sizeof(text), "%s (in %s) must lie in %s", operand, kNames[memory],
                  allowed);
    NpuFrontEndFault(kNpuRulePosition, function, text);
}

// Bytes that the length of a burst into this memory counts.
inline uint32_t BurstUnit(NpuMemory target) {
    return target == kNpuBias ? 64 : target == kNpuFixbuf ? 128 : ONE_BLK_SIZE;
}

// Vector cores ask the cube core of their block to fill L1, by a message to a server that no kernel
// of the model runs.
inline void RequireCubeCore(const char* function) {
    if (ASCEND_IS_AIV) {
        NpuFrontEndFault(kNpuRulePosition, function,
                         "a vector core must not move to L1: it has none, and the model has no "
                         "server for its message to the cube core");
    }
}

template <typename T>
void CopyGmToL1(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const NpuBurst& burst) {
    if (dst.Memory() != kNpuL1) {
        FailPosition("DataCopy", "dst", dst.Memory(), "A1, B1, C1, VECIN, VECCALC or VECOUT");
    }
    RequireCubeCore("DataCopy");
    NpuCopyGmToL1(dst.Address(), GmAddress(src), &burst);
}

template <typename T>
void CopyL1ToGm(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const NpuBurst& burst) {
    if (src.Memory() != kNpuL1) {
        FailPosition("DataCopy", "src", src.Memory(), "A1, B1, C1, VECIN, VECCALC or VECOUT");
    }
    if (ASCEND_IS_AIC) {
        NpuCopyL1ToGm(GmAddress(dst), src.Address(), &burst, MovedType<T>());
    }
}

// half to float on the way to the bias table; otherwise the types are the same.
template <typename T, typename U>
void CopyL1ToBias(const LocalTensor<T>& dst, const LocalTensor<U>& src, const NpuBurst& burst) {
    if (ASCEND_IS_AIC) {
        NpuCopyL1ToBias(dst.Address(), src.Address(), &burst, !std::is_same_v<T, U>);
    }
}

template <typename T>
void CopyFromL1(const LocalTensor<T>& dst, const LocalTensor<T>& src, const NpuBurst& burst) {
    if (src.Memory() != kNpuL1) {
        FailPosition("DataCopy", "src", src.Memory(), "A1, B1, C1, VECIN, VECCALC or VECOUT");
    }
    if (dst.Memory() == kNpuBias) {
        CopyL1ToBias(dst, src, burst);
    } else if (dst.Memory() != kNpuFixbuf) {
        FailPosition("DataCopy", "dst", dst.Memory(), "C2 or C2PIPE2GM");
    } else if (ASCEND_IS_AIC) {
        NpuCopyL1ToFixbuf(dst.Address(), src.Address(), &burst);
    }
}

inline NpuNd2Nz ToNd2Nz(const Nd2NzParams& params, size_t elementBytes) {
    return {params.ndNum,
            params.nValue,
            params.dValue,
            params.srcNdMatrixStride,
            params.srcDValue,
            params.dstNzC0Stride,
            params.dstNzNStride,
            params.dstNzMatrixStride,
            static_cast<uint8_t>(elementBytes)};
}

}  // namespace detail

// Rows of GM to fractals in L1. Pairs of int4b_t move as bytes: the parameters count bytes.
template <typename T>
inline void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src,
                     const Nd2NzParams& params) {
    static_assert(SupportType<T, int4b_t, int8_t, uint8_t, int16_t, uint16_t, half, bfloat16_t,
                              int32_t, uint32_t, float>(),
                  "DataCopy with Nd2NzParams: T must be int4b_t, int8_t, uint8_t, int16_t, "
                  "uint16_t, half, bfloat16_t, int32_t, uint32_t or float");
    if (dst.Memory() != kNpuL1) {
        detail::FailPosition("DataCopy with Nd2NzParams", "dst", dst.Memory(), "A1, B1 or C1");
    }
    detail::RequireCubeCore("DataCopy with Nd2NzParams");
    const NpuNd2Nz shape = detail::ToNd2Nz(params, sizeof(T));
    NpuCopyGmToL1Nd2Nz(dst.Address(), detail::GmAddress(src), &shape);
}

template <typename T, typename U>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<U>& src,
                     const DataCopyParams& params) {
    static_assert(std::is_same_v<T, float> && std::is_same_v<U, half>,
                  "DataCopy between types: from half to float, from L1 to the bias table");
    if (src.Memory() != kNpuL1) {
        detail::FailPosition("DataCopy", "src", src.Memory(), "C1");
    }
    if (dst.Memory() != kNpuBias) {
        detail::FailPosition("DataCopy", "dst", dst.Memory(), "C2");
    }
    detail::CopyL1ToBias(dst, src, detail::ToBurst(params));
}

}  // namespace AscendC
