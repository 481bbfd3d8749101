// SPDX-License-Identifier: Apache-2.0
// AscCopyBlocks: copies blocks of the key cache, the value cache or both.
//
//   GM source --MTE2--> UB --MTE3--> GM target
//
// Blocks are cut into chunks; each core copies a range of all chunks. The two buffers let the loads
// run ahead of the stores. No target may be a source too: cores copy in any order.
#pragma once

#include "../common/kernel_entry.h"
#include "asc_copy_blocks_tiling.h"

namespace attn {

struct CopyBlocksArguments {
    GM_ADDR keySource;     // [blocks, blockBytes], by strides
    GM_ADDR valueSource;   // may be null, as may its target
    GM_ADDR blockMapping;  // [pairs, 2] int32: source block, target block
    GM_ADDR keyTarget;
    GM_ADDR valueTarget;
};

template <class Element>
class CopyBlocksVector {
 public:
    static constexpr int32_t kStages = 2;

    __aicore__ inline CopyBlocksVector(const AscCopyBlocksTiling& tiling,
                                       const CopyBlocksArguments& arguments, AscendC::TPipe* pipe)
        : tiling_(tiling) {
        keySource_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.keySource));
        valueSource_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.valueSource));
        keyTarget_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.keyTarget));
        valueTarget_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.valueTarget));
        mapping_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.blockMapping));
        pipe->InitBuffer(chunks_, kStages, tiling.chunkBytes);
    }

    __aicore__ inline void Process(int32_t core, int32_t cores) {
        const int64_t end = tiling_.pieces * (core + 1) / cores;
        const int64_t chunksOfPair = tiling_.key.chunks + tiling_.value.chunks;
        for (int64_t piece = tiling_.pieces * core / cores; piece < end; ++piece) {
            const int64_t pair = piece / chunksOfPair;
            const int64_t chunk = piece % chunksOfPair;
            const int64_t source = mapping_.GetValue(2 * pair);
            const int64_t target = mapping_.GetValue(2 * pair + 1);
            if (chunk < tiling_.key.chunks) {
                Copy(keyTarget_[target * tiling_.key.targetStride],
                     keySource_[source * tiling_.key.sourceStride], tiling_.key, chunk);
            } else {
                Copy(valueTarget_[target * tiling_.value.targetStride],
                     valueSource_[source * tiling_.value.sourceStride], tiling_.value,
                     chunk - tiling_.key.chunks);
            }
        }
    }

 private:
    using Global = AscendC::GlobalTensor<Element>;

    __aicore__ inline void Copy(const Global& target, const Global& source,
                                const BlockCopyTiling& plan, int64_t chunk) {
        const int64_t begin = chunk * tiling_.chunkBytes;
        const int64_t left = plan.blockBytes - begin;
        const auto bytes =
            static_cast<uint32_t>(left < tiling_.chunkBytes ? left : tiling_.chunkBytes);
        const AscendC::DataCopyExtParams burst{1, bytes, 0, 0, 0};
        AscendC::LocalTensor<Element> local = chunks_.template AllocTensor<Element>();
        AscendC::DataCopyPad(local, source[begin], burst, AscendC::DataCopyPadExtParams<Element>());
        chunks_.EnQue(local);
        local = chunks_.template DeQue<Element>();
        AscendC::DataCopyPad(target[begin], local, burst);
        chunks_.FreeTensor(local);
    }

    const AscCopyBlocksTiling& tiling_;
    Global keySource_;
    Global valueSource_;
    Global keyTarget_;
    Global valueTarget_;
    AscendC::GlobalTensor<int32_t> mapping_;
    AscendC::TQueBind<AscendC::TPosition::VECIN, AscendC::TPosition::VECOUT, 1> chunks_;
};

}  // namespace attn
