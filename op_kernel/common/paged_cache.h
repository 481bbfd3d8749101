// SPDX-License-Identifier: Apache-2.0
// Reads rows of a paged K or V cache: token t of a sequence lies in row t % blockSize of the cache
// block that the sequence's row of the block table names at t / blockSize.
#pragma once

#include "kernel_entry.h"
#include "paged_cache_view.h"
#include "vector_units.h"

namespace attn {

template <class Element>
class PagedCache {
 public:
    // cache: [blocks, blockSize, heads, headDim] by the strides of `view`; headDim is contiguous.
    __aicore__ inline void Open(GM_ADDR cache, GM_ADDR blockTables, const PagedCacheView& view,
                                int32_t blockSize, int32_t headDim) {
        cache_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(cache));
        blockTables_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(blockTables));
        view_ = view;
        blockSize_ = blockSize;
        headDim_ = headDim;
    }

    // Copies tokens [begin, begin + tokens) of one head into rows [tokens, headDim]. `table` is the
    // offset of the sequence's row in the block table. Nothing past those tokens is read.
    __aicore__ inline void CopyRows(const AscendC::LocalTensor<Element>& rows, int64_t table,
                                    int32_t head, int32_t begin, int32_t tokens) const {
        const AscendC::DataCopyPadExtParams<Element> noPadding;
        int32_t copied = 0;
        while (copied < tokens) {
            const int32_t token = begin + copied;
            const int32_t firstRow = token % blockSize_;
            const int32_t count = Smaller(blockSize_ - firstRow, tokens - copied);
            const int64_t block = blockTables_.GetValue(table + token / blockSize_);
            const int64_t source =
                block * view_.blockStride + firstRow * view_.tokenStride + head * view_.headStride;
            AscendC::DataCopyPad(rows[copied * headDim_], cache_[source], Burst(count), noPadding);
            copied += count;
        }
    }

 private:
    __aicore__ inline AscendC::DataCopyExtParams Burst(int32_t count) const {
        constexpr int32_t kElementBytes = sizeof(Element);
        return {static_cast<uint16_t>(count), static_cast<uint32_t>(headDim_ * kElementBytes),
                static_cast<uint32_t>((view_.tokenStride - headDim_) * kElementBytes), 0, 0};
    }

    AscendC::GlobalTensor<Element> cache_;
    AscendC::GlobalTensor<int32_t> blockTables_;
    PagedCacheView view_;
    int32_t blockSize_;  // tokens in a cache block
    int32_t headDim_;
};

}  // namespace attn
