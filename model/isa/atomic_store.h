// SPDX-License-Identifier: Apache-2.0
// What a store to GM does in atomic mode.
#pragma once

#include <cstdint>

#include "isa/isa.h"

namespace npu_model {

// target[i] = target[i] op source[i] over `bytes` bytes of elements of `type`.
void AtomicStore(NpuAtomic operation, NpuType type, uint8_t* target, const uint8_t* source,
                 uint32_t bytes);

}  // namespace npu_model
