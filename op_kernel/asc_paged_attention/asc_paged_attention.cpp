// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscPagedAttention: pick the variant. No algorithm here.
#include "../common/kernel_entry.h"
#include "asc_paged_attention_tiling.h"
#include "asc_paged_attention_variants.h"
#include "asc_paged_attention_vector.h"

extern "C" __global__ __aicore__ void asc_paged_attention(GM_ADDR query, GM_ADDR keyCache,
                                                          GM_ADDR valueCache, GM_ADDR blockTables,
                                                          GM_ADDR seqLens, GM_ADDR output,
                                                          GM_ADDR lse, GM_ADDR workspace,
                                                          GM_ADDR tiling) {
    static_cast<void>(workspace);  // unused: every task is finished by the core that began it
    ATTN_TILING_DATA(attn::AscPagedAttentionTiling, tilingData, tiling);
    const attn::PagedAttentionArguments arguments{query,   keyCache, valueCache, blockTables,
                                                  seqLens, output,   lse};
    const auto core = static_cast<int32_t>(AscendC::GetBlockIdx());
    const auto cores = static_cast<int32_t>(AscendC::GetBlockNum());
    AscendC::TPipe pipe;

#define ASC_PAGED_ATTENTION_RUN(kKey, kKernelType, Element)                                     \
    if (TILING_KEY_IS(kKey)) {                                                                  \
        KERNEL_TASK_TYPE(kKey, kKernelType);                                                    \
        attn::PagedAttentionVector<Element>(tilingData, arguments, &pipe).Process(core, cores); \
    }
    ASC_PAGED_ATTENTION_VARIANTS(ASC_PAGED_ATTENTION_RUN)
#undef ASC_PAGED_ATTENTION_RUN
}
