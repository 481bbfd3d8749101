// SPDX-License-Identifier: Apache-2.0
// The instruction set of the AI Core model: the extern "C" boundary that both front ends call.
//
// Plain structs and functions only. Local addresses are byte offsets into the buffer of the current
// core; GM addresses are device addresses. Strides are in the unit of the hardware instruction,
// usually blocks of 32 bytes. One header a family; this one names what they share.
#pragma once

#include <stdint.h>

#define NPU_API extern "C" __attribute__((visibility("default")))

enum NpuType : uint8_t {
    kNpuF16,
    kNpuBf16,
    kNpuF32,
    kNpuS8,
    kNpuU8,
    kNpuS16,
    kNpuU16,
    kNpuS32,
    kNpuU32,
    kNpuS64,
    kNpuU64,
    kNpuS4,
    kNpuTypeCount,
};

enum NpuPipe : uint8_t {
    kNpuPipeS,
    kNpuPipeV,
    kNpuPipeM,
    kNpuPipeMte1,
    kNpuPipeMte2,
    kNpuPipeMte3,
    kNpuPipeFix,
    kNpuPipeCount,
    kNpuPipeAll = kNpuPipeCount,
};

enum NpuMemory : uint8_t {
    kNpuGm,
    kNpuUb,
    kNpuL1,
    kNpuL0a,
    kNpuL0b,
    kNpuL0c,
    kNpuBias,
    kNpuFixbuf,
    kNpuMemoryCount,
};

enum NpuCoreKind : uint8_t { kNpuAic, kNpuAiv };

#include "isa/cube_move.h"
#include "isa/fixpipe.h"
#include "isa/load.h"
#include "isa/mad.h"
#include "isa/move.h"
#include "isa/scalar.h"
#include "isa/sync.h"
#include "isa/system.h"
#include "isa/vector.h"
