// SPDX-License-Identifier: Apache-2.0
// Lane masks, block-wise access to one repeat of an operand, and overlap of operands.
#pragma once

#include "leaf/value.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

constexpr int Larger(int a, int b) { return a > b ? a : b; }

NPU_LEAF_INLINE uint64_t FirstBits(uint64_t count) {
    return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

// The enabled lanes among the first kLanes.
template <int kLanes>
NPU_LEAF_INLINE Lanes OfRepeat(const Lanes& lanes) {
    static_assert(kLanes == 128 || kLanes <= 64, "a repeat has 128 lanes or fewer");
    return {lanes.low & FirstBits(kLanes), kLanes == 128 ? lanes.high : 0};
}

// n if exactly the lanes 0 .. n-1 are enabled, -1 otherwise.
NPU_LEAF_INLINE int PrefixLength(const Lanes& lanes) {
    const auto low = static_cast<uint64_t>(__builtin_popcountll(lanes.low));
    const auto high = static_cast<uint64_t>(__builtin_popcountll(lanes.high));
    const bool isPrefix =
        lanes.low == FirstBits(low) && lanes.high == FirstBits(high) && (high == 0 || low == 64);
    return isPrefix ? static_cast<int>(low + high) : -1;
}

// Bits of lanes first .. first+count-1, which do not cross lane 64; count <= 32.
NPU_LEAF_INLINE uint32_t LaneBits(const Lanes& lanes, int first, int count) {
    const uint64_t half = first < 64 ? lanes.low >> first : lanes.high >> (first - 64);
    return static_cast<uint32_t>(half & FirstBits(static_cast<uint64_t>(count)));
}

NPU_LEAF_INLINE bool Lane(const Lanes& lanes, int lane) { return LaneBits(lanes, lane, 1) != 0; }

// Copies the blocks of a repeat that have an enabled lane to contiguous memory.
template <int kLanes, int kElementBytes>
NPU_LEAF_INLINE void ReadRepeat(const Operand& operand, uint32_t repeat, const Lanes& lanes,
                                void* contiguous) {
    static_assert(kLanes <= 128, "a mask has 128 bits");
    constexpr int kLanesPerBlock = static_cast<int>(kBlockBytes) / kElementBytes;
    const uint8_t* source = operand.data + repeat * operand.repeatStride;
    for (int block = 0; block < kLanes / kLanesPerBlock; ++block) {
        if (LaneBits(lanes, block * kLanesPerBlock, kLanesPerBlock) != 0) {
            CopyBlock(static_cast<uint8_t*>(contiguous) + block * kBlockBytes,
                      source + block * operand.blockStride);
        }
    }
}

// Copies the enabled lanes of contiguous memory to a repeat.
template <int kLanes, int kElementBytes>
NPU_LEAF_INLINE void WriteRepeat(const Operand& operand, uint32_t repeat, const Lanes& lanes,
                                 const void* contiguous) {
    static_assert(kLanes <= 128, "a mask has 128 bits");
    constexpr int kLanesPerBlock = static_cast<int>(kBlockBytes) / kElementBytes;
    uint8_t* target = operand.data + repeat * operand.repeatStride;
    for (int block = 0; block < kLanes / kLanesPerBlock; ++block) {
        const uint32_t enabled = LaneBits(lanes, block * kLanesPerBlock, kLanesPerBlock);
        uint8_t* to = target + block * operand.blockStride;
        const uint8_t* from = static_cast<const uint8_t*>(contiguous) + block * kBlockBytes;
        if (enabled == FirstBits(kLanesPerBlock)) {
            CopyBlock(to, from);
        } else {
            for (int lane = 0; lane < kLanesPerBlock; ++lane) {
                if (((enabled >> lane) & 1) != 0) {
                    __builtin_memcpy(to + lane * kElementBytes, from + lane * kElementBytes,
                                     kElementBytes);
                }
            }
        }
    }
}

// Byte ranges that every repeat moves by a stride.
struct Range {
    const uint8_t* data;
    int64_t bytes;
    int64_t stride;
};

// In every repeat, `target` and `source` are disjoint, or the same bytes where `sameElements`: the
// elements of one repeat may then be handled in any order.
inline bool IndependentLanes(const Range& target, const Range& source, uint32_t repeats,
                             bool sameElements) {
    const int64_t start = source.data - target.data;
    const int64_t step = source.stride - target.stride;
    const auto independent = [&](int64_t distance) {
        return distance >= target.bytes || -distance >= source.bytes ||
               (distance == 0 && sameElements);
    };
    const int64_t last = start + step * (static_cast<int64_t>(repeats) - 1);
    const int64_t lowest = start < last ? start : last;
    const int64_t highest = start < last ? last : start;
    if (lowest >= target.bytes || -highest >= source.bytes) {
        return true;
    }
    if (step == 0) {
        return independent(start);
    }
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        if (!independent(start + step * repeat)) {
            return false;
        }
    }
    return true;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
