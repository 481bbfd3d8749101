// SPDX-License-Identifier: Apache-2.0
// Who does what under a plan, as the kernels will find it: for tests and for people.
#include "../../op_kernel/common/flash_schedule.h"
#include "flash_plan.h"

namespace attn {
namespace {

// Sequences of lengths that the host knows.
class HostSequences {
 public:
    HostSequences(const FlashTiling& tiling, const std::vector<int32_t>& queryLens,
                  const std::vector<int32_t>& keyLens, const std::vector<int32_t>& prefixes)
        : tiling_(tiling), queryLens_(queryLens), keyLens_(keyLens), prefixes_(prefixes) {}

    FlashSequence Of(int32_t index) const {
        const auto i = static_cast<size_t>(index);
        FlashSequence sequence{};
        sequence.index = index;
        sequence.queryTokens = queryLens_.empty() ? tiling_.queryTokens : queryLens_[i];
        sequence.keyTokens = keyLens_.empty() ? tiling_.keyTokens : keyLens_[i];
        sequence.prefix = prefixes_.empty() ? 0 : prefixes_[i];
        return sequence;
    }

 private:
    const FlashTiling& tiling_;
    const std::vector<int32_t>& queryLens_;
    const std::vector<int32_t>& keyLens_;
    const std::vector<int32_t>& prefixes_;
};

// Multiply-accumulates that a step hands to the cube.
int64_t MacsOf(const FlashTiling& tiling, const FlashStep& step) {
    int64_t scores = 0;
    for (int32_t half = 0; half < step.unit.Halves() && step.columns > 0; ++half) {
        scores += int64_t{step.unit.RowsOfHalf(half)} * step.ColumnsOfHalf(tiling, half).Count();
    }
    return scores * (tiling.headDim + tiling.valueDim);
}

}  // namespace

std::vector<std::vector<FlashWork>> FlashWorkOf(const FlashPlan& plan,
                                                const std::vector<int32_t>& queryLens,
                                                const std::vector<int32_t>& keyLens,
                                                const std::vector<int32_t>& prefixes) {
    const FlashTiling& tiling = plan.tiling;
    const HostSequences sequences(tiling, queryLens, keyLens, prefixes);
    std::vector<std::vector<FlashWork>> blocks(static_cast<size_t>(plan.blocks));
    FlashSteps<HostSequences> steps(tiling, sequences);
    for (int32_t block = 0; block < plan.blocks; ++block) {
        std::vector<FlashWork>& work = blocks[static_cast<size_t>(block)];
        steps.Begin(block, plan.blocks);
        FlashStep step{};
        while (steps.Next(&step)) {
            const FlashUnit& unit = step.unit;
            if (step.isFirst) {
                work.push_back({unit.sequence.index, unit.firstHead, unit.firstRow, unit.rows,
                                unit.keys.begin, unit.keys.end, unit.partition, 0});
            }
            work.back().macs += MacsOf(tiling, step);
        }
    }
    return blocks;
}

}  // namespace attn
