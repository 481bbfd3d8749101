// SPDX-License-Identifier: Apache-2.0
// Who does what in probe_attention_mix, and what lies where in the workspace. Host-side tests write
// the tiling and size the workspace; they repeat the two numbers at the end.
//
// A task is one head and up to kQueryTile rows of its queries. Blocks take tasks in turn. A task is
// a row of steps, one for each kKvTile rows of keys and values. The steps of all tasks of a block
// form one sequence, so the pipeline never runs empty between tasks.
#pragma once

#include "kernel_operator.h"

namespace probe {

struct AttentionMixTiling {
    int32_t heads;
    int32_t queryRows;  // of query and output [heads, queryRows, headDim]
    int32_t kvRows;     // of key and value [heads, kvRows, headDim]
    int32_t headDim;    // 64 or 128
    float scale;        // multiplies Q K^T before the softmax
};
static_assert(sizeof(AttentionMixTiling) == 20, "host and device share this layout");

constexpr int32_t kQueryTile = 128;
constexpr int32_t kKvTile = 128;
constexpr int32_t kMaxHeadDim = 128;
constexpr int32_t kFractal = 16;     // rows and columns of a fractal of 2-byte elements
constexpr int32_t kVectorCores = 2;  // of a block; each has half of the rows of a tile
constexpr int32_t kVectorRows = kQueryTile / kVectorCores;

// Scores are computed this many steps ahead of the output, while the vector cores turn earlier
// scores into probabilities.
constexpr int32_t kLookahead = 2;
// Scores and probabilities of a step: a slot is free again when the output of its step is there,
// which every core has waited for before it comes back to the slot.
constexpr int32_t kScoreSlots = kLookahead + 1;
// Partial outputs: the vector cores say when a slot is free (kOutputFree).
constexpr int32_t kOutputSlots = 2;

// Flags between the cores of a block, all in mode 2.
enum CrossFlag : uint16_t { kScoresReady, kProbabilitiesReady, kOutputReady, kOutputFree };

constexpr uint8_t kWithinBlock = 2;  // mode of the flags

constexpr int32_t CeilDiv(int32_t value, int32_t unit) { return (value + unit - 1) / unit; }
constexpr int32_t RoundUp(int32_t value, int32_t unit) { return CeilDiv(value, unit) * unit; }
constexpr int32_t Smaller(int32_t a, int32_t b) { return a < b ? a : b; }

// One tile of keys and values for one tile of queries.
struct Step {
    int32_t index;  // in the sequence of the block
    int32_t task;   // in the sequence of the block
    int32_t head;
    int32_t row;  // first row of the queries
    int32_t rows;
    int32_t kvRow;  // first row of keys and values
    int32_t kvRows;
    bool first;  // of its task
    bool last;

    __aicore__ inline int32_t ScoreSlot() const { return index % kScoreSlots; }
    __aicore__ inline int32_t OutputSlot() const { return index % kOutputSlots; }
};

class Schedule {
 public:
    __aicore__ inline Schedule(const AttentionMixTiling& tiling, int32_t block, int32_t blocks)
        : tiling_(tiling),
          block_(block),
          blocks_(blocks),
          tiles_(CeilDiv(tiling.queryRows, kQueryTile)),
          stepsOfTask_(CeilDiv(tiling.kvRows, kKvTile)) {
        const int32_t tasks = tiling.heads * tiles_;
        tasks_ = block < tasks ? CeilDiv(tasks - block, blocks) : 0;
    }

    __aicore__ inline int32_t Steps() const { return tasks_ * stepsOfTask_; }
    __aicore__ inline Step At(int32_t index) const {
        Step step;
        step.index = index;
        step.task = index / stepsOfTask_;
        const int32_t task = block_ + step.task * blocks_;
        const int32_t tile = index % stepsOfTask_;
        step.head = task / tiles_;
        step.row = task % tiles_ * kQueryTile;
        step.rows = Smaller(kQueryTile, tiling_.queryRows - step.row);
        step.kvRow = tile * kKvTile;
        step.kvRows = Smaller(kKvTile, tiling_.kvRows - step.kvRow);
        step.first = tile == 0;
        step.last = tile == stepsOfTask_ - 1;
        return step;
    }

 private:
    const AttentionMixTiling& tiling_;
    int32_t block_;
    int32_t blocks_;
    int32_t tiles_;  // of queries, a head
    int32_t stepsOfTask_;
    int32_t tasks_;  // of this block
};

// Elements of one slot, and the workspace of a block in bytes: the three rings one after the other.
constexpr int32_t kScoreElements = kQueryTile * kKvTile;
constexpr int32_t kOutputElements = kQueryTile * kMaxHeadDim;
constexpr int32_t kProbabilityBytes = 2;
constexpr int32_t kProbabilitiesOffset = kScoreSlots * kScoreElements * int32_t{sizeof(float)};
constexpr int32_t kOutputsOffset =
    kProbabilitiesOffset + kScoreSlots * kScoreElements * kProbabilityBytes;
constexpr int32_t kBlockWorkspace =
    kOutputsOffset + kOutputSlots * kOutputElements * int32_t{sizeof(float)};
static_assert(kBlockWorkspace == 425984, "tests/model/test_mix_kernel.py allocates it");

// The rings of one block.
template <class Element>
struct Workspace {
    AscendC::GlobalTensor<float> scores;           // [kScoreSlots, kQueryTile, kKvTile]
    AscendC::GlobalTensor<Element> probabilities;  // [kScoreSlots, kQueryTile, kKvTile]
    AscendC::GlobalTensor<float> outputs;          // [kOutputSlots, kQueryTile, headDim]

    __aicore__ inline Workspace(GM_ADDR workspace, int32_t block) {
        GM_ADDR own = workspace + int64_t{block} * kBlockWorkspace;
        scores.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(own));
        probabilities.SetGlobalBuffer(
            reinterpret_cast<__gm__ Element*>(own + kProbabilitiesOffset));
        outputs.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(own + kOutputsOffset));
    }
    __aicore__ inline AscendC::GlobalTensor<float> Scores(const Step& step) const {
        return scores[step.ScoreSlot() * kScoreElements];
    }
    __aicore__ inline AscendC::GlobalTensor<Element> Probabilities(const Step& step) const {
        return probabilities[step.ScoreSlot() * kScoreElements];
    }
    __aicore__ inline AscendC::GlobalTensor<float> Outputs(const Step& step) const {
        return outputs[step.OutputSlot() * kOutputElements];
    }
};

}  // namespace probe
