// SPDX-License-Identifier: Apache-2.0
// Transposed fractals.
#include "leaf/value.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

#if defined(__clang__) || __GNUC__ >= 12
#define NPU_LEAF_ZIP(Indices, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define NPU_LEAF_ZIP(Indices, a, b, ...) __builtin_shuffle(a, b, Indices{__VA_ARGS__})
#endif

constexpr int kVectorBytes = 16;

template <class Element>
struct Vector {
    typedef Element Type __attribute__((vector_size(kVectorBytes), may_alias, aligned(1)));
};
template <class Element>
using Row = typename Vector<Element>::Type;

// Elements of two vectors in turn: their lower halves, or their upper ones.
template <class Element>
NPU_LEAF_INLINE Row<Element> ZipLow(Row<Element> a, Row<Element> b) {
    if constexpr (sizeof(Element) == 1) {
        return NPU_LEAF_ZIP(Row<Element>, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7,
                            23);
    } else if constexpr (sizeof(Element) == 2) {
        return NPU_LEAF_ZIP(Row<Element>, a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    } else {
        return NPU_LEAF_ZIP(Row<Element>, a, b, 0, 4, 1, 5);
    }
}
template <class Element>
NPU_LEAF_INLINE Row<Element> ZipHigh(Row<Element> a, Row<Element> b) {
    if constexpr (sizeof(Element) == 1) {
        return NPU_LEAF_ZIP(Row<Element>, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
                            30, 15, 31);
    } else if constexpr (sizeof(Element) == 2) {
        return NPU_LEAF_ZIP(Row<Element>, a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    } else {
        return NPU_LEAF_ZIP(Row<Element>, a, b, 2, 6, 3, 7);
    }
}

// A square whose rows fill one vector; rows of both sides are 32 bytes apart. Each step zips the
// first half of the rows with the second.
template <class Element>
NPU_LEAF_INLINE void TransposeSquare(uint8_t* target, const uint8_t* source) {
    constexpr int kSide = kVectorBytes / static_cast<int>(sizeof(Element));
    Row<Element> rows[kSide];
    for (int i = 0; i < kSide; ++i) {
        rows[i] = *reinterpret_cast<const Row<Element>*>(source + i * kBlockBytes);
    }
    for (int step = 1; step < kSide; step *= 2) {
        Row<Element> zipped[kSide];
        for (int i = 0; i < kSide / 2; ++i) {
            zipped[2 * i] = ZipLow<Element>(rows[i], rows[i + kSide / 2]);
            zipped[2 * i + 1] = ZipHigh<Element>(rows[i], rows[i + kSide / 2]);
        }
        for (int i = 0; i < kSide; ++i) {
            rows[i] = zipped[i];
        }
    }
    for (int i = 0; i < kSide; ++i) {
        *reinterpret_cast<Row<Element>*>(target + i * kBlockBytes) = rows[i];
    }
}

void TransposeBytes(const FractalRun& run) {
    for (uint32_t unit = 0; unit < run.count; ++unit) {
        uint8_t* target = run.target + unit * run.targetStride;
        const uint8_t* source = run.source + unit * run.sourceStride;
        for (int half = 0; half < 2; ++half) {  // columns of the source, a part of the target
            uint8_t* part = target + half * run.targetPart;
            TransposeSquare<uint8_t>(part, source + half * 16);
            TransposeSquare<uint8_t>(part + 16, source + half * 16 + 16 * kBlockBytes);
        }
    }
}

void TransposeTwoBytes(const FractalRun& run) {
    for (uint32_t unit = 0; unit < run.count; ++unit) {
        uint8_t* target = run.target + unit * run.targetStride;
        const uint8_t* source = run.source + unit * run.sourceStride;
        for (int row = 0; row < 16; row += 8) {
            for (int column = 0; column < 16; column += 8) {
                TransposeSquare<uint16_t>(target + column * kBlockBytes + row * 2,
                                          source + row * kBlockBytes + column * 2);
            }
        }
    }
}

void TransposeFourBytes(const FractalRun& run) {
    for (uint32_t unit = 0; unit < run.count; ++unit) {
        uint8_t* target = run.target + unit * run.targetStride;
        const uint8_t* source = run.source + unit * run.sourceStride;
        for (int row = 0; row < 16; row += 4) {
            uint8_t* part = target + row / 8 * run.targetPart + row % 8 * 4;
            for (int column = 0; column < 8; column += 4) {
                TransposeSquare<uint32_t>(part + column * kBlockBytes,
                                          source + row * kBlockBytes + column * 4);
            }
        }
    }
}

}  // namespace

void AddFractal(Table& table) {
    table.transposeFractals1 = TransposeBytes;
    table.transposeFractals2 = TransposeTwoBytes;
    table.transposeFractals4 = TransposeFourBytes;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
