// SPDX-License-Identifier: Apache-2.0
// Broadcast of elements to blocks (vbrcb) and transposition (vtranspose, scatter_vnchwconv).
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

constexpr int kBlocks = 16;  // of one repeat of scatter_vnchwconv

template <class Element>
void Broadcast(const Operand& target, const uint8_t* source, uint32_t repeats) {
    constexpr int kPerBlock = static_cast<int>(kBlockBytes / sizeof(Element));
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        Element elements[8];
        __builtin_memcpy(elements, source + repeat * sizeof(elements), sizeof(elements));
        for (int block = 0; block < 8; ++block) {
            auto* to = reinterpret_cast<typename Unaligned<Element>::Type*>(
                target.data + repeat * target.repeatStride + block * target.blockStride);
            for (int i = 0; i < kPerBlock; ++i) {
                to[i] = elements[block];
            }
        }
    }
}

void Transpose(uint8_t* target, const uint8_t* source) {
    uint16_t from[kBlocks][kBlocks];
    uint16_t to[kBlocks][kBlocks];
    __builtin_memcpy(from, source, sizeof(from));
    for (int row = 0; row < kBlocks; ++row) {
        for (int column = 0; column < kBlocks; ++column) {
            to[row][column] = from[column][row];
        }
    }
    __builtin_memcpy(target, to, sizeof(to));
}

template <class Element, int kPerBlock>
NPU_LEAF_INLINE void ReadBlocks(const Rearrange& rearrange, uint32_t repeat,
                                Element (&blocks)[kBlocks][kPerBlock]) {
    for (int i = 0; i < kBlocks; ++i) {
        __builtin_memcpy(blocks[i], rearrange.source[i] + repeat * rearrange.sourceStride,
                         kBlockBytes);
    }
}

template <class Element, int kPerBlock>
NPU_LEAF_INLINE void WriteBlocks(const Rearrange& rearrange, uint32_t repeat,
                                 const Element (&blocks)[kBlocks][kPerBlock]) {
    for (int i = 0; i < kBlocks; ++i) {
        __builtin_memcpy(rearrange.target[i] + repeat * rearrange.targetStride, blocks[i],
                         kBlockBytes);
    }
}

void RearrangeTwoBytes(const Rearrange& rearrange, uint32_t repeats) {
    uint16_t from[kBlocks][16];
    uint16_t to[kBlocks][16];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        ReadBlocks(rearrange, repeat, from);
        for (int i = 0; i < kBlocks; ++i) {
            for (int j = 0; j < kBlocks; ++j) {
                to[j][i] = from[i][j];
            }
        }
        WriteBlocks(rearrange, repeat, to);
    }
}

void RearrangeFourBytes(const Rearrange& rearrange, uint32_t repeats) {
    uint32_t from[kBlocks][8];
    uint32_t to[kBlocks][8];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        ReadBlocks(rearrange, repeat, from);
        for (int i = 0; i < 8; ++i) {
            for (int j = 0; j < 8; ++j) {
                to[2 * j][i] = from[i][j];
                to[2 * j + 1][i] = from[i + 8][j];
            }
        }
        WriteBlocks(rearrange, repeat, to);
    }
}

void RearrangeBytes(const Rearrange& rearrange, uint32_t repeats) {
    uint8_t from[kBlocks][32];
    uint8_t to[kBlocks][16];
    const int sourceHalf = rearrange.sourceHigh ? 16 : 0;
    const int targetHalf = rearrange.targetHigh ? 16 : 0;
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        ReadBlocks(rearrange, repeat, from);
        for (int i = 0; i < kBlocks; ++i) {
            for (int j = 0; j < kBlocks; ++j) {
                to[j][i] = from[i][j + sourceHalf];
            }
        }
        for (int j = 0; j < kBlocks; ++j) {
            __builtin_memcpy(rearrange.target[j] + repeat * rearrange.targetStride + targetHalf,
                             to[j], sizeof(to[j]));
        }
    }
}

}  // namespace

void AddRearrange(Table& table) {
    table.broadcast2 = Broadcast<uint16_t>;
    table.broadcast4 = Broadcast<uint32_t>;
    table.transpose2 = Transpose;
    table.rearrange1 = RearrangeBytes;
    table.rearrange2 = RearrangeTwoBytes;
    table.rearrange4 = RearrangeFourBytes;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
