// SPDX-License-Identifier: Apache-2.0
// What the OpDef of AscFlashAttention registers with CANN. C++11.
#pragma once

#include "register/op_def_registry.h"

namespace attn {

// Positions of the operator's inputs, outputs and attributes: the order of its OpDef and its
// kernel.
struct FlashAttentionIo {
    enum Input {
        kQuery,
        kKey,
        kValue,
        kQueryStarts,
        kKeyStarts,
        kQueryLens,
        kKeyLens,
        kBlockTable,
        kKeyRows,
        kKeyPads,
        kPrefixes,
        kAlibiSlopes,
        kSinks,
        kMask,
        kBias,
    };
    enum Output { kOut, kLse };
    enum Attribute {
        kScale,
        kWindowLeft,
        kWindowRight,
        kSoftcap,
        kMaxQueryTokens,
        kMaxKeyTokens,
        kHeadsFirst,
        kNumSplits,
        kRowTile,
        kKvTile,
        kLookahead,
        kPack,
        kScoreFormat,
    };
};

ge::graphStatus TileFlashAttention(gert::TilingContext* context);
ge::graphStatus InferFlashAttentionShape(gert::InferShapeContext* context);
ge::graphStatus InferFlashAttentionDataType(gert::InferDataTypeContext* context);

}  // namespace attn
