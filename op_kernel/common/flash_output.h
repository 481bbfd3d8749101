// SPDX-License-Identifier: Apache-2.0
// Outputs of a slice on a vector core: the products of the cube, added up step by step, and the
// end of a unit.
//
//   GM --MTE2--> slot of a product --V--> accumulated --V--> slot of a result --MTE3--> GM
#pragma once

#include "event_ring.h"
#include "flash_arguments.h"
#include "flash_combine.h"
#include "flash_slice.h"
#include "flash_ub.h"
#include "flash_workspace.h"
#include "kernel_entry.h"
#include "online_softmax.h"
#include "partial_results.h"
#include "vector_rows.h"

namespace attn {

using FlashSoftmax = OnlineSoftmax<SoftmaxSums::kOfRows>;

template <class Element>
class FlashOutput {
 public:
    __aicore__ inline void Open(const FlashTiling& tiling, const FlashArguments& arguments,
                                const FlashWorkspace<Element>& workspace,
                                const FlashSoftmax& softmax, const FlashUb& plan,
                                const AscendC::LocalTensor<uint8_t>& ub,
                                const FlashRowScratch& rows, AscendC::TPipe* pipe) {
        tiling_ = &tiling;
        workspace_ = &workspace;
        softmax_ = &softmax;
        rows_ = rows;
        accumulated_ = ub[plan.accumulated].template ReinterpretCast<float>();
        products_ = ub[plan.outputs].template ReinterpretCast<float>();
        output_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.output));
        lse_.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(arguments.lse));
        if (tiling.maxPartitions > 1) {
            partials_ = FlashPartials<Element>(tiling, arguments.workspace);
        }
        ring_.Open(pipe, plan.outputSlots);
    }
    __aicore__ inline void Close(AscendC::TPipe* pipe) { ring_.Close(pipe); }

    __aicore__ inline void Load(const FlashSlice& slice) {
        const int32_t slot = ring_.Acquire();
        AscendC::DataCopy(Product(slot), workspace_->Outputs(*slice.step, slice.firstRow),
                          slice.rows * tiling_->valueDim);
        ring_.Commit();
    }

    // A barrier on PIPE_V comes before Add and Clear, none before Finish.

    // accumulated = accumulated * rescale + product, or the product alone.
    __aicore__ inline void Add(const FlashSlice& slice, const FloatTensor& rescale, bool isFirst) {
        const int32_t dim = tiling_->valueDim;
        const FloatTensor accumulated = Accumulated(slice);
        if (isFirst) {
            AscendC::Adds(accumulated, Product(ring_.Wait()), 0.0f, slice.rows * dim);
        } else {
            BroadcastRows(rows_.blocks, rescale, slice.rows);
            AscendC::PipeBarrier<PIPE_V>();
            ScaleAndAdd(accumulated, rows_.blocks, Product(ring_.Wait()), slice.rows, dim);
        }
        ring_.Release();
    }

    // For rows that no step has added anything to.
    __aicore__ inline void Clear(const FlashSlice& slice) const {
        AscendC::Duplicate(Accumulated(slice), 0.0f, slice.rows * tiling_->valueDim);
    }

    // Writes what Store copies to global memory into `result`, a slot of probabilities.
    __aicore__ inline void Finish(const FlashSlice& slice, const SoftmaxRows& state,
                                  const AscendC::LocalTensor<Element>& result) const {
        const int32_t dim = tiling_->valueDim;
        const FloatTensor accumulated = Accumulated(slice);
        softmax_->Finish(state, slice.rows);
        if (slice.Unit().partitions > 1) {
            softmax_->Normalize(result.template ReinterpretCast<float>(), accumulated, rows_.blocks,
                                slice.rows, dim);
            softmax_->GetSums(States(result, 0), slice.rows);
            softmax_->GetMaxima(States(result, 1), slice.rows);
            return;
        }
        softmax_->Normalize(accumulated, accumulated, rows_.blocks, slice.rows, dim);
        AscendC::PipeBarrier<PIPE_V>();
        AscendC::Cast(result, accumulated, AscendC::RoundMode::CAST_RINT, slice.rows * dim);
        if (tiling_->writeLse != 0) {
            softmax_->GetLogSumExp(RoundedStates(result), slice.rows);
        }
    }

    __aicore__ inline void Store(const FlashSlice& slice,
                                 const AscendC::LocalTensor<Element>& result) const {
        if (slice.Unit().partitions > 1) {
            StorePartial(slice, result);
            return;
        }
        StoreRows(output_, tiling_->output, result, tiling_->valueDim, slice);
        if (tiling_->writeLse != 0) {
            StoreRows(lse_, tiling_->lse, RoundedStates(result), 1, slice);
        }
    }

 private:
    using Event = AscendC::HardEvent;

    __aicore__ inline FloatTensor Product(int32_t slot) const {
        return products_[slot * tiling_->sliceRows * tiling_->valueDim];
    }
    __aicore__ inline FloatTensor Accumulated(const FlashSlice& slice) const {
        return accumulated_[slice.coreRow * tiling_->valueDim];
    }
    // [sliceRows, 8] values behind the rows of a result.
    __aicore__ inline FloatTensor States(const AscendC::LocalTensor<Element>& result,
                                         int32_t index) const {
        return result.template ReinterpretCast<
            float>()[tiling_->sliceRows * (tiling_->valueDim + index * kFloatsPerBlock)];
    }
    __aicore__ inline FloatTensor RoundedStates(const AscendC::LocalTensor<Element>& result) const {
        return result[tiling_->sliceRows * tiling_->valueDim].template ReinterpretCast<float>();
    }

    // Result of a row and partition: one of maxPartitions of a head of a query token.
    __aicore__ inline void StorePartial(const FlashSlice& slice,
                                        const AscendC::LocalTensor<Element>& result) const {
        const int64_t states = tiling_->maxPartitions;
        const TokenView view{states * tiling_->heads * tiling_->queryTokens,
                             states * tiling_->heads, states};
        const int64_t dim = tiling_->valueDim;
        const int64_t partition = slice.Unit().partition;
        StoreRows(partials_.sums[partition], view, States(result, 0), 1, slice);
        StoreRows(partials_.maxima[partition], view, States(result, 1), 1, slice);
        StoreRows(partials_.outputs[partition * dim],
                  {view.rowStride * dim, view.tokenStride * dim, view.headStride * dim},
                  result.template ReinterpretCast<float>(), tiling_->valueDim, slice);
    }

    // `count` elements of each row of `source`, whose rows begin at data blocks.
    template <class Type>
    __aicore__ inline void StoreRows(const AscendC::GlobalTensor<Type>& target,
                                     const TokenView& view,
                                     const AscendC::LocalTensor<Type>& source, int32_t count,
                                     const FlashSlice& slice) const {
        constexpr int32_t kPerBlock = kDataBlockBytes / static_cast<int32_t>(sizeof(Type));
        const FlashSequence& sequence = slice.Unit().sequence;
        for (int32_t row = 0; row < slice.rows;) {
            const FlashRun run =
                RunFrom(*tiling_, slice, row, view, sequence.queryRow, sequence.queryBegin);
            const int64_t gap = run.rows == 1 ? 0 : run.stride - count;
            AscendC::DataCopyPad(
                target[run.offset], source[row * RoundUp(count, kPerBlock)],
                AscendC::DataCopyExtParams{static_cast<uint16_t>(run.rows),
                                           static_cast<uint32_t>(count * sizeof(Type)), 0,
                                           static_cast<uint32_t>(gap * sizeof(Type)), 0});
            row += run.rows;
        }
    }

    const FlashTiling* tiling_;
    const FlashWorkspace<Element>* workspace_;
    const FlashSoftmax* softmax_;
    FlashRowScratch rows_;
    FloatTensor accumulated_;
    FloatTensor products_;
    AscendC::GlobalTensor<Element> output_;
    AscendC::GlobalTensor<float> lse_;
    PartialResults<Element> partials_;
    EventRing<Event::MTE2_V, Event::V_MTE2, kMaxOutputSlots> ring_;
};

}  // namespace attn
