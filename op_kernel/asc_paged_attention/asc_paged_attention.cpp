// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscPagedAttention: pick the variant, and the two phases. No algorithm here.
#include "../common/flash_entry.h"
#include "../common/kernel_entry.h"
#include "asc_paged_attention_combine.h"
#include "asc_paged_attention_tiling.h"
#include "asc_paged_attention_variants.h"
#include "asc_paged_attention_vector.h"

namespace attn {

template <class Element, CacheLayout kLayout>
__aicore__ inline void RunOnVectorCores(const AscPagedAttentionTiling& tiling,
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

template <class Element>
__aicore__ inline void RunOnCube(const FlashTiling& tiling, const PagedAttentionArguments& given) {
    FlashArguments arguments{};
    arguments.query = given.query;
    arguments.key = given.keyCache;
    arguments.value = given.valueCache;
    arguments.queryStarts = given.queryStarts;
    arguments.keyLens = given.seqLens;
    arguments.blockTable = given.blockTables;
    arguments.alibiSlopes = given.alibiSlopes;
    arguments.sinks = given.sinks;
    arguments.output = given.output;
    arguments.lse = given.lse;
    arguments.workspace = given.workspace;
    RunFlash<Element>(tiling, arguments);
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

#define ASC_PAGED_ATTENTION_VECTOR(kKey, kKernelType, Element, kLayout)                     \
    if (TILING_KEY_IS(kKey)) {                                                              \
        KERNEL_TASK_TYPE(kKey, kKernelType);                                                \
        attn::RunOnVectorCores<Element, attn::CacheLayout::kLayout>(tilingData, arguments); \
    }
#define ASC_PAGED_ATTENTION_CUBE(kKey, kKernelType, Element)  \
    if (TILING_KEY_IS(kKey)) {                                \
        KERNEL_TASK_TYPE(kKey, kKernelType);                  \
        attn::RunOnCube<Element>(tilingData.cube, arguments); \
    }
    ASC_PAGED_ATTENTION_VARIANTS(ASC_PAGED_ATTENTION_VECTOR, ASC_PAGED_ATTENTION_CUBE)
#undef ASC_PAGED_ATTENTION_CUBE
#undef ASC_PAGED_ATTENTION_VECTOR
}
