// SPDX-License-Identifier: Apache-2.0
// AscRotaryEmbedding: rotates pairs of elements of each head by the angles of the token's position.
//
//   GM rows       --MTE2--> row queue ----V--+
//   GM cos, sin   --MTE2--> factor queue --V-+--> output queue --MTE3--> GM
//
// With p the partner of an element x in its pair, (x, p) becomes (x cos - p sin, p cos + x sin): a
// product with cos and one of the partner with -sin or sin. Partners are half the rotated
// elements apart, so that an offset finds them, or neighbours, which have to be swapped first.
#pragma once

#include "../common/kernel_entry.h"
#include "../common/row_convert.h"
#include "asc_rotary_embedding_schedule.h"
#include "asc_rotary_embedding_tiling.h"

namespace attn {

struct RotaryArguments {
    GM_ADDR x;          // [batch, sequence, heads, headDim], by strides
    GM_ADDR cos;        // [positions, rotaryDim / 2]
    GM_ADDR sin;        // likewise
    GM_ADDR positions;  // [batch, sequence] int32
    GM_ADDR output;     // like x, and x itself if wanted
};

template <class Element, class Factor>
class RotaryVector {
 public:
    __aicore__ inline RotaryVector(const AscRotaryEmbeddingTiling& tiling,
                                   const RotaryArguments& arguments, AscendC::TPipe* pipe)
        : tiling_(tiling), half_(tiling.rotaryDim / 2) {
        x_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.x));
        cos_.SetGlobalBuffer(reinterpret_cast<__gm__ Factor*>(arguments.cos));
        sin_.SetGlobalBuffer(reinterpret_cast<__gm__ Factor*>(arguments.sin));
        positions_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.positions));
        output_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.output));

        const int32_t rows = tiling.rows.tokenTile * tiling.rows.headTile;
        const RotaryUb plan = RotaryUbPlan({rows, tiling.rows.tokenTile, tiling.pitch,
                                            tiling.rotaryDim, kElementBytes, kFactorBytes});
        factorPitch_ = plan.factorPitch;
        pipe->InitBuffer(rowQueue_, RotaryUb::kStages, plan.rowBytes);
        pipe->InitBuffer(factorQueue_, RotaryUb::kStages, plan.factorBytes);
        pipe->InitBuffer(outputQueue_, RotaryUb::kStages, plan.rowBytes);
        pipe->InitBuffer(scratch_, plan.scratchBytes);
        const Floats scratch = scratch_.Get<float>();
        wide_ = scratch[plan.wide / kFloatBytes];
        other_ = scratch[plan.other / kFloatBytes];
        table_ = scratch[plan.table / kFloatBytes];
        expanded_ = scratch[plan.expanded / kFloatBytes];
        expand_ = scratch[plan.expand / kFloatBytes].template ReinterpretCast<int32_t>();
        if constexpr (kElementBytes == kFloatBytes) {
            swap_ = scratch[plan.swap / kFloatBytes].template ReinterpretCast<int32_t>();
        }
        if (tiling.interleaved != 0) {
            MakeOffsets(kElementBytes == kFloatBytes ? rows * tiling.rotaryDim : tiling.rotaryDim);
        }
    }

    __aicore__ inline void Process(int32_t core, int32_t cores) {
        Load(core);
        for (int32_t index = core; index < tiling_.rows.tiles; index += cores) {
            Load(index + cores);
            Rotate(RowTileAt(tiling_.rows, index));
        }
    }

 private:
    using Floats = AscendC::LocalTensor<float>;
    using Integers = AscendC::LocalTensor<int32_t>;
    using Rows = AscendC::LocalTensor<Element>;
    using Factors = AscendC::LocalTensor<Factor>;

    // Offsets of Gather, in bytes: for column i of `expanded_` those of cos[i / 2], and of
    // -sin[i / 2] or sin[i / 2]; and those of the neighbour of each of `count` floats.
    __aicore__ inline void MakeOffsets(int32_t count) {
        const Integers index = wide_.template ReinterpretCast<int32_t>();
        const Integers odd = other_.template ReinterpretCast<int32_t>();
        const Integers sines = expand_[tiling_.rotaryDim];
        AscendC::CreateVecIndex(index, 0, static_cast<uint32_t>(count));
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::ShiftRight(odd, index, 1, count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(expand_, odd, kFloatBytes, tiling_.rotaryDim);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(odd, odd, -2, count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(odd, odd, index, count);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(sines, odd, half_ * kFloatBytes, tiling_.rotaryDim);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Add(sines, sines, expand_, tiling_.rotaryDim);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Adds(sines, sines, half_ * kFloatBytes, tiling_.rotaryDim);
        if constexpr (kElementBytes == kFloatBytes) {
            AscendC::Muls(index, index, kFloatBytes, count);
            AscendC::Muls(odd, odd, -2 * kFloatBytes, count);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Add(odd, odd, index, count);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Adds(swap_, odd, kFloatBytes, count);
        }
    }

    __aicore__ inline void Load(int32_t index) {
        if (index < tiling_.rows.tiles) {
            const RowTile tile = RowTileAt(tiling_.rows, index);
            LoadFactors(tile);
            Rows rows = rowQueue_.template AllocTensor<Element>();
            const AscendC::DataCopyExtParams burst{static_cast<uint16_t>(tile.heads), HeadBytes(),
                                                   GapBytes(tiling_.x), 0, 0};
            for (int32_t i = 0; i < tile.tokens; ++i) {
                AscendC::DataCopyPad(rows[i * tile.heads * tiling_.pitch],
                                     x_[OffsetOf(tiling_.x, tile.token + i, tile.head)], burst,
                                     AscendC::DataCopyPadExtParams<Element>());
            }
            rowQueue_.EnQue(rows);
        }
    }

    __aicore__ inline void LoadFactors(const RowTile& tile) {
        Factors factors = factorQueue_.template AllocTensor<Factor>();
        const AscendC::DataCopyExtParams burst{1, static_cast<uint32_t>(half_ * kFactorBytes), 0, 0,
                                               0};
        const AscendC::DataCopyPadExtParams<Factor> noPadding;
        for (int32_t i = 0; i < tile.tokens; ++i) {
            const int64_t position = positions_.GetValue(tile.token + i);
            const Factors own = factors[2 * i * factorPitch_];
            AscendC::DataCopyPad(own, cos_[position * tiling_.cosStride], burst, noPadding);
            AscendC::DataCopyPad(own[factorPitch_], sin_[position * tiling_.sinStride], burst,
                                 noPadding);
        }
        factorQueue_.EnQue(factors);
    }

    __aicore__ inline int64_t OffsetOf(const TokenView& view, int32_t token, int32_t head) const {
        return token / tiling_.sequence * view.rowStride +
               token % tiling_.sequence * view.tokenStride + head * view.headStride;
    }

    __aicore__ inline uint32_t HeadBytes() const {
        return static_cast<uint32_t>(tiling_.headDim * kElementBytes);
    }

    __aicore__ inline uint32_t GapBytes(const TokenView& view) const {
        return static_cast<uint32_t>((view.headStride - tiling_.headDim) * kElementBytes);
    }

    __aicore__ inline void Rotate(const RowTile& tile) {
        MakeTable(tile.tokens);
        Rows rows = rowQueue_.template DeQue<Element>();
        Rows result = outputQueue_.template AllocTensor<Element>();
        const int32_t dim = tiling_.rotaryDim;
        if (dim < tiling_.headDim) {
            ConvertRows(result[dim], tiling_.pitch, rows[dim], tiling_.pitch, tile.Rows(),
                        tiling_.headDim - dim);
        }
        if (tiling_.interleaved != 0) {
            Expand(tile.tokens);
            SwapNeighbours(rows, tile.Rows());
            rowQueue_.FreeTensor(rows);
            RotateNeighbours(tile);
            ConvertRows(result, tiling_.pitch, wide_, dim, tile.Rows(), dim);
        } else {
            ConvertRows(wide_, dim, rows, tiling_.pitch, tile.Rows(), dim);
            rowQueue_.FreeTensor(rows);
            RotateHalves(tile);
            ConvertRows(result, tiling_.pitch, other_, dim, tile.Rows(), dim);
        }
        outputQueue_.EnQue(result);
        Store(tile);
    }

    // table_[token] = cos, -sin, sin.
    __aicore__ inline void MakeTable(int32_t tokens) {
        Factors factors = factorQueue_.template DeQue<Factor>();
        const int32_t pitch = 3 * half_;
        ConvertRows(table_, pitch, factors, 2 * factorPitch_, tokens, half_);
        ConvertRows(table_[2 * half_], pitch, factors[factorPitch_], 2 * factorPitch_, tokens,
                    half_);
        factorQueue_.FreeTensor(factors);
        AscendC::PipeBarrier<PIPE_V>();
        const auto stride = static_cast<uint8_t>(pitch / kFloatsPerBlock);
        for (int32_t column = 0; column < half_; column += kFloatsPerRepeat) {
            const uint64_t mask = Smaller(half_ - column, kFloatsPerRepeat);
            AscendC::Muls(table_[half_ + column], table_[2 * half_ + column], -1.0f, mask,
                          static_cast<uint8_t>(tokens), {1, 1, stride, stride});
        }
    }

    __aicore__ inline void Expand(int32_t tokens) {
        const int32_t pitch = 2 * tiling_.rotaryDim;
        const auto offsets = expand_.template ReinterpretCast<uint32_t>();
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t i = 0; i < tokens; ++i) {
            AscendC::Gather(expanded_[i * pitch], table_[3 * i * half_], offsets, 0,
                            static_cast<uint32_t>(pitch));
        }
    }

    // wide_ = rows, other_ = rows with neighbours swapped, both as floats. Gather takes one element
    // after the other, so neighbours of two bytes are swapped as the halves of a word.
    __aicore__ inline void SwapNeighbours(const Rows& rows, int32_t count) {
        const int32_t dim = tiling_.rotaryDim;
        if constexpr (kElementBytes == kFloatBytes) {
            ConvertRows(wide_, dim, rows, tiling_.pitch, count, dim);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Gather(other_, wide_, swap_.template ReinterpretCast<uint32_t>(), 0,
                            static_cast<uint32_t>(count * dim));
        } else {
            const auto words = rows.template ReinterpretCast<uint32_t>();
            const auto low = wide_.template ReinterpretCast<uint32_t>();
            const auto high = low[count * half_];
            SwapWords(low, high, words, count);
            AscendC::PipeBarrier<PIPE_V>();
            ConvertRows(other_, dim, low.template ReinterpretCast<Element>(), dim, count, dim);
            AscendC::PipeBarrier<PIPE_V>();
            ConvertRows(wide_, dim, rows, tiling_.pitch, count, dim);
        }
    }

    // low = words with their halves swapped, [count, half_]; high is scratch of that size.
    __aicore__ inline void SwapWords(const AscendC::LocalTensor<uint32_t>& low,
                                     const AscendC::LocalTensor<uint32_t>& high,
                                     const AscendC::LocalTensor<uint32_t>& words,
                                     int32_t count) const {
        constexpr uint32_t kHalfBits = 16;
        const auto repeats = static_cast<uint8_t>(count);
        const AscendC::UnaryRepeatParams strides{
            1, 1, static_cast<uint8_t>(half_ / kFloatsPerBlock),
            static_cast<uint8_t>(tiling_.pitch / 2 / kFloatsPerBlock)};
        for (int32_t column = 0; column < half_; column += kFloatsPerRepeat) {
            const uint64_t mask = Smaller(half_ - column, kFloatsPerRepeat);
            AscendC::ShiftRight(low[column], words[column], kHalfBits, mask, repeats, strides);
            AscendC::ShiftLeft(high[column], words[column], kHalfBits, mask, repeats, strides);
        }
        AscendC::PipeBarrier<PIPE_V>();
        const auto halves = low.template ReinterpretCast<uint16_t>();
        AscendC::Or(halves, halves, high.template ReinterpretCast<uint16_t>(),
                    count * tiling_.rotaryDim);
    }

    // wide_ = wide_ * cos + other_ * (-sin, sin, -sin, ...).
    __aicore__ inline void RotateNeighbours(const RowTile& tile) {
        const int32_t dim = tiling_.rotaryDim;
        const RotarySweep sweep = RotarySweepOf(tile, dim, 2 * dim);
        AscendC::PipeBarrier<PIPE_V>();
        Sweep<false>(wide_, wide_, expanded_, sweep, dim);
        AscendC::PipeBarrier<PIPE_V>();
        Sweep<true>(wide_, other_, expanded_[dim], sweep, dim);
        AscendC::PipeBarrier<PIPE_V>();
    }

    // other_ = wide_ * cos + wide_ with its halves swapped * (-sin, ..., sin, ...).
    __aicore__ inline void RotateHalves(const RowTile& tile) {
        const RotarySweep sweep = RotarySweepOf(tile, tiling_.rotaryDim, 3 * half_);
        AscendC::PipeBarrier<PIPE_V>();
        Sweep<false>(other_, wide_, table_, sweep, half_);
        Sweep<false>(other_[half_], wide_[half_], table_, sweep, half_);
        AscendC::PipeBarrier<PIPE_V>();
        Sweep<true>(other_, wide_[half_], table_[half_], sweep, half_);
        Sweep<true>(other_[half_], wide_, table_[2 * half_], sweep, half_);
        AscendC::PipeBarrier<PIPE_V>();
    }

    // dst = src * factors for some columns of every row, added to dst if kAdd.
    template <bool kAdd>
    static __aicore__ inline void Sweep(const Floats& dst, const Floats& src, const Floats& factors,
                                        const RotarySweep& sweep, int32_t columns) {
        const auto repeats = static_cast<uint8_t>(sweep.repeats);
        const auto rowStride = static_cast<uint8_t>(sweep.rowStride / kFloatsPerBlock);
        const auto factorStride = static_cast<uint8_t>(sweep.factorStride / kFloatsPerBlock);
        const AscendC::BinaryRepeatParams strides{1, 1, 1, rowStride, rowStride, factorStride};
        for (int32_t step = 0; step < sweep.steps; ++step) {
            for (int32_t column = 0; column < columns; column += kFloatsPerRepeat) {
                const uint64_t mask = Smaller(columns - column, kFloatsPerRepeat);
                const int32_t row = step * sweep.rowStep + column;
                const int32_t factor = step * sweep.factorStep + column;
                if constexpr (kAdd) {
                    AscendC::MulAddDst(dst[row], src[row], factors[factor], mask, repeats, strides);
                } else {
                    AscendC::Mul(dst[row], src[row], factors[factor], mask, repeats, strides);
                }
            }
        }
    }

    __aicore__ inline void Store(const RowTile& tile) {
        Rows result = outputQueue_.template DeQue<Element>();
        const AscendC::DataCopyExtParams burst{static_cast<uint16_t>(tile.heads), HeadBytes(), 0,
                                               GapBytes(tiling_.output), 0};
        for (int32_t i = 0; i < tile.tokens; ++i) {
            AscendC::DataCopyPad(output_[OffsetOf(tiling_.output, tile.token + i, tile.head)],
                                 result[i * tile.heads * tiling_.pitch], burst);
        }
        outputQueue_.FreeTensor(result);
    }

    static constexpr int32_t kElementBytes = sizeof(Element);
    static constexpr int32_t kFactorBytes = sizeof(Factor);

    const AscRotaryEmbeddingTiling& tiling_;
    const int32_t half_;   // of rotaryDim
    int32_t factorPitch_;  // see RotaryUb
    AscendC::GlobalTensor<Element> x_;
    AscendC::GlobalTensor<Factor> cos_;
    AscendC::GlobalTensor<Factor> sin_;
    AscendC::GlobalTensor<int32_t> positions_;
    AscendC::GlobalTensor<Element> output_;
    AscendC::TQue<AscendC::TPosition::VECIN, RotaryUb::kStages> rowQueue_;
    AscendC::TQue<AscendC::TPosition::VECIN, RotaryUb::kStages> factorQueue_;
    AscendC::TQue<AscendC::TPosition::VECOUT, RotaryUb::kStages> outputQueue_;
    AscendC::TBuf<AscendC::TPosition::VECCALC> scratch_;

    // Parts of the scratch buffer: see RotaryUb.
    Floats wide_;
    Floats other_;
    Floats table_;
    Floats expanded_;
    Integers expand_;
    Integers swap_;  // for elements of four bytes
};

}  // namespace attn
