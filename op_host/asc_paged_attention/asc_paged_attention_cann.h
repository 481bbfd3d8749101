// SPDX-License-Identifier: Apache-2.0
// What the OpDef of AscPagedAttention registers with CANN. C++11.
#pragma once

#include "register/op_def_registry.h"

namespace attn {

// Positions of the operator's inputs, outputs and attributes: the order of its OpDef and its
// kernel.
struct PagedAttentionIo {
    enum Input {
        kQuery,
        kKeyCache,
        kValueCache,
        kBlockTables,
        kSeqLens,
        kQueryStartLoc,
        kAlibiSlopes,
        kSinks,
    };
    enum Output { kOut, kLse, kExpSums, kMaxLogits, kTmpOut };
    enum Attribute {
        kScale,
        kLayout,
        kMaxQueryLen,
        kMaxSeqLen,
        kSoftcap,
        kWindowLeft,
        kSplitRule,
        kSplitValue,
        kMaxPartitions,
        kReturnLse,
        kStrategy,
    };
};

ge::graphStatus TilePagedAttention(gert::TilingContext* context);
ge::graphStatus InferPagedAttentionShape(gert::InferShapeContext* context);
ge::graphStatus InferPagedAttentionDataType(gert::InferDataTypeContext* context);

}  // namespace attn
