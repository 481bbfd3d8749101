// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscFlashAttention: pick the variant, the role and the phase. No algorithm here.
#include "../common/flash_combine.h"
#include "../common/flash_cube.h"
#include "../common/flash_vector.h"
#include "../common/kernel_entry.h"
#include "asc_flash_attention_tiling.h"
#include "asc_flash_attention_variants.h"

namespace attn {

template <class Element>
__aicore__ inline void RunFlashAttention(const FlashTiling& tiling,
                                         const FlashArguments& arguments) {
    const auto index = static_cast<int32_t>(AscendC::GetBlockIdx());
    const auto blocks = static_cast<int32_t>(AscendC::GetBlockNum());
    AscendC::TPipe pipe;
    if ASCEND_IS_AIC {
        FlashCube<Element>(tiling, arguments, &pipe).Process(index, blocks);
    }
    if ASCEND_IS_AIV {
        const auto subBlock = static_cast<int32_t>(AscendC::GetSubBlockIdx());
        FlashVector<Element>(tiling, arguments, &pipe)
            .Process(index / kVectorCores, blocks, subBlock);
        if (tiling.maxPartitions > 1) {
            pipe.Reset();
            AscendC::SyncAll();  // partial results come from any core
            CombineFlashPartials<Element>(tiling, arguments, &pipe, index, blocks * kVectorCores);
        }
    }
}

}  // namespace attn

extern "C" __global__ __aicore__ void asc_flash_attention(
    GM_ADDR query, GM_ADDR key, GM_ADDR value, GM_ADDR queryStarts, GM_ADDR keyStarts,
    GM_ADDR queryLens, GM_ADDR keyLens, GM_ADDR blockTable, GM_ADDR keyRows, GM_ADDR keyPads,
    GM_ADDR prefixes, GM_ADDR alibiSlopes, GM_ADDR sinks, GM_ADDR mask, GM_ADDR bias,
    GM_ADDR output, GM_ADDR lse, GM_ADDR workspace, GM_ADDR tiling) {
    ATTN_TILING_DATA(attn::AscFlashAttentionTiling, tilingData, tiling);
    const attn::FlashArguments arguments{query,     key,         value,      queryStarts, keyStarts,
                                         queryLens, keyLens,     blockTable, keyRows,     keyPads,
                                         prefixes,  alibiSlopes, sinks,      mask,        bias,
                                         output,    lse,         workspace};

#define ASC_FLASH_ATTENTION_RUN(kKey, kKernelType, Element)      \
    if (TILING_KEY_IS(kKey)) {                                   \
        KERNEL_TASK_TYPE(kKey, kKernelType);                     \
        attn::RunFlashAttention<Element>(tilingData, arguments); \
    }
    ASC_FLASH_ATTENTION_VARIANTS(ASC_FLASH_ATTENTION_RUN)
#undef ASC_FLASH_ATTENTION_RUN
}
