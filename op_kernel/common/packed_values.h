// SPDX-License-Identifier: Apache-2.0
// Reads V of CacheLayout::kPacked: a block holds [headDim, blockSize] a head, so that a token is a
// column.
//
//   GM --MTE2--> stage [pitch, stageTokens] Element --V--> [tokens, pitch] float
//
// 16-bit elements are transposed in squares of 16 and then converted; floats are gathered element
// by element.
#pragma once

#include "kernel_entry.h"
#include "packed_cache_size.h"
#include "page_runs.h"
#include "paged_cache_view.h"
#include "vector_rows.h"

namespace attn {

template <class Element>
class PackedValues {
 public:
    using Stage = AscendC::LocalTensor<Element>;

    __aicore__ inline void Open(GM_ADDR cache, const PageRuns* pages, const PagedCacheView& view,
                                int32_t headDim, int32_t pitch) {
        cache_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(cache));
        pages_ = pages;
        view_ = view;
        headDim_ = headDim;
        pitch_ = pitch;
    }

    // `scratch` holds PackedScratchBytes, shared with PackedKeys.
    __aicore__ inline void Place(const AscendC::LocalTensor<uint8_t>& scratch, int32_t kvTile) {
        const int32_t blockSize = pages_->BlockSize();
        stageTokens_ = PackedStageTokens(kvTile, blockSize, kElementBytes);
        runsAreWhole_ = stageTokens_ == kvTile;
        if constexpr (kIsFloat) {
            offsets_ = scratch.template ReinterpretCast<uint32_t>()[pitch_];
            for (int32_t d = 0; d < headDim_; ++d) {
                offsets_.SetValue(d, d * stageTokens_ * kElementBytes);
            }
        } else {
            narrow_ = scratch.template ReinterpretCast<Element>();
        }
    }

    // Copies tokens [begin, begin + tokens) of one head; `begin` is a multiple of the token unit.
    __aicore__ inline void Load(const Stage& stage, int64_t table, int32_t head, int32_t begin,
                                int32_t tokens) const {
        const int32_t end = begin + tokens;
        int32_t column = 0;
        for (int32_t token = begin; token < end;) {
            const PageRun run = pages_->At(table, token, end);
            const int64_t source =
                run.block * view_.blockStride + head * view_.headStride + run.firstRow;
            const int32_t columns = RoundUp(run.tokens, kBlockElements);
            const int32_t padding = columns - run.tokens;
            const AscendC::DataCopyExtParams burst{
                static_cast<uint16_t>(headDim_), Bytes(run.tokens),
                Bytes(pages_->BlockSize() - run.tokens),
                Bytes(stageTokens_ - columns) / kDataBlockBytes, 0};
            AscendC::DataCopyPad(stage[column], cache_[source], burst,
                                 {padding > 0, 0, static_cast<uint8_t>(padding), Element{}});
            column += columns;
            token += run.tokens;
        }
    }

    // `begin` is that of Load: it says where the runs end.
    __aicore__ inline FloatTensor Rows(const Stage& stage, const FloatTensor& wide, int32_t begin,
                                       int32_t tokens) const {
        if constexpr (kIsFloat) {
            for (int32_t token = 0; token < tokens; ++token) {
                AscendC::Gather(wide[token * pitch_], stage, offsets_, Bytes(token),
                                static_cast<uint32_t>(headDim_));
            }
        } else {
            Narrow(stage, begin, tokens);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Cast(wide, narrow_, AscendC::RoundMode::CAST_NONE, tokens * pitch_);
        }
        return wide;
    }

 private:
    static constexpr int32_t kElementBytes = sizeof(Element);
    static constexpr int32_t kBlockElements = kDataBlockBytes / kElementBytes;
    static constexpr bool kIsFloat = kElementBytes == kFloatBytes;

    static __aicore__ inline uint32_t Bytes(int32_t elements) {
        return static_cast<uint32_t>(elements * kElementBytes);
    }

    // narrow [tokens, pitch] = the transpose of the stage, run by run. The last square of a run
    // may reach into the rows of the next one, which is transposed after it.
    __aicore__ inline void Narrow(const Stage& stage, int32_t begin, int32_t tokens) const {
        if (headDim_ < pitch_) {
            AscendC::Duplicate(stage[headDim_ * stageTokens_].template ReinterpretCast<int16_t>(),
                               int16_t{0}, (pitch_ - headDim_) * stageTokens_);
            AscendC::PipeBarrier<PIPE_V>();
        }
        if (runsAreWhole_) {
            TransposeRun(stage, 0, 0, tokens);
            return;
        }
        int32_t column = 0;
        for (int32_t row = 0; row < tokens;) {
            const int32_t rowInBlock = (begin + row) % pages_->BlockSize();
            const int32_t count = Smaller(pages_->BlockSize() - rowInBlock, tokens - row);
            if (row > 0) {
                AscendC::PipeBarrier<PIPE_V>();
            }
            TransposeRun(stage, column, row, count);
            column += RoundUp(count, kBlockElements);
            row += count;
        }
    }

    // Columns [column, column + count) of the stage become rows from `row` on. An instruction
    // takes 16 elements of the head; its repeats walk the tokens.
    __aicore__ inline void TransposeRun(const Stage& stage, int32_t column, int32_t row,
                                        int32_t count) const {
        const int32_t squares = CeilDiv(count, kTransposeTokens);
        AscendC::TransDataTo5HDParams repeat;
        repeat.repeatTimes = static_cast<uint8_t>(squares);
        if (squares > 1) {
            repeat.srcRepStride = 1;
            repeat.dstRepStride = static_cast<uint16_t>(pitch_);
        }
        AscendC::LocalTensor<uint16_t> source[AscendC::NCHW_CONV_ADDR_LIST_SIZE];
        AscendC::LocalTensor<uint16_t> target[AscendC::NCHW_CONV_ADDR_LIST_SIZE];
        for (int32_t d = 0; d < pitch_; d += kTransposeTokens) {
            for (int32_t i = 0; i < kTransposeTokens; ++i) {
                source[i] =
                    stage[(d + i) * stageTokens_ + column].template ReinterpretCast<uint16_t>();
                target[i] = narrow_[(row + i) * pitch_ + d].template ReinterpretCast<uint16_t>();
            }
            AscendC::TransDataTo5HD<uint16_t>(target, source, repeat);
        }
    }

    AscendC::GlobalTensor<Element> cache_;
    const PageRuns* pages_;
    PagedCacheView view_;
    int32_t headDim_;
    int32_t pitch_;
    int32_t stageTokens_;  // columns of the stage
    bool runsAreWhole_;    // runs end at multiples of 16 tokens, so the stage has no gaps
    AscendC::LocalTensor<Element> narrow_;
    AscendC::LocalTensor<uint32_t> offsets_;
};

}  // namespace attn
