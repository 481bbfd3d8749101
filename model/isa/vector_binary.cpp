// SPDX-License-Identifier: Apache-2.0
// vadd .. vmaddrelu, and the forms that convert their result.
#include <algorithm>

#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, vector functions with two sources";
constexpr uint32_t kMostStride = 255;

// Names of the forms with one type.
constexpr const char* kNames[] = {"vadd", "vsub",  "vmul",     "vdiv",     "vmax",
                                  "vmin", "vand",  "vor",      "vaddrelu", "vsubrelu",
                                  "vmla", "vmadd", "vmaddrelu"};
static_assert(sizeof(kNames) / sizeof(kNames[0]) == kNpuBinaryOpCount);

const char* MixedName(NpuBinaryOp op, NpuType sourceType, NpuType targetType) {
    const bool half = sourceType == kNpuF16;
    switch (op) {
        case kNpuVaddrelu:
            return half                    ? "vaddreluconv_f162s8"
                   : sourceType == kNpuF32 ? "vaddreluconv_f322f16"
                                           : "vaddreluconv_s162s8";
        case kNpuVsubrelu:
            return half                    ? "vsubreluconv_f162s8"
                   : sourceType == kNpuF32 ? "vsubreluconv_f322f16"
                                           : "vsubreluconv_s162s8";
        case kNpuVmul:
            return targetType == kNpuS8 ? "vmulconv_f162s8" : "vmulconv_f162u8";
        default:
            return kNames[op];
    }
}

// The functions whose documentation lets repeats accumulate into the second source.
bool MayAccumulate(NpuBinaryOp op, NpuType type) {
    switch (op) {
        case kNpuVadd:
        case kNpuVsub:
        case kNpuVmul:
        case kNpuVmax:
        case kNpuVmin:
        case kNpuVaddrelu:
        case kNpuVsubrelu:
            return type == kNpuF16 || type == kNpuF32 || type == kNpuS32;
        default:
            return false;
    }
}

bool ReadsTarget(NpuBinaryOp op) {
    return op == kNpuVmla || op == kNpuVmadd || op == kNpuVmaddrelu;
}

void RequireStrides(const Issue& issue, const NpuBinaryRepeat& repeat) {
    issue.RequireRange("dst block stride", repeat.target.block, 0, kMostStride, kSource);
    issue.RequireRange("src0 block stride", repeat.source0.block, 0, kMostStride, kSource);
    issue.RequireRange("src1 block stride", repeat.source1.block, 0, kMostStride, kSource);
    issue.RequireRange("dst repeat stride", repeat.target.repeat, 0, kMostStride, kSource);
    issue.RequireRange("src0 repeat stride", repeat.source0.repeat, 0, kMostStride, kSource);
    issue.RequireRange("src1 repeat stride", repeat.source1.repeat, 0, kMostStride, kSource);
}

Sharing SharingOf(NpuBinaryOp op, NpuType sourceType, NpuType targetType) {
    if (sourceType == targetType) {
        return Sharing::kSameBytes;
    }
    return op == kNpuVmla ? Sharing::kNothing : Sharing::kNarrowing;
}

void Run(VectorIssue& vector, NpuBinaryOp op, NpuType sourceType, NpuType targetType,
         uint32_t target, uint32_t source0, uint32_t source1, const NpuBinaryRepeat& repeat) {
    const leaf::BinaryFn function = leaf::Active().binary[op][sourceType][targetType];
    RequireTypes(vector, function != nullptr, sourceType, targetType, kSource);
    RequireStrides(vector.issue, repeat);
    const uint32_t sourceBytes = TypeBytes(sourceType);
    const uint32_t targetBytes = TypeBytes(targetType);
    const Sharing sharing = SharingOf(op, sourceType, targetType);
    const int write = vector.Write(target, repeat.target, targetBytes, "dst");
    if (ReadsTarget(op)) {
        vector.Read(target, repeat.target, targetBytes, "dst");
    }
    const int read0 = vector.Read(source0, repeat.source0, sourceBytes, "src0", sharing);
    const int read1 = vector.Read(source1, repeat.source1, sourceBytes, "src1",
                                  MayAccumulate(op, sourceType) && sharing == Sharing::kSameBytes
                                      ? Sharing::kAccumulate
                                      : sharing);
    vector.Commit();
    for (const VectorBatch& batch : vector) {
        function(vector.Host(write, batch), vector.Host(read0, batch), vector.Host(read1, batch),
                 batch.repeats, batch.lanes);
    }
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorBinary(NpuBinaryOp op, NpuType type, uint32_t target, uint32_t source0,
                     uint32_t source1, const NpuBinaryRepeat* repeat) {
    VectorIssue vector(kNames[op], TypeBytes(type), repeat->repeats);
    Run(vector, op, type, type, target, source0, source1, *repeat);
}

void NpuVectorBinaryMixed(NpuBinaryOp op, NpuType sourceType, NpuType targetType, uint32_t target,
                          uint32_t source0, uint32_t source1, const NpuBinaryRepeat* repeat) {
    VectorIssue vector(MixedName(op, sourceType, targetType),
                       std::max(TypeBytes(sourceType), TypeBytes(targetType)), repeat->repeats);
    Run(vector, op, sourceType, targetType, target, source0, source1, *repeat);
}
