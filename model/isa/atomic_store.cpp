// SPDX-License-Identifier: Apache-2.0
// Stores in atomic mode, one leaf an operation and type.
#include "isa/atomic_store.h"

#include "leaf/table.h"

namespace npu_model {

void AtomicStore(NpuAtomic operation, NpuType type, uint8_t* target, const uint8_t* source,
                 uint32_t bytes) {
    constexpr leaf::AtomicOp kOps[] = {leaf::kAtomicOpCount, leaf::kAtomicAdd, leaf::kAtomicMax,
                                       leaf::kAtomicMin};
    leaf::Active().atomic[kOps[operation]][type](target, source, int64_t{bytes});
}

}  // namespace npu_model
