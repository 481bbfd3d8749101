// SPDX-License-Identifier: Apache-2.0
// Reads K of CacheLayout::kPacked: a block holds [headDim / x, blockSize, x] a head, where x
// elements make 16 bytes.
//
//   GM --MTE2--> stage [pitch / x, kvTile, x] Element --V--> [tokens, pitch] float
//
// 16-bit elements become floats and rows in one conversion, whose strides put the x = 8 floats of a
// token, one data block, where they belong. Floats are gathered element by element.
#pragma once

#include "kernel_entry.h"
#include "packed_cache_size.h"
#include "paged_source.h"
#include "vector_rows.h"

namespace attn {

template <class Element>
class PackedKeys {
 public:
    using Stage = AscendC::LocalTensor<Element>;

    // The excess of each row over headDim is zero.
    __aicore__ inline void Open(const PagedSource<Element>& source) { source_ = source; }

    // `scratch` holds PackedScratchBytes, shared with PackedValues; the first half is for K.
    __aicore__ inline void Place(const AscendC::LocalTensor<uint8_t>& scratch, int32_t kvTile) {
        kvTile_ = kvTile;
        if constexpr (kIsFloat) {
            offsets_ = scratch.template ReinterpretCast<uint32_t>();
            for (int32_t d = 0; d < source_.headDim; ++d) {
                offsets_.SetValue(d, (d / kX * kvTile_ * kX + d % kX) * kElementBytes);
            }
        }
    }

    // Copies tokens [begin, begin + tokens) of one head; `begin` is a multiple of the token unit.
    __aicore__ inline void Load(const Stage& stage, int64_t table, int32_t head, int32_t begin,
                                int32_t tokens) const {
        const int32_t end = begin + tokens;
        for (int32_t token = begin; token < end;) {
            const PageRun run = source_.pages->At(table, token, end);
            const int64_t source = run.block * source_.view.blockStride +
                                   head * source_.view.headStride + run.firstRow * kX;
            const int32_t bytes = run.tokens * kXBytes;
            const int32_t padding = RoundUp(bytes, kDataBlockBytes) - bytes;
            const AscendC::DataCopyExtParams burst{
                static_cast<uint16_t>(source_.headDim / kX), static_cast<uint32_t>(bytes),
                static_cast<uint32_t>((source_.pages->BlockSize() - run.tokens) * kXBytes),
                static_cast<uint32_t>((kvTile_ * kXBytes - bytes - padding) / kDataBlockBytes), 0};
            AscendC::DataCopyPad(
                stage[(token - begin) * kX], source_.memory[source], burst,
                {padding > 0, 0, static_cast<uint8_t>(padding / kElementBytes), Element{}});
            token += run.tokens;
        }
    }

    __aicore__ inline FloatTensor Rows(const Stage& stage, const FloatTensor& wide, int32_t,
                                       int32_t tokens) const {
        if constexpr (kIsFloat) {
            for (int32_t token = 0; token < tokens; ++token) {
                AscendC::Gather(wide[token * source_.pitch], stage, offsets_,
                                static_cast<uint32_t>(token * kXBytes),
                                static_cast<uint32_t>(source_.headDim));
            }
        } else {
            Widen(stage, wide, tokens);
        }
        return wide;
    }

 private:
    static constexpr int32_t kElementBytes = sizeof(Element);
    static constexpr int32_t kXBytes = 16;
    static constexpr int32_t kX = kXBytes / kElementBytes;
    static constexpr bool kIsFloat = kElementBytes == kFloatBytes;

    // A repeat converts eight tokens of one chunk of x elements; repeats walk the chunks.
    __aicore__ inline void Widen(const Stage& stage, const FloatTensor& wide,
                                 int32_t tokens) const {
        const int32_t blocksOfRow = source_.pitch / kFloatsPerBlock;
        const AscendC::UnaryRepeatParams strides{
            static_cast<uint16_t>(blocksOfRow), 1, 1,
            static_cast<uint8_t>(kvTile_ * kXBytes / kDataBlockBytes)};
        if (source_.headDim < source_.pitch) {
            AscendC::Duplicate(stage[source_.headDim * kvTile_].template ReinterpretCast<int16_t>(),
                               int16_t{0}, (source_.pitch - source_.headDim) * kvTile_);
            AscendC::PipeBarrier<PIPE_V>();
        }
        for (int32_t token = 0; token < tokens; token += kFloatsPerBlock) {
            const uint64_t lanes = Smaller(tokens - token, kFloatsPerBlock) * kFloatsPerBlock;
            AscendC::Cast(wide[token * source_.pitch], stage[token * kX],
                          AscendC::RoundMode::CAST_NONE, lanes, static_cast<uint8_t>(blocksOfRow),
                          strides);
        }
    }

    PagedSource<Element> source_;
    int32_t kvTile_;
    AscendC::LocalTensor<uint32_t> offsets_;
};

}  // namespace attn
