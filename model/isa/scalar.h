// SPDX-License-Identifier: Apache-2.0
// Scalar pipe: loads and stores of UB and GM (through the data cache), and cache maintenance.
#pragma once

#include "isa/isa.h"
#include "isa/vector_elementwise.h"

// Loads or stores `bytes` (1, 2, 4 or 8) of local memory; the address is a multiple of `bytes`.
NPU_API uint64_t NpuScalarLoadLocal(NpuMemory memory, uint32_t address, uint32_t bytes);
NPU_API void NpuScalarStoreLocal(NpuMemory memory, uint32_t address, uint64_t value,
                                 uint32_t bytes);
// The same for GM, through the core's data cache of 64-byte lines.
NPU_API uint64_t NpuScalarLoadGm(uint64_t address, uint32_t bytes);
NPU_API void NpuScalarStoreGm(uint64_t address, uint64_t value, uint32_t bytes);
// dcci: writes back and drops the cache line of `address`, or every line of the core.
NPU_API void NpuDataCacheCleanInvalid(uint64_t address, bool entireCache);
// dcci towards UB, which the cache does not hold.
NPU_API void NpuDataCacheCleanInvalidUb(uint32_t address, bool entireCache);
// dc_preload: brings the line of `address` into the cache.
NPU_API void NpuDataCachePreload(uint64_t address);
// conv_f322f16, conv_f322s32: bits of the result, rounded like vconv.
NPU_API uint32_t NpuScalarConvert(NpuType target, NpuRounding rounding, float value);
