// SPDX-License-Identifier: Apache-2.0
// Elements and blocks collected by offset (vgather, vgatherb) and by mask (vreducev2).
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

using Offset = Unaligned<uint32_t>::Type;

template <class Type>
void Gather(const Operand& target, const uint8_t* base, const uint8_t* offsets, uint32_t repeats,
            const Lanes& lanes) {
    constexpr int kLanes = kRowLanes<Type>;
    constexpr int kBytes = sizeof(typename Type::Stored);
    typename Type::Stored row[kLanes] = {};
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* offset = reinterpret_cast<const Offset*>(offsets) + repeat * kLanes;
        if (IsFull<Type>(lanes)) {
            for (int lane = 0; lane < kLanes; ++lane) {
                __builtin_memcpy(row + lane, base + offset[lane], kBytes);
            }
        } else {
            for (int lane = 0; lane < kLanes; ++lane) {
                if (Lane(lanes, lane)) {
                    __builtin_memcpy(row + lane, base + offset[lane], kBytes);
                }
            }
        }
        WriteRepeat<kLanes, kBytes>(target, repeat, lanes, row);
    }
}

void GatherBlock(const Operand& target, const uint8_t* base, const uint8_t* offsets,
                 uint32_t repeats) {
    uint8_t row[256];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const auto* offset = reinterpret_cast<const Offset*>(offsets) + repeat * 8;
        for (int block = 0; block < 8; ++block) {
            __builtin_memcpy(row + block * kBlockBytes, base + offset[block], kBlockBytes);
        }
        WriteRepeat<64, 4>(target, repeat, kAllLanes, row);
    }
}

NPU_LEAF_INLINE void Extend(OffsetRange& range, uint32_t offset) {
    range.highest = offset > range.highest ? offset : range.highest;
    range.bits |= offset;
}

OffsetRange RangeOf(const uint8_t* offsets, uint32_t lanesPerRepeat, uint32_t repeats,
                    const Lanes& lanes) {
    OffsetRange range{0, 0};
    const auto* offset = reinterpret_cast<const Offset*>(offsets);
    const bool full = lanesPerRepeat == 128 ? IsFull<U16>(lanes) : IsFull<U32>(lanes);
    if (full) {
        for (uint32_t i = 0; i < lanesPerRepeat * repeats; ++i) {
            Extend(range, offset[i]);
        }
        return range;
    }
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        for (uint32_t lane = 0; lane < lanesPerRepeat; ++lane) {
            if (Lane(lanes, static_cast<int>(lane))) {
                Extend(range, offset[repeat * lanesPerRepeat + lane]);
            }
        }
    }
    return range;
}

// Eight bits of every pattern, which all repeat after at most four.
constexpr uint8_t kPatterns[8] = {0, 0x55, 0xAA, 0x11, 0x22, 0x44, 0x88, 0xFF};

template <class Type>
int64_t Compress(uint8_t* target, const Operand& source, uint32_t pattern, const uint8_t* mask,
                 int64_t maskStride, uint32_t repeats, int64_t elements) {
    using Element = typename Type::Stored;
    constexpr int64_t kPerBlock = kBlockBytes / sizeof(Element);
    uint8_t* next = target;
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        const uint8_t* row = source.data + repeat * source.repeatStride;
        const uint8_t* bits = mask + repeat * maskStride;
        for (int64_t first = 0; first < elements; first += kPerBlock) {
            Element block[kPerBlock];
            __builtin_memcpy(block, row + first / kPerBlock * source.blockStride, kBlockBytes);
            const int64_t left = elements - first;
            const auto count = static_cast<int>(left < kPerBlock ? left : kPerBlock);
            uint8_t selected[kPerBlock / 8];
            for (int byte = 0; 8 * byte < count; ++byte) {
                selected[byte] = pattern != 0 ? kPatterns[pattern] : bits[first / 8 + byte];
            }
            for (int i = 0; i < count; ++i) {
                if (((selected[i / 8] >> (i % 8)) & 1) != 0) {
                    __builtin_memcpy(next, block + i, sizeof(Element));
                    next += sizeof(Element);
                }
            }
        }
    }
    return (next - target) / static_cast<int64_t>(sizeof(Element));
}

}  // namespace

void AddGather(Table& table) {
    table.gather2 = Gather<U16>;
    table.gather4 = Gather<U32>;
    table.gatherBlock = GatherBlock;
    table.offsetRange = RangeOf;
    table.compress2 = Compress<U16>;
    table.compress4 = Compress<U32>;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
