// SPDX-License-Identifier: Apache-2.0
// How vector instructions step through UB. One repeat covers 8 blocks of 32 bytes; the vector mask
// register says which lanes of a repeat take part (or, in counter mode, how many elements in all).
#pragma once

#include <stdint.h>

// Strides in blocks of 32 bytes: between the blocks of one repeat, and between repeats.
struct NpuVectorStride {
    uint16_t block;
    uint16_t repeat;
};
struct NpuUnaryRepeat {
    uint16_t repeats;  // 0 .. 255, ignored in counter mode
    NpuVectorStride target, source;
};
struct NpuBinaryRepeat {
    uint16_t repeats;
    NpuVectorStride target, source0, source1;
};
