// SPDX-License-Identifier: Apache-2.0
// Products of attention on the cube, one Mmad at a time.
//
//   L1 --MTE1--> L0A, L0B --M--> L0C --FIX--> GM
//
// Scores and outputs have one result in L0C each. Mmad and Fixpipe wait for each other through the
// unit flags there, so that products of both kinds may take turns while an output adds up.
#pragma once

#include <type_traits>

#include "event_ring.h"
#include "flash_operands.h"

namespace attn {

constexpr int32_t kProductDepth = 128;    // sums that one Mmad adds up, at most
constexpr int32_t kProductColumns = 128;  // of a result, at most

enum class FlashResult : int32_t { kScores, kOutputs };

// One Mmad of those that add up to a result.
struct FlashProduct {
    FlashResult result;
    int32_t rows;
    int32_t columns;
    int32_t depth;
    bool isFirst;
    bool isLast;
};

template <class Element>
class FlashProducts {
 public:
    using Tensor = AscendC::LocalTensor<Element>;

    __aicore__ inline void Open(AscendC::TPipe* pipe) {
        pipe->InitBuffer(leftBuffer_, kSlots * kOperand * sizeof(Element));
        pipe->InitBuffer(rightBuffer_, kSlots * kOperand * sizeof(Element));
        pipe->InitBuffer(resultBuffer_, kResults * kResult * sizeof(float));
        left_ = leftBuffer_.template Get<Element>();
        right_ = rightBuffer_.template Get<Element>();
        results_ = resultBuffer_.template Get<float>();
        operands_.Open(pipe);
    }

    __aicore__ inline void Close(AscendC::TPipe* pipe) { operands_.Close(pipe); }

    // A product: Begin, load both operands or the left one alone, Multiply.
    __aicore__ inline void Begin() { leftSlot_ = operands_.Acquire(); }

    // L0A = columns [depth, depth + depths) of a matrix [rows, columns] in L1.
    __aicore__ inline void LoadLeft(const Tensor& matrix, int32_t rows, int32_t columns,
                                    int32_t depth, int32_t depths) {
        const Tensor left = left_[leftSlot_ * kOperand];
        if (rows == 1) {
            AscendC::LoadData(left, matrix[depth], {0, 1, 1, 0, 0, false, 0});
        } else {
            LoadPart(left, matrix, LeftPitch(rows), columns, {0, rows, depth, depths});
        }
    }

    // L0B = columns [depth, depth + depths) of keys [rows, ...] in L1, transposed: column blocks of
    // the keys are row blocks of that. Returns the slot.
    __aicore__ inline int32_t LoadKeys(const Tensor& keys, int32_t rows, int32_t depth,
                                       int32_t depths) {
        const int32_t pitch = RightPitch(rows);
        const int32_t slot = FreeRight();
        const auto fractals =
            static_cast<uint8_t>(RoundUp(depths, kFractal) / kFractal * (pitch / kFractal));
        AscendC::LoadData(right_[slot * kOperand], keys[depth * pitch],
                          {0, fractals, 1, 0, 0, false, 0});
        return slot;
    }

    // L0B = rows [row, row + rows) and columns [column, column + columns) of values [allRows,
    // allColumns] in L1. Returns the slot.
    __aicore__ inline int32_t LoadValues(const Tensor& values, int32_t allRows, int32_t allColumns,
                                         int32_t row, int32_t rows, int32_t column,
                                         int32_t columns) {
        const int32_t slot = FreeRight();
        LoadPart(right_[slot * kOperand], values, RightPitch(allRows), allColumns,
                 {row, rows, column, columns});
        return slot;
    }

    // Multiplies what was loaded into L0A by a slot of L0B, of this product or of the one before
    // the last.
    __aicore__ inline void Multiply(const FlashProduct& product, int32_t right) {
        constexpr uint8_t kKeep = 2;  // the unit flags
        constexpr uint8_t kTurn = 3;
        constexpr int32_t kFewFractals = 10;  // too few for the sums of the last Mmad to be there
        operands_.Commit();
        const int32_t left = operands_.Wait();
        if (!product.isFirst &&
            (product.rows / kFractal) * (product.columns / kFractal) < kFewFractals) {
            AscendC::PipeBarrier<PIPE_M>();
        }
        AscendC::MmadParams params;
        params.m = product.rows;
        params.n = product.columns;
        params.k = product.depth;
        params.cmatrixInitVal = product.isFirst;
        params.unitFlag = product.isLast ? kTurn : kKeep;
        AscendC::Mmad(Result(product.result), left_[left * kOperand], right_[right * kOperand],
                      params);
        operands_.Release();
        lastRight_ = right;
    }

    // Rows `pitch` apart in GM.
    template <class Stored>
    __aicore__ inline void Store(const AscendC::GlobalTensor<Stored>& dst, FlashResult result,
                                 int32_t rows, int32_t columns, int32_t pitch) {
        AscendC::FixpipeParamsV220 params;
        params.nSize = columns;
        params.mSize = rows;
        params.srcStride = RoundUp(rows, kFractal);
        params.dstStride = pitch;
        params.ndNum = 1;
        params.quantPre =
            std::is_same<Stored, float>::value ? QuantMode_t::NoQuant : QuantMode_t::F322F16;
        params.unitFlag = 3;
        AscendC::Fixpipe<Stored, float, AscendC::CFG_ROW_MAJOR>(dst, Result(result), params);
    }

 private:
    using Event = AscendC::HardEvent;

    static constexpr int32_t kSlots = 2;  // of L0A and L0B
    static constexpr int32_t kResults = 2;
    // Elements of a slot.
    static constexpr int32_t kOperand = kHalfRows * kProductDepth;
    static constexpr int32_t kResult = kHalfRows * kProductColumns;
    static_assert(kOperand >= kTileKeys * kProductColumns, "a tile of values fits");

    // Part of a matrix.
    struct Part {
        int32_t row;
        int32_t rows;
        int32_t column;
        int32_t columns;
    };

    // A matrix in L1 is an image of one line of pixels, whose channels are its columns. L0A takes
    // it as it is, L0B transposed. Moves whole fractals.
    static __aicore__ inline void LoadPart(const Tensor& dst, const Tensor& matrix, int32_t pitch,
                                           int32_t columns, const Part& part) {
        AscendC::LoadData3DParamsV2<Element> params;
        params.l1H = 1;
        params.l1W = pitch;
        params.channelSize = RoundUp(columns, kFractal);
        params.mStartPt = part.row;
        params.mExtension = RoundUp(part.rows, kFractal);
        params.kStartPt = part.column;
        params.kExtension = RoundUp(part.columns, kFractal);
        AscendC::LoadData(dst, matrix, params);
    }

    // The product that used it last came before the last one, and Begin has waited for that.
    __aicore__ inline int32_t FreeRight() const { return kSlots - 1 - lastRight_; }

    __aicore__ inline AscendC::LocalTensor<float> Result(FlashResult result) const {
        return results_[static_cast<int32_t>(result) * kResult];
    }

    AscendC::TBuf<AscendC::TPosition::A2> leftBuffer_;
    AscendC::TBuf<AscendC::TPosition::B2> rightBuffer_;
    AscendC::TBuf<AscendC::TPosition::CO1> resultBuffer_;
    Tensor left_;                          // [kSlots][kOperand]
    Tensor right_;                         // [kSlots][kOperand]
    AscendC::LocalTensor<float> results_;  // [kResults][kResult]
    EventRing<Event::MTE1_M, Event::M_MTE1, kSlots> operands_;
    int32_t leftSlot_ = 0;
    int32_t lastRight_ = 0;
};

}  // namespace attn
