// SPDX-License-Identifier: Apache-2.0
// Brcb, Gather, Gatherb, GatherMask.
#pragma once

#include "ascendc/vector_mask.h"

namespace AscendC {

struct BrcbRepeatParams {
    uint32_t blockNumber = 8;
    uint16_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint16_t dstBlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src0BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src1BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src0RepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src1RepStride = DEFAULT_REPEAT_STRIDE;
    bool repeatStrideMode = false;
    bool strideSizeMode = false;

    BrcbRepeatParams() = default;
    BrcbRepeatParams(uint16_t dstBlock, uint16_t dstRepeat)
        : dstRepStride(dstRepeat), dstBlkStride(dstBlock) {}
};

struct GatherRepeatParams {
    uint32_t blockNumber = 8;
    uint16_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t dstBlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src0BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src1BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src0RepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src1RepStride = DEFAULT_REPEAT_STRIDE;
    bool repeatStrideMode = false;
    bool strideSizeMode = false;

    GatherRepeatParams() = default;
    GatherRepeatParams(uint8_t dstBlock, uint8_t dstRepeat)
        : dstRepStride(dstRepeat), dstBlkStride(dstBlock) {}
};

enum class GatherMaskMode : uint8_t { VERSION_V1, VERSION_V2 };
constexpr GatherMaskMode defaultGatherMaskMode = GatherMaskMode::VERSION_V2;

struct GatherMaskParams {
    uint8_t src0BlockStride = DEFAULT_BLK_STRIDE;
    uint16_t repeatTimes = 0;
    uint16_t src0RepeatStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src1RepeatStride = DEFAULT_REPEAT_STRIDE;

    GatherMaskParams() = default;
    GatherMaskParams(uint8_t src0Block, uint16_t repeats, uint16_t src0Repeat, uint8_t src1Repeat)
        : src0BlockStride(src0Block),
          repeatTimes(repeats),
          src0RepeatStride(src0Repeat),
          src1RepeatStride(src1Repeat) {}
};

// Each of 8 elements a repeat fills a block of dst.
template <typename T>
inline void Brcb(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const uint8_t repeatTimes,
                 const BrcbRepeatParams& repeatParams) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4, "Brcb: T must have 16 or 32 bits");
    if (ASCEND_IS_AIC) {
        return;
    }
    ResetMask();
    const NpuBroadcastRepeat repeat{repeatTimes, repeatParams.dstBlkStride,
                                    repeatParams.dstRepStride};
    NpuVectorBroadcast(TypeOf<T>(), detail::UbAddress("Brcb", dst), detail::UbAddress("Brcb", src0),
                       &repeat);
}

namespace detail {

template <typename T, class Mask>
inline void GatherLanes(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                        const LocalTensor<uint32_t>& srcOffset, uint32_t srcBaseAddr, Mask mask,
                        uint8_t repeatTimes, uint16_t dstRepStride) {
    static_assert(SupportType<T, half, bfloat16_t, int16_t, uint16_t, int32_t, uint32_t, float>(),
                  "Gather: T must be half, bfloat16_t, float or an integer of 16 or 32 bits");
    if (ASCEND_IS_AIC) {
        return;
    }
    SetMask<T, true>("Gather", mask);
    NpuVectorGather(TypeOf<T>(), UbAddress("Gather", dst), UbAddress("Gather", srcOffset),
                    uint64_t{UbAddress("Gather", src)} + srcBaseAddr, repeatTimes, dstRepStride);
}

}  // namespace detail

// Element i comes from src + srcBaseAddr + srcOffset[i], in bytes.
template <typename T>
inline void Gather(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                   const LocalTensor<uint32_t>& srcOffset, const uint32_t srcBaseAddr,
                   const uint64_t mask[], const uint8_t repeatTimes, const uint16_t dstRepStride) {
    detail::GatherLanes(dst, src, srcOffset, srcBaseAddr, mask, repeatTimes, dstRepStride);
}
template <typename T>
inline void Gather(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                   const LocalTensor<uint32_t>& srcOffset, const uint32_t srcBaseAddr,
                   const uint64_t mask, const uint8_t repeatTimes, const uint16_t dstRepStride) {
    detail::GatherLanes(dst, src, srcOffset, srcBaseAddr, mask, repeatTimes, dstRepStride);
}
template <typename T>
inline void Gather(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                   const LocalTensor<uint32_t>& srcOffset, const uint32_t srcBaseAddr,
                   const uint32_t count) {
    constexpr auto kLanes = static_cast<uint32_t>(detail::kLanesPerRepeat<T>);
    constexpr uint32_t kMostRepeats = 255;
    const uint32_t repeats = count / kLanes;
    const uint32_t rest = count % kLanes;
    if (repeats > kMostRepeats) {
        detail::FailArgument("Gather", "count", count, "be less than 256 repeats");
    }
    if (repeats > 0) {
        Gather(dst, src, srcOffset, srcBaseAddr, uint64_t{kLanes}, static_cast<uint8_t>(repeats),
               static_cast<uint16_t>(DEFAULT_REPEAT_STRIDE));
    }
    if (rest > 0) {
        Gather(dst[count - rest], src, srcOffset[count - rest], srcBaseAddr, uint64_t{rest},
               uint8_t{1}, static_cast<uint16_t>(DEFAULT_REPEAT_STRIDE));
    }
}

// Block i comes from src0 + offset[i], in bytes.
template <typename T>
inline void Gatherb(const LocalTensor<T>& dst, const LocalTensor<T>& src0,
                    const LocalTensor<uint32_t>& offset, const uint8_t repeatTimes,
                    const GatherRepeatParams& repeatParams) {
    static_assert(SupportType<T, uint16_t, uint32_t>(), "Gatherb: T must be uint16_t or uint32_t");
    if (ASCEND_IS_AIC) {
        return;
    }
    ResetMask();
    NpuVectorGatherBlock(TypeOf<T>(), detail::UbAddress("Gatherb", dst),
                         detail::UbAddress("Gatherb", offset), detail::UbAddress("Gatherb", src0),
                         repeatTimes, {repeatParams.dstBlkStride, repeatParams.dstRepStride});
}

namespace detail {

// Pattern 0 takes the bits at `bits`.
template <typename T>
inline uint64_t Compress(const LocalTensor<T>& dst, const LocalTensor<T>& src0, uint32_t bits,
                         uint8_t pattern, bool reduceMode, uint32_t mask,
                         const GatherMaskParams& params) {
    static_assert(SupportType<T, half, bfloat16_t, int16_t, uint16_t, int32_t, uint32_t, float>(),
                  "GatherMask: T must be half, bfloat16_t, float or an integer of 16 or 32 bits");
    if (reduceMode && mask == 0) {
        FailArgument("GatherMask", "mask", mask, "be at least 1 with reduceMode");
    }
    NpuSetMaskMode(reduceMode);
    NpuSetVectorMask(0, mask);
    const NpuCompressRepeat repeat{params.repeatTimes,
                                   {params.src0BlockStride, params.src0RepeatStride},
                                   params.src1RepeatStride};
    NpuVectorCompress(TypeOf<T>(), UbAddress("GatherMask", dst), UbAddress("GatherMask", src0),
                      bits, pattern, &repeat);
    const uint64_t kept = NpuCompressedCount();
    NpuSetMaskMode(false);
    return kept;
}

}  // namespace detail

// Packs the elements of src0 whose bit in the pattern is set; rsvdCnt is their number. With
// reduceMode a repeat has `mask` elements, otherwise 256 bytes. Leaves normal mode behind.
template <typename T, typename U, GatherMaskMode mode = defaultGatherMaskMode>
inline void GatherMask(const LocalTensor<T>& dst, const LocalTensor<T>& src0,
                       const LocalTensor<U>& src1Pattern, const bool reduceMode,
                       const uint32_t mask, const GatherMaskParams& gatherMaskParams,
                       uint64_t& rsvdCnt) {
    static_assert(std::is_same_v<U, std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>>,
                  "GatherMask: U must be uint16_t for T of 16 bits and uint32_t for 32 bits");
    if (ASCEND_IS_AIC) {
        return;
    }
    rsvdCnt = detail::Compress(dst, src0, detail::UbAddress("GatherMask", src1Pattern), 0,
                               reduceMode, mask, gatherMaskParams);
}
// Patterns 1 to 7: even, odd, first, second, third, fourth of every four, all.
template <typename T, GatherMaskMode mode = defaultGatherMaskMode>
inline void GatherMask(const LocalTensor<T>& dst, const LocalTensor<T>& src0,
                       const uint8_t src1Pattern, const bool reduceMode, const uint32_t mask,
                       const GatherMaskParams& gatherMaskParams, uint64_t& rsvdCnt) {
    if (ASCEND_IS_AIC) {
        return;
    }
    if (src1Pattern < 1 || src1Pattern > 7) {
        detail::FailArgument("GatherMask", "src1Pattern", src1Pattern, "be in 1..7");
    }
    rsvdCnt = detail::Compress(dst, src0, 0, src1Pattern, reduceMode, mask, gatherMaskParams);
}

inline int64_t GetGatherMaskRemainCount() {
    return ASCEND_IS_AIC ? 0 : static_cast<int64_t>(NpuCompressedCount());
}

}  // namespace AscendC
