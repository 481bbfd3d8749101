// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscCopyBlocks: pick the variant. No algorithm here.
#include "../common/kernel_entry.h"
#include "asc_copy_blocks_tiling.h"
#include "asc_copy_blocks_variants.h"
#include "asc_copy_blocks_vector.h"

// The target caches are inputs and outputs of the operator and share their memory, as CANN passes
// what an operator changes in place. They may be the sources, too.
extern "C" __global__ __aicore__ void asc_copy_blocks(GM_ADDR keySource, GM_ADDR valueSource,
                                                      GM_ADDR keyCache, GM_ADDR valueCache,
                                                      GM_ADDR blockMapping, GM_ADDR keyCacheOut,
                                                      GM_ADDR valueCacheOut, GM_ADDR workspace,
                                                      GM_ADDR tiling) {
    static_cast<void>(keyCache);
    static_cast<void>(valueCache);
    static_cast<void>(workspace);
    ATTN_TILING_DATA(attn::AscCopyBlocksTiling, tilingData, tiling);
    const attn::CopyBlocksArguments arguments{keySource, valueSource, blockMapping, keyCacheOut,
                                              valueCacheOut};
    const auto core = static_cast<int32_t>(AscendC::GetBlockIdx());
    const auto cores = static_cast<int32_t>(AscendC::GetBlockNum());
    AscendC::TPipe pipe;

#define ASC_COPY_BLOCKS_RUN(kKey, kKernelType, Element)                                     \
    if (TILING_KEY_IS(kKey)) {                                                              \
        KERNEL_TASK_TYPE(kKey, kKernelType);                                                \
        attn::CopyBlocksVector<Element>(tilingData, arguments, &pipe).Process(core, cores); \
    }
    ASC_COPY_BLOCKS_VARIANTS(ASC_COPY_BLOCKS_RUN)
#undef ASC_COPY_BLOCKS_RUN
}
