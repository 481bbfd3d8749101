// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscRotaryEmbedding: pick the variant. No algorithm here.
#include "../common/kernel_entry.h"
#include "asc_rotary_embedding_tiling.h"
#include "asc_rotary_embedding_variants.h"
#include "asc_rotary_embedding_vector.h"

extern "C" __global__ __aicore__ void asc_rotary_embedding(GM_ADDR x, GM_ADDR cos, GM_ADDR sin,
                                                           GM_ADDR positions, GM_ADDR output,
                                                           GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(workspace);
    ATTN_TILING_DATA(attn::AscRotaryEmbeddingTiling, tilingData, tiling);
    const attn::RotaryArguments arguments{x, cos, sin, positions, output};
    const auto core = static_cast<int32_t>(AscendC::GetBlockIdx());
    const auto cores = static_cast<int32_t>(AscendC::GetBlockNum());
    AscendC::TPipe pipe;

#define ASC_ROTARY_EMBEDDING_RUN(kKey, kKernelType, Element, Factor)                            \
    if (TILING_KEY_IS(kKey)) {                                                                  \
        KERNEL_TASK_TYPE(kKey, kKernelType);                                                    \
        attn::RotaryVector<Element, Factor>(tilingData, arguments, &pipe).Process(core, cores); \
    }
    ASC_ROTARY_EMBEDDING_VARIANTS(ASC_ROTARY_EMBEDDING_RUN)
#undef ASC_ROTARY_EMBEDDING_RUN
}
