// SPDX-License-Identifier: Apache-2.0
// Vector mask and mask mode, and what the vector functions share: masks, strides, counts.
#pragma once

#include "ascendc/data_copy.h"
#include "ascendc/fault.h"

namespace AscendC {
namespace detail {

constexpr uint64_t kFullMask = ~uint64_t{0};

template <typename T>
constexpr uint64_t kLanesPerRepeat = 8 * 256 / kElementBits<T>;

template <typename A, typename B>
using Widest = std::conditional_t<(kElementBits<A> >= kElementBits<B>), A, B>;
template <typename A, typename B>
using Narrowest = std::conditional_t<(kElementBits<A> >= kElementBits<B>), B, A>;

// The register value that enables the first `count` lanes of a repeat of T.
template <typename T>
inline void SetMaskOfCount(uint64_t count) {
    constexpr uint64_t kWord = 64;
    if (count == kWord) {
        NpuSetVectorMask(0, kFullMask);
    } else if (count == kLanesPerRepeat<T> || count >= 2 * kWord) {
        NpuSetVectorMask(kFullMask, kFullMask);
    } else if (count > kWord) {
        NpuSetVectorMask((uint64_t{1} << (count - kWord)) - 1, kFullMask);
    } else {
        NpuSetVectorMask(0, (uint64_t{1} << count) - 1);
    }
}

}  // namespace detail

// Mode and mask stay until they are set again. Normal mode: one bit a lane of each repeat. Counter
// mode: the number of elements of the whole instruction.
inline void SetMaskCount() { NpuSetMaskMode(true); }
inline void SetMaskNorm() { NpuSetMaskMode(false); }
inline void ResetMask() {
    if (!ASCEND_IS_AIC) {
        NpuSetVectorMask(detail::kFullMask, detail::kFullMask);
    }
}
template <typename T, MaskMode mode = MaskMode::NORMAL>
inline void SetVectorMask(const uint64_t maskHigh, const uint64_t maskLow) {
    if (!ASCEND_IS_AIC) {
        NpuSetVectorMask(maskHigh, maskLow);
    }
}
template <typename T, MaskMode mode = MaskMode::NORMAL>
inline void SetVectorMask(int32_t len) {
    if (ASCEND_IS_AIC) {
        return;
    }
    if constexpr (mode == MaskMode::COUNTER) {
        NpuSetVectorMask(0, static_cast<uint64_t>(len));
    } else {
        detail::SetMaskOfCount<T>(static_cast<uint64_t>(len));
    }
}

namespace detail {

// The first form is a bit mask, the second a number of lanes. `T` decides the register value,
// `Limit` how many lanes there are.
template <typename T, bool isSetMask, typename Limit = T>
inline void SetMask(const char*, const uint64_t* mask) {
    if constexpr (isSetMask) {
        NpuSetVectorMask(mask[1], mask[0]);
    }
}
template <typename T, bool isSetMask, typename Limit = T>
inline void SetMask(const char* function, uint64_t mask) {
    if constexpr (isSetMask) {
        if (mask > kLanesPerRepeat<Limit>) {
            FailArgument(function, "mask", static_cast<int64_t>(mask),
                         "be at most the number of elements of a repeat");
        }
        SetMaskOfCount<T>(mask);
    }
}

inline void RequireCount(const char* function, int64_t count) {
    if (count < 0) {
        FailArgument(function, "count", count, "not be negative");
    }
}

// Runs instructions on the first `count` elements: counter mode, back to normal mode and a full
// mask afterwards.
template <class Instructions>
inline void OnFirst(const char* function, int64_t count, Instructions instructions) {
    RequireCount(function, count);
    NpuSetMaskMode(true);
    NpuSetVectorMask(0, static_cast<uint64_t>(count));
    instructions();
    NpuSetMaskMode(false);
    NpuSetVectorMask(kFullMask, kFullMask);
}

template <typename T>
inline uint32_t UbAddress(const char* function, const LocalTensor<T>& tensor) {
    RequireUb(function, tensor.Memory());
    return tensor.Address();
}

inline NpuUnaryRepeat ToRepeat(uint8_t repeatTimes, const UnaryRepeatParams& params) {
    return {repeatTimes,
            {params.dstBlkStride, params.dstRepStride},
            {params.srcBlkStride, params.srcRepStride}};
}
inline NpuBinaryRepeat ToRepeat(uint8_t repeatTimes, const BinaryRepeatParams& params) {
    return {repeatTimes,
            {params.dstBlkStride, params.dstRepStride},
            {params.src0BlkStride, params.src0RepStride},
            {params.src1BlkStride, params.src1RepStride}};
}

// Blocks of T in a repeat whose widest element, of `Other` or T, fills all 8.
template <typename T, typename Other>
constexpr uint8_t kBlocksBeside = 8 * kElementBits<T> / kElementBits<Widest<T, Other>>;

// One repeat of contiguous operands.
template <typename Target, typename Source>
inline NpuUnaryRepeat ContiguousUnary() {
    return {1, {1, kBlocksBeside<Target, Source>}, {1, kBlocksBeside<Source, Target>}};
}
template <typename Target, typename Source>
inline NpuBinaryRepeat ContiguousBinary() {
    constexpr NpuVectorStride kSource{1, kBlocksBeside<Source, Target>};
    return {1, {1, kBlocksBeside<Target, Source>}, kSource, kSource};
}

// The tensor from `elements` on; unlike operator[], whatever its size.
template <typename T>
inline LocalTensor<T> Advanced(const LocalTensor<T>& tensor, uint32_t elements) {
    LocalTensor<T> moved;
    moved.SetAddr({0, tensor.Address() + elements * kElementBits<T> / 8, nullptr,
                   static_cast<uint8_t>(tensor.GetPosition())});
    return moved;
}

// The end of UB belongs to the functions of the library: scratch that no call keeps.
constexpr uint32_t kTemporaryBytes = 8 * 1024;
template <typename T>
inline LocalTensor<T> TemporaryBuffer() {
    constexpr uint32_t kAddress = 184 * 1024;
    LocalTensor<T> buffer;
    buffer.SetAddr({kTemporaryBytes, kAddress, nullptr, static_cast<uint8_t>(TPosition::VECCALC)});
    return buffer;
}

// Lets the instructions of a function use the temporary buffer.
class UseTemporaryBuffer {
 public:
    UseTemporaryBuffer() { NpuUseLibraryScratch(true); }
    ~UseTemporaryBuffer() { NpuUseLibraryScratch(false); }
    UseTemporaryBuffer(const UseTemporaryBuffer&) = delete;
    UseTemporaryBuffer& operator=(const UseTemporaryBuffer&) = delete;
};

// The bits of a scalar operand.
template <typename T>
inline uint32_t ScalarBits(T value) {
    return static_cast<uint32_t>(ToBits(value));
}

}  // namespace detail
}  // namespace AscendC
