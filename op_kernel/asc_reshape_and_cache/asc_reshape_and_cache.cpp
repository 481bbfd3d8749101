// SPDX-License-Identifier: Apache-2.0
// Kernel entry of AscReshapeAndCache: pick the variant. No algorithm here.
#include "../common/kernel_entry.h"
#include "asc_reshape_and_cache_tiling.h"
#include "asc_reshape_and_cache_variants.h"
#include "asc_reshape_and_cache_vector.h"

// The caches are inputs and outputs of the operator and share their memory, as CANN passes what an
// operator changes in place.
extern "C" __global__ __aicore__ void asc_reshape_and_cache(
    GM_ADDR key, GM_ADDR value, GM_ADDR keyCache, GM_ADDR valueCache, GM_ADDR slotMapping,
    GM_ADDR keyCacheOut, GM_ADDR valueCacheOut, GM_ADDR workspace, GM_ADDR tiling) {
    static_cast<void>(keyCache);
    static_cast<void>(valueCache);
    static_cast<void>(workspace);
    ATTN_TILING_DATA(attn::AscReshapeAndCacheTiling, tilingData, tiling);
    const attn::ReshapeAndCacheArguments arguments{key, value, slotMapping, keyCacheOut,
                                                   valueCacheOut};
    const auto core = static_cast<int32_t>(AscendC::GetBlockIdx());
    const auto cores = static_cast<int32_t>(AscendC::GetBlockNum());
    AscendC::TPipe pipe;

#define ASC_RESHAPE_AND_CACHE_RUN(kKey, kKernelType, Element)                                    \
    if (TILING_KEY_IS(kKey)) {                                                                   \
        KERNEL_TASK_TYPE(kKey, kKernelType);                                                     \
        attn::ReshapeAndCacheVector<Element>(tilingData, arguments, &pipe).Process(core, cores); \
    }
    ASC_RESHAPE_AND_CACHE_VARIANTS(ASC_RESHAPE_AND_CACHE_RUN)
#undef ASC_RESHAPE_AND_CACHE_RUN
}
