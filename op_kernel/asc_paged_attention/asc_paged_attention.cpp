// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscPagedAttention: pick the variant, and the two phases. No algorithm here.
#include "../common/kernel_entry.h"
#include "asc_paged_attention_combine.h"
#include "asc_paged_attention_tiling.h"
#include "asc_paged_attention_variants.h"
#include "asc_paged_attention_vector.h"

namespace attn {

template <class Element, CacheLayout kLayout>
__aicore__ inline void RunPagedAttention(const AscPagedAttentionTiling& tiling,
                                         const PagedAttentionArguments& arguments) {
    const auto core = static_cast<int32_t>(AscendC::GetBlockIdx());
    const auto cores = static_cast<int32_t>(AscendC::GetBlockNum());
    AscendC::TPipe pipe;
    PagedAttentionVector<Element, kLayout>(tiling, arguments, &pipe).Process(core, cores);
    if (tiling.maxPartitions > 1) {
        pipe.Reset();
        AscendC::SyncAll();  // partial results come from any core
        CombinePagedPartials<Element>(tiling, arguments, &pipe, core, cores);
    }
}

}  // namespace attn

extern "C" __global__ __aicore__ void asc_paged_attention(
    GM_ADDR query, GM_ADDR keyCache, GM_ADDR valueCache, GM_ADDR blockTables, GM_ADDR seqLens,
    GM_ADDR queryStarts, GM_ADDR alibiSlopes, GM_ADDR sinks, GM_ADDR output, GM_ADDR lse,
    GM_ADDR expSums, GM_ADDR maxLogits, GM_ADDR partialOutput, GM_ADDR workspace, GM_ADDR tiling) {
    ATTN_TILING_DATA(attn::AscPagedAttentionTiling, tilingData, tiling);
    const attn::PagedAttentionArguments arguments{
        query, keyCache, valueCache, blockTables, seqLens,   queryStarts,   alibiSlopes,
        sinks, output,   lse,        expSums,     maxLogits, partialOutput, workspace};

#define ASC_PAGED_ATTENTION_RUN(kKey, kKernelType, Element, kLayout)                         \
    if (TILING_KEY_IS(kKey)) {                                                               \
        KERNEL_TASK_TYPE(kKey, kKernelType);                                                 \
        attn::RunPagedAttention<Element, attn::CacheLayout::kLayout>(tilingData, arguments); \
    }
    ASC_PAGED_ATTENTION_VARIANTS(ASC_PAGED_ATTENTION_RUN)
#undef ASC_PAGED_ATTENTION_RUN
}
