// SPDX-License-Identifier: Apache-2.0
// vabs, vexp, vln, vsqrt, vrsqrt, vrec, vrelu, vnot.
#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, vector functions with one source";

struct UnaryForm {
    const char* name;
    leaf::UnaryOp leaf;
};
constexpr UnaryForm kForms[] = {
    {"vabs", leaf::kUnaryAbs},   {"vexp", leaf::kUnaryExp},     {"vln", leaf::kUnaryLn},
    {"vsqrt", leaf::kUnarySqrt}, {"vrsqrt", leaf::kUnaryRsqrt}, {"vrec", leaf::kUnaryRec},
    {"vrelu", leaf::kUnaryRelu}, {"vnot", leaf::kUnaryNot},
};
static_assert(sizeof(kForms) / sizeof(kForms[0]) == kNpuUnaryOpCount);

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorUnary(NpuUnaryOp op, NpuType type, uint32_t target, uint32_t source,
                    const NpuUnaryRepeat* repeat) {
    const uint32_t bytes = TypeBytes(type);
    VectorIssue vector(kForms[op].name, bytes, repeat->repeats);
    const leaf::UnaryFn function = leaf::Active().unary[kForms[op].leaf][type];
    RequireType(vector, function != nullptr, type, "src", kSource);
    vector.issue.RequireRange("dst repeat stride", repeat->target.repeat, 0, 255, kSource);
    vector.issue.RequireRange("src repeat stride", repeat->source.repeat, 0, 255, kSource);
    const int write = vector.Write(target, repeat->target, bytes, "dst");
    const int read = vector.Read(source, repeat->source, bytes, "src");
    vector.Commit();
    for (const VectorBatch& batch : vector) {
        function(vector.Host(write, batch), vector.Host(read, batch), batch.repeats, batch.lanes);
    }
}
