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
