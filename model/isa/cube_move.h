// SPDX-License-Identifier: Apache-2.0
// Moves that fill and empty L1. MTE2 fills it from GM, MTE3 empties it to GM, MTE1 to the bias
// table, FIX to the Fixpipe buffer.
#pragma once

#include "isa/isa.h"

struct NpuBurst;  // isa/move.h

// copy_gm_to_cbuf, copy_cbuf_to_gm: bursts of whole 32-byte blocks.
NPU_API void NpuCopyGmToL1(uint32_t target, uint64_t source, const NpuBurst* burst);
NPU_API void NpuCopyL1ToGm(uint64_t target, uint32_t source, const NpuBurst* burst, NpuType type);
// copy_cbuf_to_bt: the length and the target's gap count 64 bytes, the source's gap 32 bytes.
// Converting, every 64 bytes of half become 128 bytes of float.
NPU_API void NpuCopyL1ToBias(uint32_t target, uint32_t source, const NpuBurst* burst,
                             bool halfToFloat);
// copy_cbuf_to_fbuf: the length and the target's gap count 128 bytes, the source's gap 32 bytes.
NPU_API void NpuCopyL1ToFixbuf(uint32_t target, uint32_t source, const NpuBurst* burst);

// copy_gm_to_cbuf_multi_nd2nz_b8, _b16, _b32s: rows of `columns` elements become columns of 32
// bytes; what a row lacks of its last 32 bytes is zero. Nothing happens when one of the first three
// is 0.
struct NpuNd2Nz {
    uint16_t matrices;      // .. 4095
    uint16_t rows;          // .. 16384
    uint16_t columns;       // elements
    uint16_t sourceMatrix;  // elements from matrix to matrix
    uint16_t sourceRow;     // elements from row to row, 1 ..
    uint16_t targetColumn;  // 32 bytes, from 32 bytes of a row to the next 32: 1 .. 16384
    uint16_t targetRow;     // 32 bytes, from row to row, 1 .. 16384
    uint16_t targetMatrix;  // elements from matrix to matrix, whole blocks
    uint8_t elementBytes;   // 1, 2, 4
};
NPU_API void NpuCopyGmToL1Nd2Nz(uint32_t target, uint64_t source, const NpuNd2Nz* shape);
