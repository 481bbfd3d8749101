// SPDX-License-Identifier: Apache-2.0
// What attention on cube and vector cores is given in memory.
#pragma once

#include "flash_schedule.h"
#include "flash_tiling.h"
#include "kernel_entry.h"

namespace attn {

// Metadata are int32. All but query, key, value, output and workspace may be null: FlashTiling says
// which are there.
struct FlashArguments {
    GM_ADDR query;
    GM_ADDR key;
    GM_ADDR value;
    GM_ADDR queryStarts;  // [batch + 1], cu_seqlens_q
    GM_ADDR keyStarts;    // [batch + 1], cu_seqlens_k
    GM_ADDR queryLens;    // [batch], seqused_q: query tokens that count, from the start on
    GM_ADDR keyLens;      // [batch], seqused_k: end of the keys
    GM_ADDR blockTable;   // [batch, blocks of a sequence]
    GM_ADDR keyRows;      // [batch], cache_batch_idx: row of keys and values, if they are not paged
    GM_ADDR keyPads;      // [batch], cache_leftpad: where keys begin
    GM_ADDR prefixes;     // [batch]: keys that every query token sees
    GM_ADDR alibiSlopes;  // [heads] or [batch, heads] float
    GM_ADDR sinks;        // [heads] float
    GM_ADDR mask;         // [batch, heads, queryTokens, keyTokens] bytes, strided: 0 hides
    GM_ADDR bias;         // likewise, Element or float: added to the scores
    GM_ADDR output;
    GM_ADDR lse;
    GM_ADDR workspace;
};

// The sequences as the metadata on the device say.
class FlashSequences {
 public:
    __aicore__ inline void Open(const FlashTiling& tiling, const FlashArguments& arguments) {
        tiling_ = &tiling;
        queryStarts_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.queryStarts));
        keyStarts_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.keyStarts));
        queryLens_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.queryLens));
        keyLens_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.keyLens));
        keyRows_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.keyRows));
        keyPads_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.keyPads));
        prefixes_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.prefixes));
    }

    __aicore__ inline FlashSequence Of(int32_t index) const {
        const FlashTiling& tiling = *tiling_;
        FlashSequence sequence{index, index, 0, tiling.queryTokens, index, 0, tiling.keyTokens, 0};
        if (tiling.hasQueryStarts != 0) {
            sequence.queryRow = 0;
            sequence.queryBegin = queryStarts_.GetValue(index);
            sequence.queryTokens = queryStarts_.GetValue(index + 1) - sequence.queryBegin;
        }
        if (tiling.hasQueryLens != 0) {
            sequence.queryTokens = Smaller(sequence.queryTokens, queryLens_.GetValue(index));
        }
        if (tiling.hasKeyStarts != 0) {
            sequence.keyRow = 0;
            sequence.keyBegin = keyStarts_.GetValue(index);
            sequence.keyTokens = keyStarts_.GetValue(index + 1) - sequence.keyBegin;
        }
        if (tiling.hasKeyLens != 0) {
            sequence.keyTokens = Larger(keyLens_.GetValue(index), 0);
        }
        if (tiling.hasKeyRows != 0) {
            sequence.keyRow = keyRows_.GetValue(index);
        }
        if (tiling.hasKeyPads != 0) {
            const int32_t pad = keyPads_.GetValue(index);
            sequence.keyBegin += pad;
            sequence.keyTokens = Larger(sequence.keyTokens - pad, 0);
        }
        if (tiling.hasPrefixes != 0) {
            sequence.prefix = prefixes_.GetValue(index);
        }
        return sequence;
    }

 private:
    const FlashTiling* tiling_;
    AscendC::GlobalTensor<int32_t> queryStarts_;
    AscendC::GlobalTensor<int32_t> keyStarts_;
    AscendC::GlobalTensor<int32_t> queryLens_;
    AscendC::GlobalTensor<int32_t> keyLens_;
    AscendC::GlobalTensor<int32_t> keyRows_;
    AscendC::GlobalTensor<int32_t> keyPads_;
    AscendC::GlobalTensor<int32_t> prefixes_;
};

}  // namespace attn
