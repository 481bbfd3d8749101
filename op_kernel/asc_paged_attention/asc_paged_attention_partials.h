// SPDX-License-Identifier: Apache-2.0
// What AscPagedAttention is given in memory, and where its partial results lie.
#pragma once

#include "../common/kernel_entry.h"
#include "../common/partial_results.h"
#include "asc_paged_attention_schedule.h"
#include "asc_paged_attention_tiling.h"

namespace attn {

struct PagedAttentionArguments {
    GM_ADDR query;          // [queryTokens, heads, headDim]
    GM_ADDR keyCache;       // [blocks, blockSize, kvHeads, headDim]
    GM_ADDR valueCache;     // [blocks, blockSize, kvHeads, headDim]
    GM_ADDR blockTables;    // [batch, maxBlocks] int32
    GM_ADDR seqLens;        // [batch] int32
    GM_ADDR queryStarts;    // [batch + 1] int32, may be null
    GM_ADDR alibiSlopes;    // [heads] float, may be null
    GM_ADDR sinks;          // [heads] float, may be null
    GM_ADDR output;         // [queryTokens, heads, headDim]
    GM_ADDR lse;            // [queryTokens, heads] float, may be null
    GM_ADDR expSums;        // [queryTokens, heads, maxPartitions] float, may be null
    GM_ADDR maxLogits;      // the same
    GM_ADDR partialOutput;  // [queryTokens, heads, maxPartitions, headDim], may be null
    GM_ADDR workspace;
};

// Lengths and query tokens of the sequences.
class DeviceSpans {
 public:
    __aicore__ inline void Open(const PagedAttentionArguments& arguments, bool hasQueryStarts) {
        seqLens_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.seqLens));
        queryStarts_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.queryStarts));
        hasQueryStarts_ = hasQueryStarts;
    }

    __aicore__ inline SequenceSpan Of(int32_t sequence) const {
        const int32_t length = Larger(seqLens_.GetValue(sequence), 0);
        if (!hasQueryStarts_) {
            return {sequence, 1, length};
        }
        const int32_t begin = queryStarts_.GetValue(sequence);
        return {begin, queryStarts_.GetValue(sequence + 1) - begin, length};
    }

 private:
    AscendC::GlobalTensor<int32_t> seqLens_;
    AscendC::GlobalTensor<int32_t> queryStarts_;
    bool hasQueryStarts_;
};

// In the outputs of the caller, or in workspace.
template <class Element>
__aicore__ inline PartialResults<Element> PartialsOf(const AscPagedAttentionTiling& tiling,
                                                     const PagedAttentionArguments& arguments) {
    PartialResults<Element> partials;
    if (tiling.partialsAreOutputs != 0) {
        partials.OpenRounded(arguments.expSums, arguments.maxLogits, arguments.partialOutput);
    } else if (tiling.maxPartitions > 1) {
        GM_ADDR workspace = AscendC::GetUserWorkspace(arguments.workspace);
        partials.Open(workspace, workspace + tiling.partialMaxima,
                      workspace + tiling.partialOutputs);
    }
    return partials;
}

}  // namespace attn
