// SPDX-License-Identifier: Apache-2.0
// The way out of L0C: to GM or L1, with layout, quantisation and activation on the way.
#pragma once

#include "isa/isa.h"

// Conversions, with the codes of the hardware. Those with V take one parameter a column from the
// Fixpipe buffer, the others that scale take the one of NpuSetQuantPre.
enum NpuQuant : uint8_t {
    kNpuNoQuant = 0,
    kNpuF322F16 = 1,
    kNpuVreq8 = 8,
    kNpuReq8 = 9,
    kNpuVdeqF16 = 10,
    kNpuDeqF16 = 11,
    kNpuF322Bf16 = 16,
    kNpuVqf322B8 = 23,
    kNpuQf322B8 = 24,
};

// A matrix in L0C, in columns of 16 elements: row r of column block c lies at
// source + (c * sourceStride + r) * 64 bytes.
struct NpuFixpipe {
    NpuType source;         // f32 or s32
    NpuType target;         // f32, f16, bf16, s8, u8, s32
    uint16_t columns;       // 0 .. 4095; 0 does nothing
    uint16_t rows;          // 0 .. 65535, to rows 0 .. 8192; 0 does nothing
    uint32_t targetStride;  // from column block to column block in 32 bytes; to rows: from row to
                            // row in elements
    uint16_t sourceStride;
    uint8_t unitFlag;   // 0, 2, 3
    uint8_t quant;      // NpuQuant
    uint8_t relu;       // 0, 1
    bool channelSplit;  // f32 to f32: column blocks of 8 elements
    bool toRows;        // NZ to ND, as NpuSetNdPara says; otherwise column blocks stay
};
// copy_matrix_cc_to_gm, copy_matrix_cc_to_cbuf. Bytes lie in column blocks of 32 in the target, the
// last 16 of an odd number of them in one of 16.
NPU_API void NpuCopyL0cToGm(uint64_t target, uint32_t source, const NpuFixpipe* fixpipe);
NPU_API void NpuCopyL0cToL1(uint32_t target, uint32_t source, const NpuFixpipe* fixpipe);

// set_nd_para: bits 0..15 the number of matrices, 16..31 their distance in L0C in 1024 bytes,
// 32..47 their distance in the target in elements.
NPU_API void NpuSetNdPara(uint64_t config);
// set_quant_pre: bits 0..31 the scale, a float of which the last 13 bits do not count; 32..35 the
// right shift of an integer source less 1, used if bit 36 is set; 37..45 the signed offset of an
// 8-bit result, which is signed if bit 46 is set.
NPU_API void NpuSetQuantPre(uint64_t config);
// set_fpc: bits 8..15 the address in the Fixpipe buffer, in 128 bytes, of the parameters of the
// columns, 8 bytes each; bit 63 puts all unit flags down.
NPU_API void NpuSetFixpipeConfig(uint64_t config);
