// SPDX-License-Identifier: Apache-2.0
// vector_dup.
#include "isa/vector_support.h"
#include "leaf/table.h"

using namespace npu_model;

void NpuVectorFill(NpuType type, uint32_t target, uint32_t scalar, uint16_t repeats,
                   const NpuVectorStride* stride) {
    constexpr const char* kSource = "Ascend C API, Duplicate";
    VectorIssue vector("vector_dup", TypeBytes(type), repeats);
    const leaf::FillFn function = leaf::Active().fill[type];
    RequireType(vector, function != nullptr, type, "dst", kSource);
    vector.issue.RequireRange("dst repeat stride", stride->repeat, 0, 255, kSource);
    const int write = vector.Write(target, *stride, TypeBytes(type), "dst");
    vector.Commit();
    for (const VectorBatch& batch : vector) {
        function(vector.Host(write, batch), scalar, batch.repeats, batch.lanes);
    }
}
