// SPDX-License-Identifier: Apache-2.0
// The last phase of AscPagedAttention on the vector cores alone, with partial results.
#pragma once

#include "../common/partials_combine.h"
#include "asc_paged_attention_partials.h"
#include "asc_paged_attention_schedule.h"

namespace attn {

class PagedSplitSequences {
 public:
    __aicore__ inline void Open(const AscPagedAttentionTiling& tiling,
                                const PagedAttentionArguments& arguments) {
        tiling_ = &tiling;
        spans_.Open(arguments, tiling.hasQueryStarts != 0);
    }

    __aicore__ inline SplitSequence Of(int32_t index) const {
        const SequenceSpan span = spans_.Of(index);
        const PartitionRange partitions = PartitionsOf(*tiling_, span);
        return {0, span.queryBegin, span.queryTokens, partitions.first, partitions.count};
    }

 private:
    const AscPagedAttentionTiling* tiling_;
    DeviceSpans spans_;
};

// All vector cores, after all of them have written what there is to combine.
template <class Element>
__aicore__ inline void CombinePagedPartials(const AscPagedAttentionTiling& tiling,
                                            const PagedAttentionArguments& arguments,
                                            AscendC::TPipe* pipe, int32_t core, int32_t cores) {
    const PartialsCombineTask task{
        {0, int64_t{tiling.heads} * tiling.headDim, tiling.headDim},
        {0, tiling.heads, 1},
        tiling.batch,
        tiling.queryTokens,
        tiling.heads,
        tiling.headDim,
        tiling.pitch,
        tiling.maxPartitions,
        tiling.partialsAreOutputs != 0,
        tiling.writeLse != 0,
    };
    PagedSplitSequences sequences;
    sequences.Open(tiling, arguments);
    PartialsCombine<Element, PagedSplitSequences>(task, sequences,
                                                  PartialsOf<Element>(tiling, arguments),
                                                  arguments.output, arguments.lse, pipe)
        .Process(core, cores);
}

}  // namespace attn
