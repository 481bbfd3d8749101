// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscFlashAttention: pick the variant. No algorithm here.
#include "../common/flash_entry.h"
#include "../common/kernel_entry.h"
#include "asc_flash_attention_tiling.h"
#include "asc_flash_attention_variants.h"

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

#define ASC_FLASH_ATTENTION_RUN(kKey, kKernelType, Element) \
    if (TILING_KEY_IS(kKey)) {                              \
        KERNEL_TASK_TYPE(kKey, kKernelType);                \
        attn::RunFlash<Element>(tilingData, arguments);     \
    }
    ASC_FLASH_ATTENTION_VARIANTS(ASC_FLASH_ATTENTION_RUN)
#undef ASC_FLASH_ATTENTION_RUN
}
