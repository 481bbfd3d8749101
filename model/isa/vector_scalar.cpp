// SPDX-License-Identifier: Apache-2.0
// vadds, vmuls, vmaxs, vmins, vlrelu, vaxpy, vshl, vshr.
#include <algorithm>

#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, vector functions with a scalar";

struct ScalarForm {
    const char* name;
    leaf::ScalarOp leaf;
    bool shifts;
    bool readsTarget;
};
constexpr ScalarForm kForms[] = {
    {"vadds", leaf::kScalarAdd, false, false},
    {"vmuls", leaf::kScalarMul, false, false},
    {"vmaxs", leaf::kScalarMax, false, false},
    {"vmins", leaf::kScalarMin, false, false},
    {"vlrelu", leaf::kScalarLeakyRelu, false, false},
    {"vaxpy", leaf::kScalarAxpy, false, true},
    {"vshl", leaf::kScalarShiftLeft, true, false},
    {"vshr", leaf::kScalarShiftRight, true, false},
    {"vshr", leaf::kScalarShiftRightRound, true, false},
};
static_assert(sizeof(kForms) / sizeof(kForms[0]) == kNpuScalarOpCount);

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorScalar(NpuScalarOp op, NpuType sourceType, NpuType targetType, uint32_t target,
                     uint32_t source, uint32_t scalar, const NpuUnaryRepeat* repeat) {
    const ScalarForm& form = kForms[op];
    const uint32_t sourceBytes = TypeBytes(sourceType);
    const uint32_t targetBytes = TypeBytes(targetType);
    VectorIssue vector(form.name, std::max(sourceBytes, targetBytes), repeat->repeats);
    const leaf::ScalarFn function = leaf::Active().scalar[form.leaf][sourceType][targetType];
    RequireTypes(vector, function != nullptr, sourceType, targetType, kSource);
    if (form.shifts) {
        vector.issue.RequireRange("scalarValue", scalar, 0, 8 * sourceBytes,
                                  "Ascend C API, ShiftLeft and ShiftRight");
    }
    const int write = vector.Write(target, repeat->target, targetBytes, "dst");
    if (form.readsTarget) {
        vector.Read(target, repeat->target, targetBytes, "dst");
    }
    const int read =
        vector.Read(source, repeat->source, sourceBytes, "src",
                    sourceType == targetType ? Sharing::kSameBytes : Sharing::kNothing);
    vector.Commit();
    for (const VectorBatch& batch : vector) {
        function(vector.Host(write, batch), vector.Host(read, batch), scalar, batch.repeats,
                 batch.lanes);
    }
}
