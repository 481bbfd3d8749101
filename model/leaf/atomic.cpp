// SPDX-License-Identifier: Apache-2.0
// Read-modify-write of stores to GM in atomic mode. Numbers behave as in vadd, vmax and vmin; bf16
// computes in float and rounds once.
#include "leaf/arithmetic.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

template <class F, class Type>
void Run(uint8_t* target, const uint8_t* source, int64_t bytes) {
    using Op = Binary<F, Type>;
    Elementwise<Op>::RunContiguous(Op{}, target, target, source,
                                   bytes / static_cast<int64_t>(sizeof(typename Type::Stored)));
}

template <class F>
void AddTypes(AtomicFn (&functions)[kNpuTypeCount]) {
    functions[kNpuF16] = Run<F, F16>;
    functions[kNpuBf16] = Run<F, Bf16>;
    functions[kNpuF32] = Run<F, F32>;
    functions[kNpuS8] = Run<F, S8>;
    functions[kNpuS16] = Run<F, S16>;
    functions[kNpuS32] = Run<F, S32>;
}

}  // namespace

void AddAtomic(Table& table) {
    AddTypes<Add>(table.atomic[kAtomicAdd]);
    AddTypes<Max>(table.atomic[kAtomicMax]);
    AddTypes<Min>(table.atomic[kAtomicMin]);
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
