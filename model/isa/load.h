// SPDX-License-Identifier: Apache-2.0
// Moves of fractals from L1, or from GM, into L0A and L0B: plain, transposed and as an image.
//
// A fractal is 512 bytes: 16 rows of 32 bytes. From L1 the moves run on MTE1, from GM on MTE2. They
// copy bytes whether anybody wrote them or not, and carry over which ones are defined.
#pragma once

#include "isa/isa.h"

// One fractal a repeat. Counts and strides are fractals.
struct NpuFractalLoad {
    uint16_t first;  // fractal of the source
    uint8_t repeats;
    uint16_t sourceStride;  // from start to start; 0 reads the same fractal again
    uint16_t targetGap;     // from end to start
    bool transpose;         // each fractal of 16 x 16 elements of 2 bytes
};
// load_cbuf_to_ca, load_cbuf_to_cb.
NPU_API void NpuLoadL1ToL0(NpuMemory targetMemory, uint32_t target, uint32_t source, NpuType type,
                           const NpuFractalLoad* load);
// load_gm_to_ca, load_gm_to_cb, load_gm_to_cbuf: L0A, L0B or L1. With `down` the source goes to
// lower addresses. There is no transposition.
NPU_API void NpuLoadGm(NpuMemory targetMemory, uint32_t target, uint64_t source, NpuType type,
                       const NpuFractalLoad* load, bool down);

// One square a repeat, transposed: 32 x 32 elements of 1 byte (two fractals, one below the other),
// 16 x 16 of 2 bytes (one fractal) or 16 x 16 of 4 bytes (two fractals side by side).
struct NpuSquareLoad {
    uint16_t first;  // square of the source
    uint8_t repeats;
    uint16_t sourceStride;  // squares from start to start
    uint16_t targetGap;  // fractals from the end of the first fractal of a square to the start of
                         // the first one of the next
    uint16_t targetPartGap;  // fractals from the end of the first to the start of the second one
};
// load_cbuf_to_ca_transpose, load_cbuf_to_cb_transpose.
NPU_API void NpuLoadSquares(NpuMemory targetMemory, uint32_t target, uint32_t source, NpuType type,
                            const NpuSquareLoad* load);

// A part of the matrix that unfolding an image in L1 gives. The image is [C1][H][W][C0] with 32
// bytes of channels C0; row i of the matrix is the i-th place of the filter, columns are
// [C1][filter height][filter width][C0]. Sizes and starts count elements.
struct NpuImageLoad {
    uint16_t columns;
    uint16_t rows;
    uint16_t firstColumn;
    uint16_t firstRow;
    uint8_t strideWidth, strideHeight;  // of the filter, from place to place
    uint8_t filterWidth, filterHeight;
    uint8_t dilationWidth, dilationHeight;
    bool widerFilter, higherFilter;  // by 256
    bool transpose;                  // into L0A; into L0B the matrix is always transposed
    bool rightFeatureMap;            // which of the two registers describes the image
    uint16_t channels;
};
// img2colv2_cbuf_to_ca, img2colv2_cbuf_to_cb.
NPU_API void NpuLoadImage(NpuMemory targetMemory, uint32_t target, uint32_t source, NpuType type,
                          const NpuImageLoad* load);
// set_fmatrix, set_fmatrix_b. Bits 0..15 width, 16..31 height, then 8 bits each of padding on the
// left, right, top and bottom.
NPU_API void NpuSetFeatureMap(bool right, uint64_t config);
// set_l1_3d_size: source addresses from this one on start again at 0; 0 is no boundary.
NPU_API void NpuSetImageBoundary(uint64_t bytes);
// set_padding: the low bytes are the element that padding has.
NPU_API void NpuSetImagePadding(uint64_t value);
// set_l3d_rpt. Bits 0..15 stride, 16..23 repeats, 24 direction: the parts of the repeats lie below
// each other (0, stride in 16 rows) or side by side (1, stride in 32 bytes).
NPU_API void NpuSetImageRepeat(uint64_t config);

// Counts are fractals in L0A and L0B, blocks of 32 bytes in L1.
struct NpuConstantFill {
    uint16_t repeats;  // 0 .. 32767, as all three
    uint16_t blocks;   // a repeat
    uint16_t gap;      // from end to start
};
// create_ca_matrix, create_cb_matrix, create_cbuf_matrix: `value` holds the bits of an element.
NPU_API void NpuFillConstant(NpuMemory memory, uint32_t target, NpuType type, uint32_t value,
                             const NpuConstantFill* fill);
