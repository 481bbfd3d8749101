// SPDX-License-Identifier: Apache-2.0
// What the CANN files of all operators share: shapes, types and limits of a tiling context. C++11.
#include <cstdio>

#include "cann_context.h"
#include "tiling/platform/platform_ascendc.h"

namespace attn {
namespace {

std::string ToString(const gert::Shape& shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.GetDimNum(); ++i) {
        text += (i == 0 ? "" : ", ") + std::to_string(shape.GetDim(i));
    }
    return text + "]";
}

std::string ToString(std::initializer_list<int64_t> sizes) {
    std::string text = "[";
    for (const int64_t size : sizes) {
        text += (text.size() == 1 ? "" : ", ") + (size == kAnySize ? "any" : std::to_string(size));
    }
    return text + "]";
}

}  // namespace

gert::Shape InputShape(gert::TilingContext* context, size_t index) {
    const gert::StorageShape* shape = context->GetInputShape(index);
    return shape == nullptr ? gert::Shape() : shape->GetStorageShape();
}

bool CheckShape(const std::string& operation, const std::string& name, const gert::Shape& shape,
                std::initializer_list<int64_t> sizes, TilingError* error) {
    bool same = shape.GetDimNum() == sizes.size();
    size_t i = 0;
    for (const int64_t size : sizes) {
        same = same && (size == kAnySize || shape.GetDim(i) == size);
        ++i;
    }
    return same || error->Set(operation, name + " shape", ToString(shape), "be " + ToString(sizes));
}

bool ReadDataType(gert::TilingContext* context, size_t index, const std::string& operation,
                  const std::string& name, DataType* type, TilingError* error) {
    const gert::CompileTimeTensorDesc* description = context->GetInputDesc(index);
    const ge::DataType dtype =
        description == nullptr ? ge::DT_UNDEFINED : description->GetDataType();
    switch (dtype) {
        case ge::DT_FLOAT16:
            *type = DataType::kFloat16;
            return true;
        case ge::DT_BF16:
            *type = DataType::kBfloat16;
            return true;
        case ge::DT_FLOAT:
            *type = DataType::kFloat32;
            return true;
        case ge::DT_INT8:
            *type = DataType::kInt8;
            return true;
        default:
            return error->Set(operation, name + " dtype", "number " + std::to_string(dtype),
                              "be float16, bfloat16, float32 or int8");
    }
}

bool ReadCoreLimits(gert::TilingContext* context, CoreLimits* core) {
    fe::PlatFormInfos* info = context->GetPlatformInfo();
    if (info == nullptr) {
        return false;
    }
    const platform_ascendc::PlatformAscendC platform(info);
    core->cubeCores = static_cast<int32_t>(platform.GetCoreNumAic());
    core->vectorCores = static_cast<int32_t>(platform.GetCoreNumAiv());
    const auto size = [&platform](platform_ascendc::CoreMemType memory) {
        uint64_t bytes = 0;
        platform.GetCoreMemSize(memory, bytes);
        return static_cast<int64_t>(bytes);
    };
    core->ubBytes = size(platform_ascendc::CoreMemType::UB);
    core->l1Bytes = size(platform_ascendc::CoreMemType::L1);
    core->l0aBytes = size(platform_ascendc::CoreMemType::L0_A);
    core->l0bBytes = size(platform_ascendc::CoreMemType::L0_B);
    core->l0cBytes = size(platform_ascendc::CoreMemType::L0_C);
    core->l2Bytes = size(platform_ascendc::CoreMemType::L2);
    return true;
}

ge::graphStatus SetLaunch(gert::TilingContext* context, const LaunchPlan& launch) {
    size_t* workspace = context->GetWorkspaceSizes(1);
    if (workspace == nullptr) {
        return ge::GRAPH_FAILED;
    }
    const platform_ascendc::PlatformAscendC platform(context->GetPlatformInfo());
    workspace[0] = static_cast<size_t>(launch.workspaceBytes) + platform.GetLibApiWorkSpaceSize();
    context->SetTilingKey(static_cast<uint64_t>(launch.key));
    context->SetBlockDim(static_cast<uint32_t>(launch.blockDim));
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus Fail(const TilingError& error) {
    std::fprintf(stderr, "%s\n", error.What().c_str());
    return ge::GRAPH_FAILED;
}

}  // namespace attn
