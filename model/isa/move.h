// SPDX-License-Identifier: Apache-2.0
// Data movement between GM and UB, and within UB. MTE2 reads GM, MTE3 writes GM.
#pragma once

#include "isa/isa.h"

// Bursts of whole 32-byte blocks; gaps between bursts in blocks of 32 bytes.
struct NpuBurst {
    uint16_t count;      // bursts, 1 .. 4095; 0 does nothing
    uint16_t length;     // blocks of 32 bytes a burst; 0 does nothing
    uint16_t sourceGap;  // from the end of a burst to the start of the next
    uint16_t targetGap;
};
NPU_API void NpuCopyGmToUb(uint32_t target, uint64_t source, const NpuBurst* burst);
NPU_API void NpuCopyUbToGm(uint64_t target, uint32_t source, const NpuBurst* burst, NpuType type);
NPU_API void NpuCopyUbToUb(uint32_t target, uint32_t source, const NpuBurst* burst);

// Bursts of bytes: the gap on the GM side counts bytes, the gap on the UB side blocks of 32 bytes.
struct NpuAlignedBurst {
    uint16_t count;        // bursts, 1 .. 4095; 0 does nothing
    uint32_t lengthBytes;  // 1 .. 2097151; 0 does nothing
    uint8_t leftPadding;   // elements before each burst in UB (GM to UB only)
    uint8_t rightPadding;  // elements after
    uint32_t sourceGap;
    uint32_t targetGap;
    uint8_t elementBytes;  // 1, 2 or 4: copy_gm_to_ubuf_align_b8, _b16, _b32
};
// In UB every burst fills whole blocks. Padding and what is left of the last block take the pad
// value, which is undefined until it is set; without padding the burst's first element fills it.
NPU_API void NpuCopyGmToUbAligned(uint32_t target, uint64_t source, const NpuAlignedBurst* burst);
NPU_API void NpuCopyUbToGmAligned(uint64_t target, uint32_t source, const NpuAlignedBurst* burst,
                                  NpuType type);
// set_mov_pad_val: bits of the pad value.
NPU_API void NpuSetPadValue(uint64_t value);
