// SPDX-License-Identifier: Apache-2.0
// Scores of a slice on a vector core: loaded from workspace, then everything between Q K^T and the
// softmax: scale, softcap, ALiBi, bias, and -inf for what a row does not see.
//
//   GM --MTE2--> slot of scores, bias and mask --V--> scores in place
#pragma once

#include "event_ring.h"
#include "flash_arguments.h"
#include "flash_slice.h"
#include "flash_ub.h"
#include "flash_workspace.h"
#include "kernel_entry.h"
#include "online_softmax.h"
#include "softcap.h"
#include "vector_rows.h"

namespace attn {

template <class Element>
class FlashScores {
 public:
    __aicore__ inline void Open(const FlashTiling& tiling, const FlashArguments& arguments,
                                const FlashWorkspace<Element>& workspace, const FlashUb& plan,
                                const AscendC::LocalTensor<uint8_t>& ub,
                                const FlashRowScratch& rows, AscendC::TPipe* pipe) {
        tiling_ = &tiling;
        workspace_ = &workspace;
        plan_ = plan;
        ub_ = ub;
        rows_ = rows;
        slopes_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.alibiSlopes));
        bias_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.bias));
        floatBias_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.bias));
        mask_.SetGlobalBuffer(reinterpret_cast<__gm__ uint8_t*>(arguments.mask));
        ring_.Open(pipe);
    }
    __aicore__ inline void Close(AscendC::TPipe* pipe) { ring_.Close(pipe); }

    // What the softmax has left to multiply scores by. What is added to them, or a scale that turns
    // their order around, has to come after the scale.
    static __aicore__ inline float ScaleOfSoftmax(const FlashTiling& tiling) {
        return IsScaledHere(tiling) ? 1.0f : tiling.scale;
    }

    __aicore__ inline void Load(const FlashSlice& slice) {
        const int32_t slot = ring_.Acquire();
        if (tiling_->scoreFormat == ScoreFormat::kHalf) {
            LoadScores<half>(slot, slice);
        } else {
            LoadScores<float>(slot, slice);
        }
        if (tiling_->biasBytes == kFloatBytes) {
            LoadView(Slot<float>(slot, plan_.bias), floatBias_, slice);
        } else if (tiling_->biasBytes != 0) {
            LoadView(Slot<Element>(slot, plan_.bias), bias_, slice);
        }
        if (tiling_->hasMask != 0) {
            LoadView(Slot<uint8_t>(slot, plan_.mask), mask_, slice);
        }
        ring_.Commit();
    }

    // Scores [rows, Width()] of the slice that was loaded first; the last instructions may still be
    // in flight. `scratch` has the bytes of a slot of probabilities.
    __aicore__ inline FloatTensor Take(const FlashSlice& slice, const FloatTensor& scratch) {
        const int32_t slot = ring_.Wait();
        const FloatTensor scores = tiling_->scoreFormat == ScoreFormat::kHalf
                                       ? Widen(Slot<half>(slot, 0), slice)
                                       : Slot<float>(slot, 0);
        if (IsScaledHere(*tiling_)) {
            Scale(scores, slice, scratch);
        }
        if (tiling_->hasAlibi != 0) {
            AddAlibi(scores, slice, scratch);
        }
        if (tiling_->biasBytes != 0) {
            AddBias(scores, slot, slice, scratch);
        }
        if (tiling_->hasMask != 0) {
            HideMasked(scores, Slot<uint8_t>(slot, plan_.mask), slice, scratch);
        }
        HideUnseen(scores, slice, scratch);
        return scores;
    }
    __aicore__ inline void Release() { ring_.Release(); }

 private:
    using Event = AscendC::HardEvent;

    static __aicore__ inline bool IsScaledHere(const FlashTiling& tiling) {
        return tiling.softcap != 0.0f || tiling.hasAlibi != 0 || tiling.biasBytes != 0 ||
               tiling.scale <= 0.0f;
    }

    template <class Type>
    __aicore__ inline AscendC::LocalTensor<Type> Slot(int32_t slot, int32_t offset) const {
        return ub_[plan_.scores + slot * plan_.scoreSlot + offset].template ReinterpretCast<Type>();
    }

    template <class Score>
    __aicore__ inline void LoadScores(int32_t slot, const FlashSlice& slice) const {
        LoadRows(Slot<Score>(slot, 0),
                 workspace_->template Scores<Score>(*slice.step, slice.firstRow), slice,
                 {0, slice.rows, slice.columns.begin, tiling_->kvTile});
    }

    // Only columns that are there.
    __aicore__ inline FloatTensor Widen(const AscendC::LocalTensor<half>& scores,
                                        const FlashSlice& slice) const {
        const FloatTensor wide = ub_[plan_.wide].template ReinterpretCast<float>();
        const auto pitch = static_cast<uint8_t>(slice.Width() / kFloatsPerBlock);
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t column = 0; column < slice.columns.Count(); column += kFloatsPerRepeat) {
            const uint64_t lanes = Smaller(slice.columns.Count() - column, kFloatsPerRepeat);
            AscendC::Cast(wide[column], scores[column], AscendC::RoundMode::CAST_NONE, lanes,
                          static_cast<uint8_t>(slice.rows),
                          {1, 1, pitch, static_cast<uint8_t>(pitch / 2)});
        }
        AscendC::PipeBarrier<PIPE_V>();
        return wide;
    }

    // Rows of a run become rows of dst [rows, Width()]; what lies beyond the columns stays as it
    // is.
    template <class Type>
    __aicore__ inline void LoadRows(const AscendC::LocalTensor<Type>& dst,
                                    const AscendC::GlobalTensor<Type>& source,
                                    const FlashSlice& slice, const FlashRun& run) const {
        constexpr int32_t kPerBlock = kDataBlockBytes / static_cast<int32_t>(sizeof(Type));
        const int32_t columns = slice.columns.Count();
        const int32_t width = slice.Width();
        const AscendC::DataCopyPadExtParams<Type> noPadding;
        const auto bytes = static_cast<uint32_t>(columns * sizeof(Type));
        const auto gap = static_cast<uint32_t>((width - RoundUp(columns, kPerBlock)) / kPerBlock);
        if (run.rows == 1 || run.stride >= columns) {
            const auto sourceGap =
                static_cast<uint32_t>(run.rows == 1 ? 0 : (run.stride - columns) * sizeof(Type));
            AscendC::DataCopyPad(dst[run.first * width], source[run.offset],
                                 AscendC::DataCopyExtParams{static_cast<uint16_t>(run.rows), bytes,
                                                            sourceGap, gap, 0},
                                 noPadding);
            return;
        }
        for (int32_t row = 0; row < run.rows; ++row) {
            AscendC::DataCopyPad(dst[(run.first + row) * width],
                                 source[run.offset + row * run.stride],
                                 AscendC::DataCopyExtParams{1, bytes, 0, 0, 0}, noPadding);
        }
    }

    // The part of bias or mask that belongs to the slice.
    template <class Type>
    __aicore__ inline void LoadView(const AscendC::LocalTensor<Type>& dst,
                                    const AscendC::GlobalTensor<Type>& source,
                                    const FlashSlice& slice) const {
        for (int32_t row = 0; row < slice.rows;) {
            FlashRun run =
                RunFrom(*tiling_, slice, row, tiling_->mask, slice.Unit().sequence.index, 0);
            run.offset += slice.step->begin + slice.columns.begin;
            LoadRows(dst, source, slice, run);
            row += run.rows;
        }
    }

    // Columns that are left over in the last repeat become numbers, too.
    __aicore__ inline void Scale(const FloatTensor& scores, const FlashSlice& slice,
                                 const FloatTensor& scratch) const {
        const int32_t width = slice.Width();
        const int32_t count = slice.rows * width;
        if (slice.columns.Count() < width) {
            FillColumns(scores, 0.0f, slice.columns.Count(), width, slice.rows, width);
            AscendC::PipeBarrier<PIPE_V>();
        }
        AscendC::Muls(scores, scores, tiling_->scale, count);
        AscendC::PipeBarrier<PIPE_V>();
        if (tiling_->softcap == 0.0f) {
            return;
        }
        const int32_t chunk = plan_.probabilitySlot / (3 * kRepeatBytes) * kFloatsPerRepeat;
        for (int32_t begin = 0; begin < count; begin += chunk) {
            Softcap(scores[begin], scratch, tiling_->softcap, Smaller(chunk, count - begin));
        }
        AscendC::PipeBarrier<PIPE_V>();
    }

    // values[r] = query token of row r, counted from that of row 0, for whole groups of eight rows.
    __aicore__ inline FloatTensor RowTokens(const FlashSlice& slice) const {
        if (tiling_->pack == 1) {
            return rows_.ramp;
        }
        const int32_t rows = RoundUp(slice.rows, kFloatsPerBlock);
        const int32_t before = (slice.Unit().firstRow + slice.firstRow) % tiling_->pack;
        const auto whole = rows_.otherValues.template ReinterpretCast<int32_t>();
        AscendC::Adds(rows_.values, rows_.ramp, static_cast<float>(before) + 0.5f, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Muls(rows_.values, rows_.values, 1.0f / static_cast<float>(tiling_->pack), rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Cast(whole, rows_.values, AscendC::RoundMode::CAST_FLOOR, rows);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Cast(rows_.values, whole, AscendC::RoundMode::CAST_NONE, rows);
        AscendC::PipeBarrier<PIPE_V>();
        return rows_.values;
    }

    // Column that stands at the position of the first row's query token.
    __aicore__ inline int64_t OwnColumn(const FlashSlice& slice) const {
        const FlashSequence& sequence = slice.Unit().sequence;
        const int64_t position = int64_t{sequence.keyTokens} - sequence.queryTokens +
                                 slice.Unit().TokenOf(*tiling_, slice.firstRow);
        return position - slice.step->begin - slice.columns.begin;
    }

    // scores -= slope * |position of the query token - position of the key|
    __aicore__ inline void AddAlibi(const FloatTensor& scores, const FlashSlice& slice,
                                    const FloatTensor& scratch) const {
        const int32_t rows = RoundUp(slice.rows, kFloatsPerBlock);
        const auto pitch = static_cast<uint8_t>(slice.Width() / kFloatsPerBlock);
        const auto repeats = static_cast<uint8_t>(slice.rows);
        FillByHead(rows_.otherBlocks, *tiling_, slice, slopes_,
                   slice.Unit().sequence.index * tiling_->alibiStride, -1.0f);
        const FloatTensor tokens = RowTokens(slice);
        AscendC::Adds(rows_.otherValues, tokens, static_cast<float>(OwnColumn(slice)), rows);
        AscendC::PipeBarrier<PIPE_V>();
        BroadcastRows(rows_.blocks, rows_.otherValues, slice.rows);
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t column = 0; column < slice.Width(); column += kFloatsPerRepeat) {
            RampMinusBlocks(scratch, slice.rows);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Abs(scratch, scratch, slice.rows * kFloatsPerRepeat);
            AscendC::Adds(rows_.blocks, rows_.blocks, static_cast<float>(-kFloatsPerRepeat),
                          slice.rows * kFloatsPerBlock);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::MulAddDst(scores[column], scratch, rows_.otherBlocks, kFloatsPerRepeat,
                               repeats, {1, 1, 0, pitch, kRepeatBytes / kDataBlockBytes, 1});
            AscendC::PipeBarrier<PIPE_V>();
        }
    }

    // scratch[r, 0..64) = column - blocks[r]
    __aicore__ inline void RampMinusBlocks(const FloatTensor& scratch, int32_t rows) const {
        AscendC::Sub(scratch, rows_.ramp, rows_.blocks, kFloatsPerRepeat,
                     static_cast<uint8_t>(rows), {1, 1, 0, kRepeatBytes / kDataBlockBytes, 0, 1});
    }

    // Only columns that are there: those left over hold nothing.
    __aicore__ inline void AddBias(const FloatTensor& scores, int32_t slot, const FlashSlice& slice,
                                   const FloatTensor& scratch) const {
        const int32_t width = slice.Width();
        const auto pitch = static_cast<uint8_t>(width / kFloatsPerBlock);
        const auto repeats = static_cast<uint8_t>(slice.rows);
        constexpr uint8_t kFullRepeat = kRepeatBytes / kDataBlockBytes;
        for (int32_t column = 0; column < slice.columns.Count(); column += kFloatsPerRepeat) {
            const uint64_t lanes = Smaller(slice.columns.Count() - column, kFloatsPerRepeat);
            FloatTensor bias = Slot<float>(slot, plan_.bias)[column];
            uint8_t biasPitch = pitch;
            if (tiling_->biasBytes != kFloatBytes) {
                const auto narrowPitch = static_cast<uint8_t>(pitch / 2);
                AscendC::Cast(scratch, Slot<Element>(slot, plan_.bias)[column],
                              AscendC::RoundMode::CAST_NONE, lanes, repeats,
                              {1, 1, kFullRepeat, narrowPitch});
                AscendC::PipeBarrier<PIPE_V>();
                bias = scratch;
                biasPitch = kFullRepeat;
            }
            AscendC::Add(scores[column], scores[column], bias, lanes, repeats,
                         {1, 1, 1, pitch, pitch, biasPitch});
            AscendC::PipeBarrier<PIPE_V>();
        }
    }

    // -inf where mask [rows, Width()] is 0: the smaller of the score and (mask - 1/2) * inf.
    __aicore__ inline void HideMasked(const FloatTensor& scores,
                                      const AscendC::LocalTensor<uint8_t>& mask,
                                      const FlashSlice& slice, const FloatTensor& scratch) const {
        const int32_t width = slice.Width();
        const auto pitch = static_cast<uint8_t>(width / kFloatsPerBlock);
        const auto repeats = static_cast<uint8_t>(slice.rows);
        constexpr uint8_t kFullRepeat = kRepeatBytes / kDataBlockBytes;
        const AscendC::LocalTensor<half> narrow =
            scratch[slice.rows * kFloatsPerRepeat].template ReinterpretCast<half>();
        for (int32_t column = 0; column < slice.columns.Count(); column += kFloatsPerRepeat) {
            const uint64_t lanes = Smaller(slice.columns.Count() - column, kFloatsPerRepeat);
            AscendC::Cast(narrow, mask[column], AscendC::RoundMode::CAST_NONE, lanes, repeats,
                          {1, 1, kFullRepeat / 2, static_cast<uint8_t>(pitch / 4)});
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Cast(scratch, narrow, AscendC::RoundMode::CAST_NONE, lanes, repeats,
                          {1, 1, kFullRepeat, kFullRepeat / 2});
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Adds(scratch, scratch, -0.5f, lanes, repeats,
                          {1, 1, kFullRepeat, kFullRepeat});
            AscendC::PipeBarrier<PIPE_V>();
            HideNegative(scores[column], scratch, lanes, repeats, pitch, -kMinusInfinity);
        }
        AscendC::PipeBarrier<PIPE_V>();
    }

    // scores = -inf where signs * `infinity` is negative. Changes `signs`, which are never 0.
    static __aicore__ inline void HideNegative(const FloatTensor& scores, const FloatTensor& signs,
                                               uint64_t lanes, uint8_t repeats, uint8_t pitch,
                                               float infinity) {
        constexpr uint8_t kFullRepeat = kRepeatBytes / kDataBlockBytes;
        AscendC::Muls(signs, signs, infinity, lanes, repeats, {1, 1, kFullRepeat, kFullRepeat});
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Min(scores, scores, signs, lanes, repeats, {1, 1, 1, pitch, pitch, kFullRepeat});
    }

    // -inf for columns that a row does not see. Rows see ranges whose ends never go back, so the
    // first and the last row say which columns need a look at every row.
    __aicore__ inline void HideUnseen(const FloatTensor& scores, const FlashSlice& slice,
                                      const FloatTensor& scratch) const {
        const int32_t width = slice.Width();
        const int32_t last = slice.rows - 1;
        const KeyRange first = slice.SeenBy(*tiling_, 0, 0);
        const KeyRange end = slice.SeenBy(*tiling_, last, last);
        if (first.end == width && end.begin == 0) {
            return;
        }
        const bool endsDiffer = first.end < end.end;
        const bool beginsDiffer = first.begin < end.begin;
        const int32_t hiddenEnd =
            endsDiffer ? Smaller(RoundUp(end.end, kFloatsPerRepeat), slice.columns.Count())
                       : end.end;
        const int32_t hiddenBegin =
            beginsDiffer ? first.begin / kFloatsPerRepeat * kFloatsPerRepeat : end.begin;
        FillColumns(scores, kMinusInfinity, hiddenEnd, width, slice.rows, width);
        if (hiddenBegin > 0) {
            AscendC::PipeBarrier<PIPE_V>();  // both may end in one data block
            FillColumns(scores, kMinusInfinity, 0, Smaller(hiddenBegin, hiddenEnd), slice.rows,
                        width);
        }
        if (endsDiffer) {
            const int64_t after = tiling_->windowRight + int64_t{1};
            HideByRow(scores, slice, scratch, {first.end, end.end}, after, kMinusInfinity);
        }
        if (beginsDiffer) {
            HideByRow(scores, slice, scratch, {first.begin, end.begin}, -tiling_->windowLeft,
                      -kMinusInfinity);
        }
    }

    // -inf where (column - limit) * `infinity` is negative, in repeats with columns of `range`. The
    // limit of a row is half a column before `distance` columns behind its own; where it is an end,
    // at least the prefix is seen.
    __aicore__ inline void HideByRow(const FloatTensor& scores, const FlashSlice& slice,
                                     const FloatTensor& scratch, const KeyRange& range,
                                     int64_t distance, float infinity) const {
        const int32_t rows = RoundUp(slice.rows, kFloatsPerBlock);
        const int32_t begin = range.begin / kFloatsPerRepeat * kFloatsPerRepeat;
        const auto limit = static_cast<float>(OwnColumn(slice) + distance - begin);
        const FloatTensor tokens = RowTokens(slice);
        AscendC::Adds(rows_.otherValues, tokens, limit - 0.5f, rows);
        AscendC::PipeBarrier<PIPE_V>();
        if (infinity < 0.0f && tiling_->hasPrefixes != 0) {
            const int32_t prefix =
                slice.Unit().sequence.prefix - slice.step->begin - slice.columns.begin - begin;
            AscendC::Maxs(rows_.otherValues, rows_.otherValues, static_cast<float>(prefix) - 0.5f,
                          rows);
            AscendC::PipeBarrier<PIPE_V>();
        }
        BroadcastRows(rows_.blocks, rows_.otherValues, slice.rows);
        AscendC::PipeBarrier<PIPE_V>();
        for (int32_t column = begin; column < range.end; column += kFloatsPerRepeat) {
            RampMinusBlocks(scratch, slice.rows);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Adds(rows_.blocks, rows_.blocks, static_cast<float>(-kFloatsPerRepeat),
                          slice.rows * kFloatsPerBlock);
            HideNegative(scores[column], scratch, kFloatsPerRepeat,
                         static_cast<uint8_t>(slice.rows),
                         static_cast<uint8_t>(slice.Width() / kFloatsPerBlock), infinity);
            AscendC::PipeBarrier<PIPE_V>();
        }
    }

    const FlashTiling* tiling_;
    const FlashWorkspace<Element>* workspace_;
    FlashUb plan_;
    AscendC::LocalTensor<uint8_t> ub_;
    FlashRowScratch rows_;
    AscendC::GlobalTensor<float> slopes_;
    AscendC::GlobalTensor<Element> bias_;
    AscendC::GlobalTensor<float> floatBias_;
    AscendC::GlobalTensor<uint8_t> mask_;
    EventRing<Event::MTE2_V, Event::V_MTE2, kScoreSlots> ring_;
};

}  // namespace attn
