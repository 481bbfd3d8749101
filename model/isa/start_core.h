// SPDX-License-Identifier: Apache-2.0
// The hook of a kernel library whose front end keeps the state of a core in globals.
#pragma once

#include "isa/isa.h"

// Runs on every core before the kernel. A library exports it under kNpuStartCoreName, or not at
// all. Its launches use one thread.
typedef void (*NpuStartCoreFunction)(void);
constexpr const char* kNpuStartCoreName = "NpuStartCore";

// Takes all bytes of a local memory of this core as defined: such a front end may store elements
// without telling.
NPU_API void NpuDefineLocal(NpuMemory memory);
// The bytes of a local memory that are undefined hold again what they hold at the start: such a
// front end may have filled the memory. Checked mode only.
NPU_API void NpuEraseUndefined(NpuMemory memory);
