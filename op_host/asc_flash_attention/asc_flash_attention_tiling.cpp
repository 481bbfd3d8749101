// SPDX-License-Identifier: Apache-2.0
#include "asc_flash_attention_tiling.h"

#include "../../op_kernel/asc_flash_attention/asc_flash_attention_variants.h"

namespace attn {
namespace {

constexpr char kOperation[] = "flash_attention";

int32_t FindKey(DataType type) {
    const std::string element = type == DataType::kFloat16 ? "half" : "bfloat16_t";
    for (const KernelVariant& variant : FlashAttentionVariants()) {
        if (variant.element == element) {
            return variant.key;
        }
    }
    return -1;
}

}  // namespace

std::vector<KernelVariant> FlashAttentionVariants() {
#define ASC_FLASH_ATTENTION_ROW(key, kernelType, element) {key, #kernelType, #element, ""},
    return {ASC_FLASH_ATTENTION_VARIANTS(ASC_FLASH_ATTENTION_ROW)};
#undef ASC_FLASH_ATTENTION_ROW
}

bool ComputeFlashAttentionTiling(DataType type, const FlashProblem& problem, const CoreLimits& core,
                                 FlashAttentionPlan* plan, TilingError* error) {
    *plan = {};
    if (type != DataType::kFloat16 && type != DataType::kBfloat16) {
        return error->Set(kOperation, "query dtype", NameOf(type), "be float16 or bfloat16");
    }
    if (!ComputeFlashPlan(problem, core, kOperation, &plan->flash, error)) {
        return false;
    }
    plan->launch = {FindKey(type), plan->flash.blocks, plan->flash.workspaceBytes};
    return true;
}

}  // namespace attn
