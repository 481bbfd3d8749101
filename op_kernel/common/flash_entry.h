// SPDX-License-Identifier: Apache-2.0
// Attention on cube and vector cores from entry to exit: the role of the core, and the two phases.
#pragma once

#include "flash_combine.h"
#include "flash_cube.h"
#include "flash_vector.h"

namespace attn {

// For kernels of the type KERNEL_TYPE_MIX_AIC_1_2.
template <class Element>
__aicore__ inline void RunFlash(const FlashTiling& tiling, const FlashArguments& arguments) {
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
