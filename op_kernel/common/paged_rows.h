// SPDX-License-Identifier: Apache-2.0
// Reads a paged cache whose tokens are rows (CacheLayout::kRows), K and V alike.
//
//   GM --MTE2--> stage [tokens, pitch] Element --V--> [tokens, pitch] float
#pragma once

#include "kernel_entry.h"
#include "paged_source.h"
#include "vector_rows.h"

namespace attn {

template <class Element>
class PagedRows {
 public:
    using Stage = AscendC::LocalTensor<Element>;

    // Rows in UB are `pitch` elements apart; the excess over headDim is zero.
    __aicore__ inline void Open(const PagedSource<Element>& source) { source_ = source; }

    // What a packed layout needs; rows need nothing.
    __aicore__ inline void Place(const AscendC::LocalTensor<uint8_t>&, int32_t) {}

    // Copies tokens [begin, begin + tokens) of one head. Nothing past those tokens is read.
    __aicore__ inline void Load(const Stage& stage, int64_t table, int32_t head, int32_t begin,
                                int32_t tokens) const {
        const AscendC::DataCopyPadExtParams<Element> padding{
            source_.pitch > source_.headDim, 0,
            static_cast<uint8_t>(source_.pitch - source_.headDim), Element{}};
        const int32_t end = begin + tokens;
        for (int32_t token = begin; token < end;) {
            const PageRun run = source_.pages->At(table, token, end);
            const int64_t source = run.block * source_.view.blockStride +
                                   run.firstRow * source_.view.tokenStride +
                                   head * source_.view.headStride;
            AscendC::DataCopyPad(stage[(token - begin) * source_.pitch], source_.memory[source],
                                 Burst(run.tokens), padding);
            token += run.tokens;
        }
    }

    // Rows of `stage` as floats: in `wide`, or in place if they are floats already.
    __aicore__ inline FloatTensor Rows(const Stage& stage, const FloatTensor& wide, int32_t,
                                       int32_t tokens) const {
        if constexpr (sizeof(Element) == kFloatBytes) {
            return stage;
        } else {
            AscendC::Cast(wide, stage, AscendC::RoundMode::CAST_NONE, tokens * source_.pitch);
            return wide;
        }
    }

 private:
    __aicore__ inline AscendC::DataCopyExtParams Burst(int32_t count) const {
        constexpr int32_t kElementBytes = sizeof(Element);
        return {static_cast<uint16_t>(count),
                static_cast<uint32_t>(source_.headDim * kElementBytes),
                static_cast<uint32_t>((source_.view.tokenStride - source_.headDim) * kElementBytes),
                0, 0};
    }

    PagedSource<Element> source_;
};

}  // namespace attn
