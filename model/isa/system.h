// SPDX-License-Identifier: Apache-2.0
// Identity of the current core, control registers, and the channel for faults found by a front end.
#pragma once

#include "isa/isa.h"

NPU_API int64_t NpuBlockIdx(void);       // block of this core, 0 .. blocks-1
NPU_API int64_t NpuBlockCount(void);     // blocks of the launch
NPU_API int64_t NpuSubBlockIdx(void);    // AIV within its block: 0 or 1
NPU_API int64_t NpuSubBlockCount(void);  // cores of this kind in a block
NPU_API NpuCoreKind NpuCurrentCoreKind(void);
NPU_API uint64_t NpuTilingKey(void);
NPU_API uint64_t NpuSystemCycle(void);  // of a 50 MHz counter; 0 while the model has no clock
NPU_API uint64_t NpuArchVersion(void);  // code of the architecture in bits 32..43
NPU_API uint32_t NpuLocalBytes(NpuMemory memory);  // capacity that a kernel may use
// Host address of a local memory of this core, for a front end that addresses it by pointer.
NPU_API uint8_t* NpuLocalHost(NpuMemory memory);

// Vector mask register. Normal mode: one bit a lane, `high` for lanes 64 to 127 of 16-bit types.
// Counter mode: `low` is the number of elements of the whole instruction.
NPU_API void NpuSetVectorMask(uint64_t high, uint64_t low);
NPU_API void NpuSetMaskMode(bool counter);

// Atomic mode of stores to GM: what the DMA does instead of overwriting, and on which type.
enum NpuAtomic : uint8_t { kNpuAtomicNone, kNpuAtomicAdd, kNpuAtomicMax, kNpuAtomicMin };
NPU_API void NpuSetAtomic(NpuAtomic operation, NpuType type);
NPU_API void NpuSetAtomicType(NpuType type);  // the operation stays
// set_st_atomic_cfg: bits 0..2 the type, 4..5 the operation of atomic stores of scalars.
NPU_API void NpuSetStoreAtomic(uint64_t config);
NPU_API uint64_t NpuStoreAtomic(void);

// While on, instructions may use the last 8 KiB of UB, which belong to the library.
NPU_API void NpuUseLibraryScratch(bool on);

// State of one core that a front end keeps in globals (the TPipe pointer): saved with the fiber.
enum { kNpuFrontEndSlots = 8 };
NPU_API void** NpuFrontEndState(void);  // kNpuFrontEndSlots pointers, null at kernel start

// Rules that only a front end can see.
enum NpuFrontEndRule : uint8_t {
    kNpuRuleQueue,     // calls of a queue or TPipe out of order, or beyond the depth
    kNpuRuleBuffer,    // InitBuffer beyond the capacity or the number of buffers
    kNpuRuleEventId,   // no free event id, or an id that TPipe did not hand out
    kNpuRuleArgument,  // an argument outside the documented range
    kNpuRulePosition,  // a tensor whose position the function does not support
    kNpuRuleAssert,    // ASSERT of the kernel
};
// Ends the kernel with a fault; `what` is one sentence. Does not return.
NPU_API void NpuFrontEndFault(NpuFrontEndRule rule, const char* function, const char* what)
    __attribute__((noreturn));
// The copy that DumpTensor makes, by MTE3. The bytes stay where the result points until the next
// instruction.
NPU_API const uint8_t* NpuDump(NpuMemory memory, uint64_t address, uint32_t bytes);
NPU_API void NpuPrint(
    const char* text);  // printf of a kernel; kept with the launch and written out
