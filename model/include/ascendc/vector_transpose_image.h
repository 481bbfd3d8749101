// SPDX-License-Identifier: Apache-2.0
// Transpose between [N, C, H, W] and [N, H, W, C], block by block of the result:
//
//   element --TransDataTo5HD of its block with itself--> a row full of the element
//   rows of the elements of one result block --TransDataTo5HD--> the result block
//
// Each instruction fills 16 blocks of which one matters; the others go to a spare block.
#pragma once

#include "ascendc/vector_transpose.h"

namespace AscendC {
namespace detail {

template <typename T>
class ImageTranspose {
 public:
    ImageTranspose(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                   const LocalTensor<uint8_t>& work, const TransposeParamsExt& params)
        : dst_(UbAddress("Transpose", dst)),
          src_(UbAddress("Transpose", src)),
          rows_(UbAddress("Transpose", work)),
          spare_(rows_ + kBlockElements * ONE_BLK_SIZE) {
        const uint32_t image = uint32_t{params.hSize} * params.wSize;
        const bool toHwc = params.transposeType == TransposeType::TRANSPOSE_NCHW2NHWC;
        matrixRows_ = toHwc ? params.cSize : image;
        matrixColumns_ = toHwc ? image : params.cSize;
    }

    // Transposes matrix `n` of the batch.
    void Run(uint32_t n) const {
        const uint32_t elements = matrixRows_ * matrixColumns_;
        const uint32_t base = n * elements;
        for (uint32_t block = 0; block < elements; block += kBlockElements) {
            for (uint32_t i = 0; i < kBlockElements; ++i) {
                const uint32_t target = block + i;
                const uint32_t source =
                    target % matrixRows_ * matrixColumns_ + target / matrixRows_;
                FillRow(i, base + source);
            }
            for (uint32_t first = 0; first < kBlockElements; first += kLists) {
                JoinRows(first, base + block);
            }
        }
    }

 private:
    static constexpr uint32_t kBlockElements = ONE_BLK_SIZE / sizeof(T);
    static constexpr uint32_t kLists = NCHW_CONV_ADDR_LIST_SIZE;
    static constexpr bool kHalves = sizeof(T) == 1;  // an instruction does half a block
    static constexpr uint32_t kListStep = sizeof(T) == 4 ? 2 : 1;  // target lists of a column

    // Row i of the work space takes element `source` in every lane (the low 16 of 8-bit types).
    void FillRow(uint32_t row, uint32_t source) const {
        const uint32_t lane = source % kBlockElements;
        uint64_t targets[kLists];
        uint64_t sources[kLists];
        for (uint32_t i = 0; i < kLists; ++i) {
            targets[i] = spare_;
            sources[i] = src_ + source / kBlockElements * ONE_BLK_SIZE;
        }
        targets[kHalves ? lane % kLists : lane * kListStep] = rows_ + row * ONE_BLK_SIZE;
        Apply(targets, sources, false, kHalves && lane >= kLists);
    }

    // Rows first .. first + 15 become elements of the result block.
    void JoinRows(uint32_t first, uint32_t target) const {
        uint64_t targets[kLists];
        uint64_t sources[kLists];
        for (uint32_t i = 0; i < kLists; ++i) {
            targets[i] = spare_;
            sources[i] = rows_ + (first + i % kBlockElements) * ONE_BLK_SIZE;
        }
        targets[0] = dst_ + target * sizeof(T);
        Apply(targets, sources, kHalves && first != 0, false);
    }

    static void Apply(uint64_t* targets, uint64_t* sources, bool dstHigh, bool srcHigh) {
        TransDataTo5HD<T>(targets, sources, {dstHigh, srcHigh, 1, 0, 0});
        PipeBarrier<PIPE_V>();
    }

    uint32_t dst_;
    uint32_t src_;
    uint32_t rows_;  // one block for each element of a result block
    uint32_t spare_;
    uint32_t matrixRows_;
    uint32_t matrixColumns_;
};

// Bytes of work space, as the documentation has them.
template <typename T>
constexpr uint32_t TransposeWorkBytes(TransposeType type, uint32_t cSize) {
    constexpr uint32_t kTileBytes = (sizeof(T) == 1 ? 32 : 16) * ONE_BLK_SIZE;
    return (type == TransposeType::TRANSPOSE_NCHW2NHWC ? cSize + 2 : 2 * cSize + 1) * kTileBytes;
}

template <typename T>
inline void RequireMatrix(const TransposeParamsExt& params) {
    if (!std::is_same_v<T, uint16_t>) {
        FailArgument("Transpose", "bits of T", 8 * sizeof(T),
                     "be those of uint16_t with TRANSPOSE_ND2ND_B16");
    }
    if (params.hSize != NCHW_CONV_ADDR_LIST_SIZE || params.wSize != NCHW_CONV_ADDR_LIST_SIZE) {
        FailArgument("Transpose", "hSize * wSize", int64_t{params.hSize} * params.wSize,
                     "be 16 * 16 with TRANSPOSE_ND2ND_B16");
    }
}

template <typename T>
inline void RequireImage(const LocalTensor<uint8_t>& work, const TransposeParamsExt& params) {
    constexpr uint32_t kMost = 4095;
    if (params.transposeType != TransposeType::TRANSPOSE_NCHW2NHWC &&
        params.transposeType != TransposeType::TRANSPOSE_NHWC2NCHW) {
        FailArgument("Transpose", "transposeType", static_cast<int64_t>(params.transposeType),
                     "be 0, 10, 11 or 12: the others are not supported on Ascend 910B");
    }
    const uint32_t image = uint32_t{params.hSize} * params.wSize;
    if (params.cSize > kMost) {
        FailArgument("Transpose", "cSize", params.cSize, "be in 0..4095");
    }
    if (image > kMost) {
        FailArgument("Transpose", "hSize * wSize", image, "be in 0..4095");
    }
    if (image * sizeof(T) % ONE_BLK_SIZE != 0) {
        FailArgument("Transpose", "hSize * wSize in bytes", static_cast<int64_t>(image * sizeof(T)),
                     "be a multiple of 32");
    }
    const uint32_t needed = TransposeWorkBytes<T>(params.transposeType, params.cSize);
    if (params.cSize > 1 && work.GetSize() < needed) {
        char rule[64];
        std::snprintf(rule, sizeof(rule), "be at least %u bytes", needed);
        FailArgument("Transpose", "size of sharedTmpBuffer", work.GetSize(), rule);
    }
}

}  // namespace detail

// TRANSPOSE_ND2ND_B16: a 16 x 16 matrix. TRANSPOSE_NCHW2NHWC and TRANSPOSE_NHWC2NCHW: images.
template <typename T>
inline void Transpose(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                      const LocalTensor<uint8_t>& sharedTmpBuffer,
                      const TransposeParamsExt& transposeParams) {
    const TransposeType type = transposeParams.transposeType;
    if (ASCEND_IS_AIC || type == TransposeType::TRANSPOSE_TYPE_NONE) {
        return;
    }
    if (type == TransposeType::TRANSPOSE_ND2ND_B16) {
        detail::RequireMatrix<T>(transposeParams);
        NpuVectorTranspose(detail::UbAddress("Transpose", dst),
                           detail::UbAddress("Transpose", src));
        return;
    }
    detail::RequireImage<T>(sharedTmpBuffer, transposeParams);
    const uint32_t image = uint32_t{transposeParams.hSize} * transposeParams.wSize;
    if (transposeParams.cSize == 1) {
        DataCopy(dst, src, uint32_t{transposeParams.nSize} * image);
        return;
    }
    const detail::ImageTranspose<T> transpose(dst, src, sharedTmpBuffer, transposeParams);
    for (uint32_t n = 0; n < transposeParams.nSize; ++n) {
        transpose.Run(n);
    }
}

}  // namespace AscendC
