// SPDX-License-Identifier: Apache-2.0
// CreateVecIndex: firstValue, firstValue + 1, ... The first elements are scalar stores, the rest
// grows from them by Adds.
#pragma once

#include "ascendc/vector_reduce_all.h"
#include "ascendc/vector_scalar.h"

namespace AscendC {
namespace detail {

template <typename T>
constexpr uint32_t kLanesPerBlock = ONE_BLK_SIZE / sizeof(T);

// A value of the index, computed in float as the scalar unit does.
template <typename T>
inline T IndexValue(T firstValue, uint32_t lane) {
    return static_cast<T>(static_cast<float>(firstValue) + static_cast<float>(lane));
}

template <typename T>
inline void StoreFirstBlock(const LocalTensor<T>& dst, T firstValue, uint32_t lanes) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
        dst.SetValue(lane, IndexValue(firstValue, lane));
    }
    OrderPipes<HardEvent::S_V>();
}

// dst[to ..] = dst[from ..] + step, one repeat with these blocks.
template <typename T, class Mask>
inline void AddIndex(const LocalTensor<T>& dst, uint32_t to, uint32_t from, uint64_t step,
                     Mask mask, uint16_t blkStride) {
    Adds(dst[to], dst[from], static_cast<T>(step), mask, uint8_t{1},
         UnaryRepeatParams(blkStride, blkStride, DEFAULT_REPEAT_STRIDE, DEFAULT_REPEAT_STRIDE));
}
template <typename T, class Mask>
inline void GrowIndex(const LocalTensor<T>& dst, uint32_t to, uint32_t from, uint64_t step,
                      Mask mask, uint16_t blkStride) {
    AddIndex(dst, to, from, step, mask, blkStride);
    PipeBarrier<PIPE_V>();
}

// The first `lanes` elements of a repeat whose blocks are blkStride apart.
template <typename T>
inline void CreateFirstRepeat(const LocalTensor<T>& dst, T firstValue, uint32_t lanes,
                              uint16_t blkStride) {
    constexpr uint32_t kLanes = kLanesPerBlock<T>;
    StoreFirstBlock(dst, firstValue, lanes < kLanes ? lanes : kLanes);
    const uint32_t step = blkStride * kLanes;
    for (uint32_t block = 1; block * kLanes < lanes; ++block) {
        const uint32_t rest = lanes - block * kLanes;
        GrowIndex(dst, block * step, (block - 1) * step, kLanes,
                  uint64_t{rest < kLanes ? rest : kLanes}, 1);
    }
}

template <typename T, class Mask>
inline void CreateLaterRepeats(const LocalTensor<T>& dst, Mask mask, uint8_t repeatTimes,
                               uint16_t dstBlkStride, uint8_t dstRepStride) {
    const uint32_t step = dstRepStride * kLanesPerBlock<T>;
    for (uint32_t repeat = 1; repeat < repeatTimes; ++repeat) {
        GrowIndex(dst, repeat * step, (repeat - 1) * step, kLanesPerRepeat<T>, mask, dstBlkStride);
    }
}

template <typename T>
constexpr bool kIndexable = SupportType<T, half, int16_t, float, int32_t>();

}  // namespace detail

// Enabled lane l of repeat r is firstValue + r * lanes a repeat + l.
template <typename T>
inline void CreateVecIndex(LocalTensor<T>& dst, const T& firstValue, uint64_t mask[],
                           uint8_t repeatTimes, uint16_t dstBlkStride, uint8_t dstRepStride) {
    static_assert(detail::kIndexable<T>,
                  "CreateVecIndex: T must be half, int16_t, float or int32_t");
    if (ASCEND_IS_AIC || repeatTimes == 0) {
        return;
    }
    detail::RequireUb("CreateVecIndex", dst.Memory());
    constexpr uint32_t kLanes = detail::kLanesPerBlock<T>;
    for (uint32_t lane = 0; lane < detail::kLanesPerRepeat<T>; ++lane) {
        if ((mask[lane / 64] >> lane % 64 & 1) != 0) {
            dst.SetValue(lane / kLanes * kLanes * dstBlkStride + lane % kLanes,
                         detail::IndexValue(firstValue, lane));
        }
    }
    detail::OrderPipes<HardEvent::S_V>();
    detail::CreateLaterRepeats(dst, mask, repeatTimes, dstBlkStride, dstRepStride);
}

template <typename T>
inline void CreateVecIndex(LocalTensor<T>& dst, const T& firstValue, uint64_t mask,
                           uint8_t repeatTimes, uint16_t dstBlkStride, uint8_t dstRepStride) {
    static_assert(detail::kIndexable<T>,
                  "CreateVecIndex: T must be half, int16_t, float or int32_t");
    if (ASCEND_IS_AIC || repeatTimes == 0) {
        return;
    }
    detail::RequireUb("CreateVecIndex", dst.Memory());
    if (mask > detail::kLanesPerRepeat<T>) {
        detail::FailArgument("CreateVecIndex", "mask", static_cast<int64_t>(mask),
                             "be at most the number of elements of a repeat");
    }
    detail::CreateFirstRepeat(dst, firstValue, static_cast<uint32_t>(mask), dstBlkStride);
    detail::CreateLaterRepeats(dst, mask, repeatTimes, dstBlkStride, dstRepStride);
}

// The first `count` elements. No barrier stands behind the last step if that is part of a repeat.
template <typename T>
inline void CreateVecIndex(LocalTensor<T> dst, const T& firstValue, uint32_t count) {
    static_assert(detail::kIndexable<T>,
                  "CreateVecIndex: T must be half, int16_t, float or int32_t");
    if (ASCEND_IS_AIC || count == 0) {
        return;
    }
    detail::RequireUb("CreateVecIndex", dst.Memory());
    constexpr auto kLanes = static_cast<uint32_t>(detail::kLanesPerRepeat<T>);
    const uint32_t first = count < kLanes ? count : kLanes;
    detail::CreateFirstRepeat(dst, firstValue, first, uint16_t{1});
    uint32_t done = kLanes;
    for (; done + kLanes <= count; done += kLanes) {
        detail::GrowIndex(dst, done, done - kLanes, kLanes, uint64_t{kLanes}, uint16_t{1});
    }
    if (done < count) {
        detail::AddIndex(dst, done, done - kLanes, kLanes, uint64_t{count - done}, uint16_t{1});
    }
}

}  // namespace AscendC
