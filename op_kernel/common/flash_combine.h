// SPDX-License-Identifier: Apache-2.0
// The last phase of attention on cube and vector cores, with partial results.
#pragma once

#include "flash_arguments.h"
#include "flash_schedule.h"
#include "partials_combine.h"

namespace attn {

// [rows, queryTokens, heads, maxPartitions] in workspace; packed sequences all lie in row 0.
template <class Element>
__aicore__ inline PartialResults<Element> FlashPartials(const FlashTiling& tiling,
                                                        GM_ADDR workspace) {
    GM_ADDR own = AscendC::GetUserWorkspace(workspace);
    PartialResults<Element> partials;
    partials.Open(own + tiling.partialSums, own + tiling.partialMaxima,
                  own + tiling.partialOutputs);
    return partials;
}

class FlashSplitSequences {
 public:
    __aicore__ inline void Open(const FlashTiling& tiling, const FlashArguments& arguments) {
        tiling_ = &tiling;
        sequences_.Open(tiling, arguments);
    }

    __aicore__ inline SplitSequence Of(int32_t index) const {
        const FlashSequence sequence = sequences_.Of(index);
        const FlashPartitions partitions = PartitionsOf(*tiling_, sequence);
        return {sequence.queryRow, sequence.queryBegin, Larger(sequence.queryTokens, 0),
                partitions.first, partitions.count};
    }

 private:
    const FlashTiling* tiling_;
    FlashSequences sequences_;
};

// All vector cores, after all of them have written what there is to combine.
template <class Element>
__aicore__ inline void CombineFlashPartials(const FlashTiling& tiling,
                                            const FlashArguments& arguments, AscendC::TPipe* pipe,
                                            int32_t core, int32_t cores) {
    const PartialsCombineTask task{
        tiling.output, tiling.lse,           tiling.batch,    tiling.queryTokens,
        tiling.heads,  tiling.valueDim,      tiling.valueDim, tiling.maxPartitions,
        false,         tiling.writeLse != 0,
    };
    FlashSplitSequences sequences;
    sequences.Open(tiling, arguments);
    PartialsCombine<Element, FlashSplitSequences>(
        task, sequences, FlashPartials<Element>(tiling, arguments.workspace), arguments.output,
        arguments.lse, pipe)
        .Process(core, cores);
}

}  // namespace attn
