// SPDX-License-Identifier: Apache-2.0
// Cube side of attention: scores = Q K^T, and outputs = P V once the vector cores have turned the
// scores into probabilities.
//
//   GM --MTE2--> L1 --MTE1--> L0A, L0B --M--> L0C --FIX--> GM workspace
//
// Scores are computed `lookahead` steps ahead of outputs, and the products of both take turns, so
// that results of the ones leave L0C while the others are multiplied. A wait for probabilities
// holds back every pipe: whatever does not depend on them is issued before.
//
// FlashAttention: Dao, FlashAttention-2, 2023.
#pragma once

#include "flash_operands.h"
#include "flash_products.h"

namespace attn {

template <class Element>
class FlashCube {
 public:
    __aicore__ inline FlashCube(const FlashTiling& tiling, const FlashArguments& arguments,
                                AscendC::TPipe* pipe)
        : tiling_(tiling),
          arguments_(arguments),
          pipe_(pipe),
          steps_(tiling, sequences_),
          operands_(tiling, workspace_) {}

    __aicore__ inline void Process(int32_t block, int32_t blocks) {
        sequences_.Open(tiling_, arguments_);
        workspace_.Open(tiling_, arguments_.workspace, block);
        operands_.Open(arguments_, pipe_);
        products_.Open(pipe_);
        steps_.Begin(block, blocks);
        for (int32_t index = 0; Has(index) || index < taken_ + tiling_.lookahead; ++index) {
            Compute(index, index - tiling_.lookahead);
        }
        operands_.Close(pipe_);
        products_.Close(pipe_);
    }

 private:
    using Tensor = AscendC::LocalTensor<Element>;

    // Steps from the one whose output is computed to the last one whose keys are loaded.
    static constexpr int32_t kSteps = kMaxLookahead + 1 + kMaxKeySlots;

    // Takes steps up to this one from the schedule; false if there are not so many.
    __aicore__ inline bool Has(int32_t index) {
        while (taken_ <= index && steps_.Next(&tiles_[taken_ % kSteps].step)) {
            tiles_[taken_ % kSteps].Open(tiling_);
            ++taken_;
        }
        return index >= 0 && index < taken_;
    }
    __aicore__ inline const FlashTiles& At(int32_t index) const { return tiles_[index % kSteps]; }

    // Scores of one step and outputs of another, product by product.
    __aicore__ inline void Compute(int32_t scoreStep, int32_t outputStep) {
        BeginScores(scoreStep);
        BeginOutputs(outputStep);
        while (scoreTile_ < scoreEnd_ || outputHalf_ < kMaxHalves) {
            if (scoreTile_ < scoreEnd_) {
                MultiplyKeys(At(scoreStep));
            }
            if (outputHalf_ < kMaxHalves) {
                MultiplyValues(At(outputStep));
            }
        }
    }

    // Scores: tile after tile, each with the halves that see it.
    __aicore__ inline void BeginScores(int32_t step) {
        const bool has = Has(step);
        scoreStep_ = step;
        if (keyStep_ < step) {  // steps without columns came between
            keyStep_ = step;
            keyTile_ = 0;
        }
        scoreTile_ = has ? At(step).FirstTile() : 0;
        scoreEnd_ = has ? At(step).EndTile() : 0;
        if (scoreTile_ < scoreEnd_) {
            scoreHalf_ = At(step).FirstHalf(scoreTile_);
        }
    }

    // Loads as many tiles of keys as there is room for, and the queries of a unit before its first.
    __aicore__ inline void LoadAhead() {
        while (keyStep_ <= scoreStep_ + kMaxKeySlots && Has(keyStep_)) {
            const FlashTiles& tiles = At(keyStep_);
            for (; tiles.FirstTile() + keyTile_ < tiles.EndTile(); ++keyTile_) {
                if (!operands_.HasRoomForKeys()) {
                    return;
                }
                if (tiles.step.isFirst && keyTile_ == 0) {
                    if (!operands_.HasRoomForQueries()) {
                        return;
                    }
                    operands_.LoadQueries(tiles.step.unit);
                }
                operands_.LoadKeys(tiles, tiles.FirstTile() + keyTile_);
            }
            ++keyStep_;
            keyTile_ = 0;
        }
    }

    // Scores of one half and one tile. The keys stay in L0B for both halves.
    __aicore__ inline void MultiplyKeys(const FlashTiles& tiles) {
        const FlashUnit& unit = tiles.step.unit;
        const bool isFirst = scoreHalf_ == tiles.FirstHalf(scoreTile_);
        const bool isLast = scoreHalf_ == tiles.LastHalf(scoreTile_);
        const int32_t rows = unit.RowsOfHalf(scoreHalf_);
        const int32_t columns = tiles.TileColumns(scoreTile_);
        if (isFirst) {
            LoadAhead();
            keys_ = operands_.WaitForKeys();
        }
        const Tensor queries = operands_.Queries()[scoreHalf_ * kHalfRows * tiling_.headDim];
        for (int32_t depth = 0; depth < tiling_.headDim; depth += kProductDepth) {
            const int32_t depths = Smaller(kProductDepth, tiling_.headDim - depth);
            products_.Begin();
            products_.LoadLeft(queries, rows, tiling_.headDim, depth, depths);
            if (isFirst) {
                keysInL0_ = products_.LoadKeys(keys_, columns, depth, depths);
            }
            products_.Multiply({FlashResult::kScores, rows, columns, depths, depth == 0,
                                depth + depths == tiling_.headDim},
                               keysInL0_);
        }
        if (isFirst) {
            operands_.ReleaseKeys();
        }
        if (isLast && tiles.step.isLast && scoreTile_ + 1 == scoreEnd_) {
            operands_.ReleaseQueries();
        }
        StoreScores(tiles, rows, columns);
        if (!isLast) {
            ++scoreHalf_;
        } else if (++scoreTile_ < scoreEnd_) {
            scoreHalf_ = tiles.FirstHalf(scoreTile_);
        }
    }

    __aicore__ inline void StoreScores(const FlashTiles& tiles, int32_t rows, int32_t columns) {
        const int32_t row = scoreHalf_ * kHalfRows;
        const int32_t column = scoreTile_ * kTileKeys;
        if (tiling_.scoreFormat == ScoreFormat::kFloat) {
            products_.Store(workspace_.template Scores<float>(tiles.step, row)[column],
                            FlashResult::kScores, rows, columns, tiling_.kvTile);
        } else {
            products_.Store(workspace_.template Scores<half>(tiles.step, row)[column],
                            FlashResult::kScores, rows, columns, tiling_.kvTile);
        }
        if (scoreTile_ == tiles.LastTileOf(scoreHalf_)) {
            AscendC::CrossCoreSetFlag<kFlagWithinBlock, PIPE_FIX>(kScoresReady);
        }
    }

    // Outputs: half after half, each in parts of up to 128 columns, to which all tiles add up.
    __aicore__ inline void BeginOutputs(int32_t step) {
        outputHalf_ = kMaxHalves;
        if (step < 0 || step >= taken_) {
            return;
        }
        LoadValues(step);
        outputStep_ = step;
        if (!At(step).columns.IsEmpty()) {
            BeginHalf(At(step), At(step).FirstHalf());
        }
    }

    __aicore__ inline void BeginHalf(const FlashTiles& tiles, int32_t half) {
        outputHalf_ = half;
        outputColumn_ = 0;
        outputTile_ = tiles.FirstTileOf(half);
        loadColumn_ = 0;
        loadTile_ = outputTile_;
    }

    // Loads the values of steps up to this one as far as there is room.
    __aicore__ inline void LoadValues(int32_t step) {
        for (; valueStep_ <= step && Has(valueStep_); ++valueStep_) {
            if (At(valueStep_).columns.IsEmpty()) {
                continue;
            }
            if (!operands_.HasRoomForValues()) {
                return;
            }
            operands_.LoadValues(At(valueStep_));
        }
    }

    // Loads probabilities of the half as far as there is room: they pass once for each part of the
    // output. Behind the last ones of the step come the values of the next.
    __aicore__ inline void LoadProbabilities(const FlashTiles& tiles) {
        while (loadColumn_ < tiling_.valueDim && operands_.HasRoomForProbabilities()) {
            operands_.LoadProbabilities(tiles, outputHalf_, loadTile_);
            if (loadTile_ < tiles.LastTileOf(outputHalf_)) {
                ++loadTile_;
            } else {
                loadTile_ = tiles.FirstTileOf(outputHalf_);
                loadColumn_ += kProductColumns;
            }
        }
        if (loadColumn_ >= tiling_.valueDim && outputHalf_ == tiles.LastHalf()) {
            LoadValues(outputStep_ + 1);
        }
    }

    // Adds one tile to a part of the output of one half.
    __aicore__ inline void MultiplyValues(const FlashTiles& tiles) {
        const int32_t rows = tiles.step.unit.RowsOfHalf(outputHalf_);
        const int32_t columns = Smaller(kProductColumns, tiling_.valueDim - outputColumn_);
        const int32_t depths = tiles.TileColumnsOf(outputHalf_, outputTile_);
        const bool isFirst = outputTile_ == tiles.FirstTileOf(outputHalf_);
        const bool isLast = outputTile_ == tiles.LastTileOf(outputHalf_);
        if (isFirst && outputColumn_ == 0) {
            AscendC::CrossCoreWaitFlag(kProbabilitiesReady);
        }
        LoadProbabilities(tiles);
        products_.Begin();
        products_.LoadLeft(operands_.WaitForProbabilities(), rows, depths, 0, depths);
        operands_.ReleaseProbabilities();
        const int32_t right = products_.LoadValues(
            operands_.Values(), tiles.columns.Count(), tiling_.valueDim,
            outputTile_ * kTileKeys - tiles.columns.begin, depths, outputColumn_, columns);
        products_.Multiply({FlashResult::kOutputs, rows, columns, depths, isFirst, isLast}, right);
        if (!isLast) {
            ++outputTile_;
            return;
        }
        products_.Store(workspace_.Outputs(tiles.step, outputHalf_ * kHalfRows)[outputColumn_],
                        FlashResult::kOutputs, rows, columns, tiling_.valueDim);
        outputColumn_ += columns;
        outputTile_ = tiles.FirstTileOf(outputHalf_);
        if (outputColumn_ == tiling_.valueDim) {
            AscendC::CrossCoreSetFlag<kFlagWithinBlock, PIPE_FIX>(kOutputReady);
            EndHalf(tiles);
        }
    }

    __aicore__ inline void EndHalf(const FlashTiles& tiles) {
        if (outputHalf_ < tiles.LastHalf()) {
            BeginHalf(tiles, outputHalf_ + 1);
        } else {
            operands_.ReleaseValues();
            outputHalf_ = kMaxHalves;
        }
    }

    const FlashTiling& tiling_;
    const FlashArguments& arguments_;
    AscendC::TPipe* pipe_;
    FlashSequences sequences_;
    FlashWorkspace<Element> workspace_;
    FlashSteps<FlashSequences> steps_;
    FlashOperands<Element> operands_;
    FlashProducts<Element> products_;
    FlashTiles tiles_[kSteps];  // of the last steps taken
    int32_t taken_ = 0;

    // What is loaded next.
    int32_t keyStep_ = 0;
    int32_t keyTile_ = 0;  // counts from the first of the step
    int32_t valueStep_ = 0;
    int32_t loadColumn_ = 0;  // of the output that the probabilities are for
    int32_t loadTile_ = 0;

    // What is multiplied next.
    int32_t scoreStep_ = 0;
    int32_t scoreTile_ = 0;
    int32_t scoreEnd_ = 0;
    int32_t scoreHalf_ = 0;
    int32_t outputStep_ = 0;
    int32_t outputHalf_ = kMaxHalves;
    int32_t outputColumn_ = 0;
    int32_t outputTile_ = 0;
    Tensor keys_;
    int32_t keysInL0_ = 0;
};

}  // namespace attn
