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
#include "paged_source.h"
#include "vector_rows.h"

namespace attn {

template <class Element>
class PackedValues {
 public:
    using Stage = AscendC::LocalTensor<Element>;

    __aicore__ inline void Open(const PagedSource<Element>& source) { source_ = source; }

    // `scratch` holds PackedScratchBytes, shared with PackedKeys.
    __aicore__ inline void Place(const AscendC::LocalTensor<uint8_t>& scratch, int32_t kvTile) {
        const int32_t blockSize = source_.pages->BlockSize();
        stageTokens_ = PackedStageTokens(kvTile, blockSize, kElementBytes);
        runsAreWhole_ = stageTokens_ == kvTile;
        if constexpr (kIsFloat) {
            offsets_ = scratch.template ReinterpretCast<uint32_t>()[source_.pitch];
            for (int32_t d = 0; d < source_.headDim; ++d) {
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
            const PageRun run = source_.pages->At(table, token, end);
            const int64_t source = run.block * source_.view.blockStride +
                                   head * source_.view.headStride + run.firstRow;
            const int32_t columns = RoundUp(run.tokens, kBlockElements);
            const int32_t padding = columns - run.tokens;
            const AscendC::DataCopyExtParams burst{
                static_cast<uint16_t>(source_.headDim), Bytes(run.tokens),
                Bytes(source_.pages->BlockSize() - run.tokens),
                Bytes(stageTokens_ - columns) / kDataBlockBytes, 0};
            AscendC::DataCopyPad(stage[column], source_.memory[source], burst,
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
                AscendC::Gather(wide[token * source_.pitch], stage, offsets_, Bytes(token),
                                static_cast<uint32_t>(source_.headDim));
            }
        } else {
            Narrow(stage, begin, tokens);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Cast(wide, narrow_, AscendC::RoundMode::CAST_NONE, tokens * source_.pitch);
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
        if (source_.headDim < source_.pitch) {
            AscendC::Duplicate(
                stage[source_.headDim * stageTokens_].template ReinterpretCast<int16_t>(),
                int16_t{0}, (source_.pitch - source_.headDim) * stageTokens_);
            AscendC::PipeBarrier<PIPE_V>();
        }
        if (runsAreWhole_) {
            TransposeRun(stage, 0, 0, tokens);
            return;
        }
        int32_t column = 0;
        for (int32_t row = 0; row < tokens;) {
            const int32_t rowInBlock = (begin + row) % source_.pages->BlockSize();
            const int32_t count = Smaller(source_.pages->BlockSize() - rowInBlock, tokens - row);
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
            repeat.dstRepStride = static_cast<uint16_t>(source_.pitch);
        }
        AscendC::LocalTensor<uint16_t> source[AscendC::NCHW_CONV_ADDR_LIST_SIZE];
        AscendC::LocalTensor<uint16_t> target[AscendC::NCHW_CONV_ADDR_LIST_SIZE];
        for (int32_t d = 0; d < source_.pitch; d += kTransposeTokens) {
            for (int32_t i = 0; i < kTransposeTokens; ++i) {
                source[i] =
                    stage[(d + i) * stageTokens_ + column].template ReinterpretCast<uint16_t>();
                target[i] =
                    narrow_[(row + i) * source_.pitch + d].template ReinterpretCast<uint16_t>();
            }
            AscendC::TransDataTo5HD<uint16_t>(target, source, repeat);
        }
    }

    PagedSource<Element> source_;
    int32_t stageTokens_;  // columns of the stage
    bool runsAreWhole_;    // runs end at multiples of 16 tokens, so the stage has no gaps
    AscendC::LocalTensor<Element> narrow_;
    AscendC::LocalTensor<uint32_t> offsets_;
};

}  // namespace attn
