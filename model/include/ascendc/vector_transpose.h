// SPDX-License-Identifier: Apache-2.0
// Transpose and TransDataTo5HD.
#pragma once

#include "ascendc/vector_reduce_all.h"

namespace AscendC {

enum class TransposeType : uint8_t {
    TRANSPOSE_TYPE_NONE,
    TRANSPOSE_NZ2ND_0213,
    TRANSPOSE_NZ2NZ_0213,
    TRANSPOSE_NZ2NZ_012_WITH_N,
    TRANSPOSE_NZ2ND_012_WITH_N,
    TRANSPOSE_NZ2ND_012_WITHOUT_N,
    TRANSPOSE_NZ2NZ_012_WITHOUT_N,
    TRANSPOSE_ND2ND_ONLY,
    TRANSPOSE_ND_UB_GM,
    TRANSPOSE_GRAD_ND_UB_GM,
    TRANSPOSE_ND2ND_B16,
    TRANSPOSE_NCHW2NHWC,
    TRANSPOSE_NHWC2NCHW,
};

constexpr int32_t NCHW_CONV_ADDR_LIST_SIZE = 16;

struct TransDataTo5HDParams {
    bool dstHighHalf = false;
    bool srcHighHalf = false;
    uint8_t repeatTimes = 1;
    uint16_t dstRepStride = 0;
    uint16_t srcRepStride = 0;

    TransDataTo5HDParams() = default;
    TransDataTo5HDParams(bool dstHigh, bool srcHigh, uint8_t repeats, uint16_t dstRepeat,
                         uint16_t srcRepeat)
        : dstHighHalf(dstHigh),
          srcHighHalf(srcHigh),
          repeatTimes(repeats),
          dstRepStride(dstRepeat),
          srcRepStride(srcRepeat) {}
};

struct TransposeParamsExt {
    uint16_t nSize = 0;
    uint16_t cSize = 0;
    uint16_t hSize = 0;
    uint16_t wSize = 0;
    TransposeType transposeType = TransposeType::TRANSPOSE_ND2ND_B16;

    TransposeParamsExt() = default;
    TransposeParamsExt(uint16_t n, uint16_t c, uint16_t h, uint16_t w, TransposeType type)
        : nSize(n), cSize(c), hSize(h), wSize(w), transposeType(type) {}
};

namespace detail {

template <typename T>
inline void Rearrange(const TransDataTo5HDParams& params) {
    static_assert(
        SupportType<T, int8_t, uint8_t, int16_t, uint16_t, half, int32_t, uint32_t, float>(),
        "TransDataTo5HD: T must be half, float or an integer of 8, 16 or 32 bits");
    const NpuRearrangeRepeat repeat{params.repeatTimes, params.dstRepStride, params.srcRepStride,
                                    params.dstHighHalf, params.srcHighHalf};
    NpuVectorRearrange(sizeof(T), &repeat);
}

inline void SetAddressRegisters(const uint64_t* dstList, const uint64_t* srcList) {
    NpuSetAddressRegister(0, dstList);
    NpuSetAddressRegister(1, dstList + NCHW_CONV_ADDR_LIST_SIZE / 2);
    NpuSetAddressRegister(2, srcList);
    NpuSetAddressRegister(3, srcList + NCHW_CONV_ADDR_LIST_SIZE / 2);
}

}  // namespace detail

// The 16 blocks at srcList become the columns of the 16 blocks at dstList. A single repeat starts
// one stride behind the lists, so its strides should be 0.
template <typename T>
inline void TransDataTo5HD(uint64_t dstList[NCHW_CONV_ADDR_LIST_SIZE],
                           uint64_t srcList[NCHW_CONV_ADDR_LIST_SIZE],
                           const TransDataTo5HDParams& nchwconvParams) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::SetAddressRegisters(dstList, srcList);
    detail::Rearrange<T>(nchwconvParams);
}

template <typename T>
inline void TransDataTo5HD(const LocalTensor<T> (&dstList)[NCHW_CONV_ADDR_LIST_SIZE],
                           const LocalTensor<T> (&srcList)[NCHW_CONV_ADDR_LIST_SIZE],
                           const TransDataTo5HDParams& nchwconvParams) {
    if (ASCEND_IS_AIC) {
        return;
    }
    uint64_t targets[NCHW_CONV_ADDR_LIST_SIZE];
    uint64_t sources[NCHW_CONV_ADDR_LIST_SIZE];
    for (int32_t i = 0; i < NCHW_CONV_ADDR_LIST_SIZE; ++i) {
        targets[i] = detail::UbAddress("TransDataTo5HD", dstList[i]);
        sources[i] = detail::UbAddress("TransDataTo5HD", srcList[i]);
    }
    TransDataTo5HD<T>(targets, sources, nchwconvParams);
}

// The lists of addresses lie in UB; the first 32 bytes of each are overwritten.
template <typename T>
inline void TransDataTo5HD(const LocalTensor<uint64_t>& dst, const LocalTensor<uint64_t>& src,
                           const TransDataTo5HDParams& nchwconvParams) {
    if (ASCEND_IS_AIC) {
        return;
    }
    // Four block numbers of 13 bits to a word.
    const auto pack = [](const LocalTensor<uint64_t>& list) {
        constexpr uint32_t kWords = 4;
        for (uint32_t word = 0; word < kWords; ++word) {
            uint64_t packed = 0;
            for (uint32_t i = 0; i < kWords; ++i) {
                const uint64_t block = list.GetValue(kWords * word + i) / ONE_BLK_SIZE & 0x1FFF;
                packed |= block << 16 * i;
            }
            list.SetValue(word, packed);
        }
    };
    pack(dst);
    pack(src);
    detail::OrderPipes<HardEvent::S_V>();
    const uint32_t targets = detail::UbAddress("TransDataTo5HD", dst);
    const uint32_t sources = detail::UbAddress("TransDataTo5HD", src);
    NpuLoadAddressRegister(0, targets, false);
    NpuLoadAddressRegister(1, targets, true);
    NpuLoadAddressRegister(2, sources, false);
    NpuLoadAddressRegister(3, sources, true);
    detail::Rearrange<T>(nchwconvParams);
}

// A 16 x 16 matrix.
template <typename T>
inline void Transpose(const LocalTensor<T>& dst, const LocalTensor<T>& src) {
    static_assert(SupportType<T, int16_t, uint16_t, half>(),
                  "Transpose: T must be int16_t, uint16_t or half");
    if (ASCEND_IS_AIC) {
        return;
    }
    NpuVectorTranspose(detail::UbAddress("Transpose", dst), detail::UbAddress("Transpose", src));
}

}  // namespace AscendC
