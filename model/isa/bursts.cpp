// SPDX-License-Identifier: Apache-2.0
// Copies of rows, and stores to GM under the atomic mode.
#include "isa/bursts.h"

#include <cstring>

#include "core/names.h"
#include "isa/atomic_store.h"

namespace npu_model {

void CopyRows(uint8_t* target, int64_t targetStride, const uint8_t* source, int64_t sourceStride,
              uint32_t rows, uint32_t bytes) {
    if (targetStride == bytes && sourceStride == bytes) {
        std::memmove(target, source, size_t{rows} * bytes);
        return;
    }
    for (uint32_t row = 0; row < rows; ++row) {
        std::memmove(target + row * targetStride, source + row * sourceStride, bytes);
    }
}

void StoreRows(const Issue& issue, const Access& target, uint8_t* to, const uint8_t* from,
               int64_t fromStride, NpuType type) {
    const Registers& registers = issue.core.registers;
    if (registers.atomic == kNpuAtomicNone) {
        CopyRows(to, target.outerStride, from, fromStride, target.outer, target.run);
        return;
    }
    if (type != registers.atomicType) {
        issue.Fail(FaultKind::kType, "target",
                   std::string("of type ") + TypeName(type) + " must have the type (" +
                       TypeName(registers.atomicType) + ") that the atomic mode was set for",
                   "Ascend C API, SetAtomicAdd");
    }
    for (uint32_t row = 0; row < target.outer; ++row) {
        AtomicStore(registers.atomic, type, to + row * target.outerStride, from + row * fromStride,
                    target.run);
    }
}

}  // namespace npu_model
