// SPDX-License-Identifier: Apache-2.0
// Attention on cube and vector cores together: softmax(scale Q K^T) V with scores, probabilities
// and partial outputs handed over through rings of GM slots. Here: pick the variant, pick the role.
#include "attention_mix_cube.h"
#include "attention_mix_schedule.h"
#include "attention_mix_vector.h"

namespace {

using namespace probe;

struct Arguments {
    GM_ADDR query;      // [heads, queryRows, headDim]
    GM_ADDR key;        // [heads, kvRows, headDim]
    GM_ADDR value;      // [heads, kvRows, headDim]
    GM_ADDR output;     // [heads, queryRows, headDim]
    GM_ADDR workspace;  // [blocks, kBlockWorkspace] bytes
};

template <class Element, bool kUnitFlag>
__aicore__ inline void Run(const AttentionMixTiling& tiling, const Arguments& arguments) {
    int32_t block = static_cast<int32_t>(AscendC::GetBlockIdx());
    if ASCEND_IS_AIV {
        block /= kVectorCores;
    }
    const Schedule schedule(tiling, block, static_cast<int32_t>(AscendC::GetBlockNum()));
    const Workspace<Element> workspace(arguments.workspace, block);
    if ASCEND_IS_AIC {
        AttentionMixCube<Element, kUnitFlag> cube(tiling, schedule, workspace);
        cube.Process(arguments.query, arguments.key, arguments.value);
    }
    if ASCEND_IS_AIV {
        AttentionMixVector<Element> vector(tiling, schedule, workspace);
        vector.Process(arguments.output, static_cast<int32_t>(AscendC::GetSubBlockIdx()));
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_attention_mix(GM_ADDR query, GM_ADDR key, GM_ADDR value,
                                                          GM_ADDR output, GM_ADDR workspace,
                                                          GM_ADDR tiling) {
    const Arguments arguments{query, key, value, output, workspace};
    REGISTER_TILING_DEFAULT(AttentionMixTiling);
    GET_TILING_DATA_WITH_STRUCT(AttentionMixTiling, tilingData, tiling);
    if (TILING_KEY_IS(0)) {
        KERNEL_TASK_TYPE(0, KERNEL_TYPE_MIX_AIC_1_2);
        Run<half, false>(tilingData, arguments);
    } else if (TILING_KEY_IS(1)) {
        KERNEL_TASK_TYPE(1, KERNEL_TYPE_MIX_AIC_1_2);
        Run<half, true>(tilingData, arguments);
    } else if (TILING_KEY_IS(2)) {
        KERNEL_TASK_TYPE(2, KERNEL_TYPE_MIX_AIC_1_2);
        Run<bfloat16_t, false>(tilingData, arguments);
    } else if (TILING_KEY_IS(3)) {
        KERNEL_TASK_TYPE(3, KERNEL_TYPE_MIX_AIC_1_2);
        Run<bfloat16_t, true>(tilingData, arguments);
    }
}
