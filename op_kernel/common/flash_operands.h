// SPDX-License-Identifier: Apache-2.0
// Operands of attention on the cube: rings of slots in L1.
//
//   GM --MTE2--> L1 --MTE1--> ...
//
// L1 holds matrices column block by column block: [columns / 16][pitch][16]. Rows and columns of
// the last fractals that hold no data are never defined, and never multiplied.
#pragma once

#include "event_ring.h"
#include "flash_buffers.h"
#include "flash_tiles.h"
#include "flash_workspace.h"
#include "page_runs.h"

namespace attn {

// Rows between the column blocks of a right operand in L1.
ATTN_HOST_DEVICE constexpr int32_t RightPitch(int32_t rows) { return RoundUp(rows, kFractal); }
// Of a left operand. The product of a single row reads its row as contiguous elements, not as
// fractals.
ATTN_HOST_DEVICE constexpr int32_t LeftPitch(int32_t rows) {
    return rows == 1 ? 1 : RoundUp(rows, kFractal);
}

template <class Element>
class FlashOperands {
 public:
    using Tensor = AscendC::LocalTensor<Element>;

    __aicore__ inline FlashOperands(const FlashTiling& tiling,
                                    const FlashWorkspace<Element>& workspace)
        : tiling_(tiling), workspace_(workspace), plan_(FlashL1Plan(tiling)) {}

    __aicore__ inline void Open(const FlashArguments& arguments, AscendC::TPipe* pipe) {
        query_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.query));
        key_.Open(arguments.key, tiling_.key, tiling_.headDim);
        value_.Open(arguments.value, tiling_.value, tiling_.valueDim);
        pages_.Open(arguments.blockTable, tiling_.blockSize);
        queries_.Open(pipe, tiling_.querySlots, plan_.query);
        keys_.Open(pipe, tiling_.keySlots, plan_.key);
        values_.Open(pipe, tiling_.valueSlots, plan_.value);
        probabilities_.Open(pipe, tiling_.probabilitySlots, plan_.probability);
    }

    __aicore__ inline void Close(AscendC::TPipe* pipe) {
        queries_.ring.Close(pipe);
        keys_.ring.Close(pipe);
        values_.ring.Close(pipe);
        probabilities_.ring.Close(pipe);
    }

    // For each kind: HasRoom and Load, then take what was loaded first, and Release it. MTE2 loads
    // in order: keys that are there mean that queries before them are, and probabilities that
    // values before them are.
    __aicore__ inline bool HasRoomForQueries() const { return queries_.ring.HasRoom(); }
    __aicore__ inline bool HasRoomForKeys() const { return keys_.ring.HasRoom(); }
    __aicore__ inline bool HasRoomForValues() const { return values_.ring.HasRoom(); }
    __aicore__ inline bool HasRoomForProbabilities() const { return probabilities_.ring.HasRoom(); }

    // The rows of a unit, half by half.
    __aicore__ inline void LoadQueries(const FlashUnit& unit) {
        const Tensor queries = queries_.Acquire();
        for (int32_t half = 0; half < unit.Halves(); ++half) {
            LoadQueryRows(queries[half * kHalfRows * tiling_.headDim], unit, half * kHalfRows,
                          unit.RowsOfHalf(half));
        }
        queries_.ring.Commit();
    }
    __aicore__ inline void LoadKeys(const FlashTiles& tiles, int32_t tile) {
        LoadTokens(keys_.Acquire(), key_, tiles.step, tile * kTileKeys, tiles.TileColumns(tile));
        keys_.ring.Commit();
    }
    // All that a step needs.
    __aicore__ inline void LoadValues(const FlashTiles& tiles) {
        LoadTokens(values_.Acquire(), value_, tiles.step, tiles.columns.begin,
                   tiles.columns.Count());
        values_.ring.Commit();
    }
    __aicore__ inline void LoadProbabilities(const FlashTiles& tiles, int32_t half, int32_t tile) {
        const int32_t rows = tiles.step.unit.RowsOfHalf(half);
        LoadRows(probabilities_.Acquire(),
                 workspace_.Probabilities(tiles.step, half * kHalfRows)[tile * kTileKeys], rows,
                 tiling_.kvTile, tiles.TileColumnsOf(half, tile), LeftPitch(rows));
        probabilities_.ring.Commit();
    }

    __aicore__ inline Tensor Queries() const { return queries_.Current(); }
    __aicore__ inline Tensor WaitForKeys() const { return keys_.At(keys_.ring.Wait()); }
    __aicore__ inline Tensor Values() const { return values_.Current(); }
    __aicore__ inline Tensor WaitForProbabilities() const {
        return probabilities_.At(probabilities_.ring.Wait());
    }
    __aicore__ inline void ReleaseQueries() { queries_.ring.Release(); }
    __aicore__ inline void ReleaseKeys() { keys_.ring.Release(); }
    __aicore__ inline void ReleaseValues() { values_.ring.Release(); }
    __aicore__ inline void ReleaseProbabilities() { probabilities_.ring.Release(); }

 private:
    using Event = AscendC::HardEvent;
    using Memory = AscendC::GlobalTensor<Element>;

    static constexpr int64_t kMaxStride = 65535;  // elements between rows of one ND2NZ

    template <int32_t kMaxSlots>
    using FullRing = EventRing<Event::MTE2_MTE1, Event::MTE1_MTE2, kMaxSlots>;
    template <int32_t kMaxSlots>
    using FreeRing = SlotRing<Event::MTE1_MTE2, kMaxSlots>;

    template <AscendC::TPosition kPosition, class Ring>
    struct Slots {
        AscendC::TBuf<kPosition> buffer;
        Ring ring;
        Tensor all;
        int32_t elements;  // of a slot

        __aicore__ inline void Open(AscendC::TPipe* pipe, int32_t slots, int32_t slotBytes) {
            pipe->InitBuffer(buffer, slots * slotBytes);
            ring.Open(pipe, slots);
            all = buffer.template Get<Element>();
            elements = slotBytes / kFlashElementBytes;
        }
        __aicore__ inline Tensor At(int32_t slot) const { return all[slot * elements]; }
        __aicore__ inline Tensor Acquire() const { return At(ring.Acquire()); }
        __aicore__ inline Tensor Current() const { return At(ring.Slot()); }
    };

    // Keys or values.
    struct Cache {
        Memory memory;
        PagedCacheView view;
        int32_t columns;

        __aicore__ inline void Open(GM_ADDR address, const PagedCacheView& strides, int32_t width) {
            memory.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(address));
            view = strides;
            columns = width;
        }
    };

    // dst = rows of `columns` elements, `stride` apart in memory.
    static __aicore__ inline void LoadRows(const Tensor& dst, const Memory& source, int32_t rows,
                                           int64_t stride, int32_t columns, int32_t pitch) {
        if (stride <= kMaxStride) {
            const AscendC::Nd2NzParams layout(1, rows, columns, 0, stride, pitch, 1, 0);
            AscendC::DataCopy(dst, source, layout);
            return;
        }
        const AscendC::Nd2NzParams layout(1, 1, columns, 0, columns, pitch, 1, 0);
        for (int32_t row = 0; row < rows; ++row) {
            AscendC::DataCopy(dst[row * kFractal], source[row * stride], layout);
        }
    }

    // Rows [first, first + rows) of a unit: query tokens times `pack` heads. The first and the last
    // token may be there in part.
    __aicore__ inline void LoadQueryRows(const Tensor& dst, const FlashUnit& unit, int32_t first,
                                         int32_t rows) const {
        const TokenView& view = tiling_.query;
        const int32_t pitch = LeftPitch(rows);
        const int32_t end = first + rows;
        if (tiling_.pack == 1) {
            LoadRows(dst, query_[QueryOffset(unit, first)], rows, view.tokenStride, tiling_.headDim,
                     pitch);
            return;
        }
        const bool oneMove = view.tokenStride <= kMaxStride && view.headStride <= kMaxStride;
        for (int32_t row = first; row < end;) {
            const HeadRun run = unit.RunAt(tiling_, row, end);
            const Tensor target = dst[(row - first) * kFractal];
            const Memory source = query_[QueryOffset(unit, row)];
            if (run.rows == tiling_.pack && oneMove) {
                const int32_t tokens = (end - row) / tiling_.pack;
                const AscendC::Nd2NzParams layout(tokens, tiling_.pack, tiling_.headDim,
                                                  view.tokenStride, view.headStride, pitch, 1,
                                                  tiling_.pack * kFractal);
                AscendC::DataCopy(target, source, layout);
                row += tokens * tiling_.pack;
            } else {
                LoadRows(target, source, run.rows, view.headStride, tiling_.headDim, pitch);
                row += run.rows;
            }
        }
    }

    __aicore__ inline int64_t QueryOffset(const FlashUnit& unit, int32_t row) const {
        const int64_t token = int64_t{unit.sequence.queryBegin} + unit.TokenOf(tiling_, row);
        return unit.sequence.queryRow * tiling_.query.rowStride +
               token * tiling_.query.tokenStride +
               unit.HeadOf(tiling_, row) * tiling_.query.headStride;
    }

    // dst = keys or values of `count` columns of a step.
    __aicore__ inline void LoadTokens(const Tensor& dst, const Cache& cache, const FlashStep& step,
                                      int32_t column, int32_t count) const {
        const FlashSequence& sequence = step.unit.sequence;
        const int32_t begin = sequence.keyBegin + step.begin + column;
        const int32_t head = step.unit.KvHead(tiling_);
        const int32_t pitch = RightPitch(count);
        if (tiling_.blockSize == 0) {
            const int64_t source = sequence.keyRow * cache.view.blockStride +
                                   begin * cache.view.tokenStride + head * cache.view.headStride;
            LoadRows(dst, cache.memory[source], count, cache.view.tokenStride, cache.columns,
                     pitch);
            return;
        }
        const int64_t table = sequence.index * tiling_.blockTableStride;
        for (int32_t token = begin; token < begin + count;) {
            const PageRun run = pages_.At(table, token, begin + count);
            LoadPage(dst[(token - begin) * kFractal], cache, run, head, pitch);
            token += run.tokens;
        }
    }

    __aicore__ inline void LoadPage(const Tensor& dst, const Cache& cache, const PageRun& run,
                                    int32_t head, int32_t pitch) const {
        const int64_t block = run.block * cache.view.blockStride;
        if (tiling_.layout == CacheLayout::kNz) {
            const int32_t columnBlocks = cache.columns / kFractal;
            const int64_t row = int64_t{head} * columnBlocks * tiling_.blockSize + run.firstRow;
            const AscendC::DataCopyParams bursts(
                columnBlocks, run.tokens, tiling_.blockSize - run.tokens, pitch - run.tokens);
            AscendC::DataCopy(dst, cache.memory[block + row * kFractal], bursts);
        } else {
            const int64_t row =
                run.firstRow * cache.view.tokenStride + head * cache.view.headStride;
            LoadRows(dst, cache.memory[block + row], run.tokens, cache.view.tokenStride,
                     cache.columns, pitch);
        }
    }

    const FlashTiling& tiling_;
    const FlashWorkspace<Element>& workspace_;
    FlashL1 plan_;
    Memory query_;
    Cache key_;
    Cache value_;
    PageRuns pages_;
    Slots<AscendC::TPosition::A1, FreeRing<kMaxOtherSlots>>
        queries_;                                                     // [rowTile, headDim], by unit
    Slots<AscendC::TPosition::B1, FullRing<kMaxKeySlots>> keys_;      // [kTileKeys, headDim]
    Slots<AscendC::TPosition::B1, FreeRing<kMaxOtherSlots>> values_;  // [kvTile, valueDim]
    Slots<AscendC::TPosition::A1, FullRing<kMaxOtherSlots>>
        probabilities_;  // [kHalfRows, kTileKeys]
};

}  // namespace attn
