// SPDX-License-Identifier: Apache-2.0
// The matrix product of the cube: L0C = L0A x L0B, and what it starts from.
#pragma once

#include "isa/isa.h"

enum NpuMadInitial : uint8_t { kNpuMadZero, kNpuMadBias, kNpuMadC };
struct NpuMadParams {
    uint16_t m;  // each 0 .. 4095; 0 does nothing
    uint16_t k;
    uint16_t n;
    uint8_t unitFlag;  // 0 off, 2 on, 3 on and turns the flags
    bool alignK16;     // float: L0A holds an even number of fractals along k
    NpuMadInitial initial;
    uint32_t initialAddress;  // in the bias table, or in L0C, where it must be that of the target
};
// target[m, n] = initial + left[m, k] x right[k, n]. Left and right have the type `source`: half,
// bfloat16_t or float with a target of float, int8_t with int32_t. With m = 1, left is a vector.
NPU_API void NpuMad(NpuType source, uint32_t target, uint32_t left, uint32_t right,
                    const NpuMadParams* params);

// Floats are rounded to HF32 (11 digits behind the point) before they are multiplied.
NPU_API void NpuSetHf32(bool on);
NPU_API void NpuSetHf32TiesToZero(bool tiesToZero);  // otherwise to even
// Direction in which results come about first: no effect on values.
NPU_API void NpuSetMadRowMajor(bool rowMajor);
