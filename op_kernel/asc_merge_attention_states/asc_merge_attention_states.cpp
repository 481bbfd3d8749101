// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscMergeAttentionStates: pick the variant. No algorithm here.
#include "../common/kernel_entry.h"
#include "asc_merge_attention_states_tiling.h"
#include "asc_merge_attention_states_variants.h"
#include "asc_merge_attention_states_vector.h"

extern "C" __global__ __aicore__ void asc_merge_attention_states(
    GM_ADDR prefixOutput, GM_ADDR prefixLse, GM_ADDR suffixOutput, GM_ADDR suffixLse,
    GM_ADDR output, GM_ADDR outputLse, GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(workspace);
    ATTN_TILING_DATA(attn::AscMergeAttentionStatesTiling, tilingData, tiling);
    const attn::MergeStatesArguments arguments{prefixOutput, prefixLse, suffixOutput,
                                               suffixLse,    output,    outputLse};
    const auto core = static_cast<int32_t>(AscendC::GetBlockIdx());
    const auto cores = static_cast<int32_t>(AscendC::GetBlockNum());
    AscendC::TPipe pipe;

#define ASC_MERGE_ATTENTION_STATES_RUN(kKey, kKernelType, Element)                           \
    if (TILING_KEY_IS(kKey)) {                                                               \
        KERNEL_TASK_TYPE(kKey, kKernelType);                                                 \
        attn::MergeStatesVector<Element>(tilingData, arguments, &pipe).Process(core, cores); \
    }
    ASC_MERGE_ATTENTION_STATES_VARIANTS(ASC_MERGE_ATTENTION_STATES_RUN)
#undef ASC_MERGE_ATTENTION_STATES_RUN
}
