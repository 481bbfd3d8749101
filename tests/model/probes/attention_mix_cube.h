// SPDX-License-Identifier: Apache-2.0
// Cube side of probe_attention_mix: scores = Q K^T and outputs = P V, one step at a time.
//
//   GM --MTE2--> L1 --MTE1--> L0A, L0B --M--> L0C --FIX--> GM workspace
//
// L1 holds matrices column block by column block: [columns / 16][rows rounded up to 16][16]. Rows
// and columns of the last fractals that hold no data are never defined: Mmad leaves them out.
// kUnitFlag: Mmad and Fixpipe wait for each other through the unit flags of L0C, else by events.
#pragma once

#include "../../../op_kernel/common/event_ring.h"
#include "attention_mix_schedule.h"

namespace probe {

template <class Element, bool kUnitFlag>
class AttentionMixCube {
 public:
    __aicore__ inline AttentionMixCube(const AttentionMixTiling& tiling, const Schedule& schedule,
                                       const Workspace<Element>& workspace)
        : tiling_(tiling), schedule_(schedule), workspace_(workspace) {}

    __aicore__ inline void Process(GM_ADDR query, GM_ADDR key, GM_ADDR value) {
        query_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(query));
        key_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(key));
        value_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(value));
        AscendC::TPipe pipe;
        Open(&pipe);
        const int32_t steps = schedule_.Steps();
        if (steps > 0) {
            LoadScoreOperands(schedule_.At(0));
        }
        for (int32_t index = 0; index < steps + kLookahead; ++index) {
            if (index + 1 < steps) {
                LoadScoreOperands(schedule_.At(index + 1));
            }
            if (index < steps) {
                ComputeScores(schedule_.At(index));
            }
            if (index >= kLookahead && index - kLookahead < steps) {
                ComputeOutput(schedule_.At(index - kLookahead));
            }
        }
        Close(&pipe);
    }

 private:
    using Tensor = AscendC::LocalTensor<Element>;
    using Event = AscendC::HardEvent;

    static constexpr int32_t kDepth = 64;  // of the sums that one Mmad adds up
    static constexpr int32_t kFractalElements = kFractal * kFractal;
    static constexpr int32_t kSlots = 2;  // of every buffer: one in use, one being filled
    // Elements of a slot.
    static constexpr int32_t kRowsInL1 = kQueryTile * kMaxHeadDim;
    static constexpr int32_t kProbabilitiesInL1 = kQueryTile * kKvTile;
    static constexpr int32_t kLeft = kQueryTile * kDepth;
    static constexpr int32_t kRight = kDepth * kMaxHeadDim;
    static constexpr int32_t kProduct = kQueryTile * kMaxHeadDim;

    __aicore__ inline void Open(AscendC::TPipe* pipe) {
        pipe->InitBuffer(queryBuffer_, kSlots * kRowsInL1 * sizeof(Element));
        pipe->InitBuffer(probabilityBuffer_, kSlots * kProbabilitiesInL1 * sizeof(Element));
        pipe->InitBuffer(keyBuffer_, kSlots * kRowsInL1 * sizeof(Element));
        pipe->InitBuffer(valueBuffer_, kSlots * kRowsInL1 * sizeof(Element));
        pipe->InitBuffer(leftBuffer_, kSlots * kLeft * sizeof(Element));
        pipe->InitBuffer(rightBuffer_, kSlots * kRight * sizeof(Element));
        pipe->InitBuffer(productBuffer_, kSlots * kProduct * sizeof(float));
        queries_ = queryBuffer_.template Get<Element>();
        probabilities_ = probabilityBuffer_.template Get<Element>();
        keys_ = keyBuffer_.template Get<Element>();
        values_ = valueBuffer_.template Get<Element>();
        left_ = leftBuffer_.template Get<Element>();
        right_ = rightBuffer_.template Get<Element>();
        products_ = productBuffer_.template Get<float>();

        scoreOperands_.Open(pipe);
        outputOperands_.Open(pipe);
        operands_.Open(pipe);
        results_.Open(pipe);
    }

    __aicore__ inline void Close(AscendC::TPipe* pipe) {
        scoreOperands_.Close(pipe);
        outputOperands_.Close(pipe);
        operands_.Close(pipe);
        results_.Close(pipe);
    }

    // Distance of the column blocks of a left matrix in L1. The product of a single row reads its
    // row as contiguous elements, not as fractals.
    static __aicore__ inline int32_t LeftPitch(int32_t rows) {
        return rows == 1 ? 1 : RoundUp(rows, kFractal);
    }

    // dst, column block by column block, = rows of `columns` elements, `pitch` apart in GM.
    static __aicore__ inline void Load(const Tensor& dst,
                                       const AscendC::GlobalTensor<Element>& source, int32_t rows,
                                       int32_t columns, int32_t pitch, int32_t blockPitch) {
        const AscendC::Nd2NzParams layout(1, rows, columns, 0, pitch, blockPitch, 1, 0);
        AscendC::DataCopy(dst, source, layout);
    }

    // The keys of a step, and with the first of a task its queries. A slot of queries is free once
    // the keys of the task before the last one are: those follow each other in one ring.
    __aicore__ inline void LoadScoreOperands(const Step& step) {
        const int32_t slot = scoreOperands_.Acquire();
        const int32_t columns = tiling_.headDim;
        if (step.first) {
            const int64_t row = int64_t{step.head} * tiling_.queryRows + step.row;
            Load(Queries(step), query_[row * columns], step.rows, columns, columns,
                 LeftPitch(step.rows));
        }
        const int64_t row = int64_t{step.head} * tiling_.kvRows + step.kvRow;
        Load(keys_[slot * kRowsInL1], key_[row * columns], step.kvRows, columns, columns,
             RoundUp(step.kvRows, kFractal));
        scoreOperands_.Commit();
    }

    // The values need not wait for the vector cores.
    __aicore__ inline void LoadOutputOperands(const Step& step) {
        const int32_t slot = outputOperands_.Acquire();
        const int64_t row = int64_t{step.head} * tiling_.kvRows + step.kvRow;
        Load(values_[slot * kRowsInL1], value_[row * tiling_.headDim], step.kvRows, tiling_.headDim,
             tiling_.headDim, RoundUp(step.kvRows, kFractal));
        AscendC::CrossCoreWaitFlag(kProbabilitiesReady);
        Load(probabilities_[slot * kProbabilitiesInL1], workspace_.Probabilities(step), step.rows,
             step.kvRows, kKvTile, LeftPitch(step.rows));
        outputOperands_.Commit();
    }

    __aicore__ inline Tensor Queries(const Step& step) const {
        return queries_[step.task % kSlots * kRowsInL1];
    }

    // scores [rows, kvRows] = queries keys^T
    __aicore__ inline void ComputeScores(const Step& step) {
        const int32_t slot = scoreOperands_.Wait();
        const Tensor queries = Queries(step);
        const Tensor keys = keys_[slot * kRowsInL1];
        const int32_t keyBlock = RoundUp(step.kvRows, kFractal) * kFractal;
        const int32_t result = BeginProduct();
        for (int32_t depth = 0; depth < tiling_.headDim; depth += kDepth) {
            const int32_t part = operands_.Acquire();
            LoadLeft(part, queries, step.rows, depth, kDepth);
            // A column block of the keys already is a row block of the transposed matrix.
            AscendC::LoadData(
                right_[part * kRight], keys[depth / kFractal * keyBlock],
                {0, static_cast<uint8_t>(kDepth / kFractal * keyBlock / kFractalElements), 1, 0, 0,
                 false, 0});
            if (depth + kDepth >= tiling_.headDim) {
                scoreOperands_.Release();
            }
            operands_.Commit();
            Multiply(result, step.rows, step.kvRows, depth, tiling_.headDim);
        }
        EndProduct(workspace_.Scores(step), result, step.rows, step.kvRows, kKvTile);
        AscendC::CrossCoreSetFlag<kWithinBlock, PIPE_FIX>(kScoresReady);
    }

    // outputs [rows, headDim] = probabilities values
    __aicore__ inline void ComputeOutput(const Step& step) {
        LoadOutputOperands(step);
        const int32_t slot = outputOperands_.Wait();
        const Tensor probabilities = probabilities_[slot * kProbabilitiesInL1];
        const Tensor values = values_[slot * kRowsInL1];
        const int32_t result = BeginProduct();
        for (int32_t depth = 0; depth < step.kvRows; depth += kDepth) {
            const int32_t part = operands_.Acquire();
            const int32_t depths = Smaller(kDepth, step.kvRows - depth);
            LoadLeft(part, probabilities, step.rows, depth, depths);
            LoadValues(part, values, step.kvRows, depth, depths);
            if (depth + kDepth >= step.kvRows) {
                outputOperands_.Release();
            }
            operands_.Commit();
            Multiply(result, step.rows, tiling_.headDim, depth, step.kvRows);
        }
        if (step.index >= kOutputSlots) {
            AscendC::CrossCoreWaitFlag(kOutputFree);
        }
        EndProduct(workspace_.Outputs(step), result, step.rows, tiling_.headDim, tiling_.headDim);
        AscendC::CrossCoreSetFlag<kWithinBlock, PIPE_FIX>(kOutputReady);
    }

    // L0A = matrix[:, depth, ...), row block by row block.
    __aicore__ inline void LoadLeft(int32_t part, const Tensor& matrix, int32_t rows, int32_t depth,
                                    int32_t depths) const {
        const Tensor left = left_[part * kLeft];
        if (rows == 1) {
            AscendC::LoadData(left, matrix[depth], {0, 1, 1, 0, 0, false, 0});
            return;
        }
        const int32_t rowBlocks = CeilDiv(rows, kFractal);
        const int32_t depthBlocks = CeilDiv(depths, kFractal);
        for (int32_t block = 0; block < depthBlocks; ++block) {
            AscendC::LoadData(left[block * kFractalElements],
                              matrix[(depth / kFractal + block) * rowBlocks * kFractalElements],
                              {0, static_cast<uint8_t>(rowBlocks), 1, 0,
                               static_cast<uint16_t>(depthBlocks - 1), false, 0});
        }
    }

    // L0B = values[depth ..., :): fractals have to be transposed.
    __aicore__ inline void LoadValues(int32_t part, const Tensor& values, int32_t rows,
                                      int32_t depth, int32_t depths) const {
        const Tensor right = right_[part * kRight];
        const int32_t columnBlocks = tiling_.headDim / kFractal;
        for (int32_t block = 0; block < CeilDiv(depths, kFractal); ++block) {
            AscendC::LoadData(right[block * columnBlocks * kFractalElements], values,
                              {static_cast<uint16_t>(depth / kFractal + block),
                               static_cast<uint8_t>(columnBlocks),
                               static_cast<uint16_t>(CeilDiv(rows, kFractal)), 0, 0, true, 0});
        }
    }

    __aicore__ inline int32_t BeginProduct() {
        if constexpr (kUnitFlag) {
            return productCount_++ % kSlots;
        } else {
            return results_.Acquire();
        }
    }

    // Adds the product of the part of L0A and L0B that was loaded next, [depth, ...) of `depths`.
    __aicore__ inline void Multiply(int32_t result, int32_t rows, int32_t columns, int32_t depth,
                                    int32_t depths) {
        constexpr uint8_t kKeep = 2;  // the unit flags
        constexpr uint8_t kTurn = 3;
        constexpr int32_t kFewFractals = 10;  // too few for the sums of the last Mmad to be there
        const bool last = depth + kDepth >= depths;
        const int32_t part = operands_.Wait();
        if (depth > 0 && (rows / kFractal) * (columns / kFractal) < kFewFractals) {
            AscendC::PipeBarrier<PIPE_M>();
        }
        AscendC::MmadParams params;
        params.m = rows;
        params.n = columns;
        params.k = Smaller(kDepth, depths - depth);
        params.cmatrixInitVal = depth == 0;
        params.unitFlag = !kUnitFlag ? 0 : last ? kTurn : kKeep;
        AscendC::Mmad(products_[result * kProduct], left_[part * kLeft], right_[part * kRight],
                      params);
        operands_.Release();
        if (!kUnitFlag && last) {
            results_.Commit();
        }
    }

    // Rows `pitch` apart in GM.
    __aicore__ inline void EndProduct(const AscendC::GlobalTensor<float>& dst, int32_t result,
                                      int32_t rows, int32_t columns, int32_t pitch) {
        AscendC::FixpipeParamsV220 params;
        params.nSize = columns;
        params.mSize = rows;
        params.srcStride = RoundUp(rows, kFractal);
        params.dstStride = pitch;
        params.ndNum = 1;
        params.unitFlag = kUnitFlag ? 3 : 0;
        if constexpr (!kUnitFlag) {
            results_.Wait();
        }
        AscendC::Fixpipe<float, float, AscendC::CFG_ROW_MAJOR>(dst, products_[result * kProduct],
                                                               params);
        if constexpr (!kUnitFlag) {
            results_.Release();
        }
    }

    const AttentionMixTiling& tiling_;
    const Schedule& schedule_;
    const Workspace<Element>& workspace_;
    AscendC::GlobalTensor<Element> query_;  // [heads, queryRows, headDim]
    AscendC::GlobalTensor<Element> key_;    // [heads, kvRows, headDim]
    AscendC::GlobalTensor<Element> value_;  // [heads, kvRows, headDim]

    AscendC::TBuf<AscendC::TPosition::A1> queryBuffer_;
    AscendC::TBuf<AscendC::TPosition::A1> probabilityBuffer_;
    AscendC::TBuf<AscendC::TPosition::B1> keyBuffer_;
    AscendC::TBuf<AscendC::TPosition::B1> valueBuffer_;
    AscendC::TBuf<AscendC::TPosition::A2> leftBuffer_;
    AscendC::TBuf<AscendC::TPosition::B2> rightBuffer_;
    AscendC::TBuf<AscendC::TPosition::CO1> productBuffer_;
    Tensor queries_;                        // [kSlots][kRowsInL1], slot by task
    Tensor probabilities_;                  // [kSlots][kProbabilitiesInL1]
    Tensor keys_;                           // [kSlots][kRowsInL1]
    Tensor values_;                         // [kSlots][kRowsInL1]
    Tensor left_;                           // [kSlots][kLeft]
    Tensor right_;                          // [kSlots][kRight]
    AscendC::LocalTensor<float> products_;  // [kSlots][kProduct]

    attn::EventRing<Event::MTE2_MTE1, Event::MTE1_MTE2, kSlots> scoreOperands_;  // queries and keys
    attn::EventRing<Event::MTE2_MTE1, Event::MTE1_MTE2, kSlots> outputOperands_;  // P and values
    attn::EventRing<Event::MTE1_M, Event::M_MTE1, kSlots> operands_;              // L0A and L0B
    attn::EventRing<Event::M_FIX, Event::FIX_M, kSlots> results_;  // L0C, without unit flags
    int32_t productCount_ = 0;
};

}  // namespace probe
