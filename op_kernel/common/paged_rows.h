// SPDX-License-Identifier: Apache-2.0
// Reads a paged cache whose tokens are rows (CacheLayout::kRows), K and V alike.
//
//   GM --MTE2--> stage [tokens, pitch] Element --V--> [tokens, pitch] float
#pragma once

#include "kernel_entry.h"
#include "page_runs.h"
#include "paged_cache_view.h"
#include "vector_rows.h"

namespace attn {

template <class Element>
class PagedRows {
 public:
    using Stage = AscendC::LocalTensor<Element>;

    // cache: [blocks, blockSize, heads, headDim] by the strides of `view`. Rows in UB are `pitch`
    // elements apart, a whole number of data blocks; the excess over headDim is zero.
    __aicore__ inline void Open(GM_ADDR cache, const PageRuns* pages, const PagedCacheView& view,
                                int32_t headDim, int32_t pitch) {
        cache_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(cache));
        pages_ = pages;
        view_ = view;
        headDim_ = headDim;
        pitch_ = pitch;
    }

    // What a packed layout needs; rows need nothing.
    __aicore__ inline void Place(const AscendC::LocalTensor<uint8_t>&, int32_t) {}

    // Copies tokens [begin, begin + tokens) of one head. Nothing past those tokens is read.
    __aicore__ inline void Load(const Stage& stage, int64_t table, int32_t head, int32_t begin,
                                int32_t tokens) const {
        const AscendC::DataCopyPadExtParams<Element> padding{
            pitch_ > headDim_, 0, static_cast<uint8_t>(pitch_ - headDim_), Element{}};
        const int32_t end = begin + tokens;
        for (int32_t token = begin; token < end;) {
            const PageRun run = pages_->At(table, token, end);
            const int64_t source = run.block * view_.blockStride +
                                   run.firstRow * view_.tokenStride + head * view_.headStride;
            AscendC::DataCopyPad(stage[(token - begin) * pitch_], cache_[source], Burst(run.tokens),
                                 padding);
            token += run.tokens;
        }
    }

    // Rows of `stage` as floats: in `wide`, or in place if they are floats already.
    __aicore__ inline FloatTensor Rows(const Stage& stage, const FloatTensor& wide, int32_t,
                                       int32_t tokens) const {
        if constexpr (sizeof(Element) == kFloatBytes) {
            return stage;
        } else {
            AscendC::Cast(wide, stage, AscendC::RoundMode::CAST_NONE, tokens * pitch_);
            return wide;
        }
    }

 private:
    __aicore__ inline AscendC::DataCopyExtParams Burst(int32_t count) const {
        constexpr int32_t kElementBytes = sizeof(Element);
        return {static_cast<uint16_t>(count), static_cast<uint32_t>(headDim_ * kElementBytes),
                static_cast<uint32_t>((view_.tokenStride - headDim_) * kElementBytes), 0, 0};
    }

    AscendC::GlobalTensor<Element> cache_;
    const PageRuns* pages_;
    PagedCacheView view_;
    int32_t headDim_;
    int32_t pitch_;
};

}  // namespace attn
