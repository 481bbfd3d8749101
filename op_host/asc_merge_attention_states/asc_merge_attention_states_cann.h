// SPDX-License-Identifier: Apache-2.0
// What the OpDef of AscMergeAttentionStates registers with CANN. C++11.
#pragma once

#include "register/op_def_registry.h"

namespace attn {

// Positions of the operator's inputs, outputs and attributes: the order of its OpDef and its
// kernel.
struct MergeStatesIo {
    enum Input { kPrefixOutput, kPrefixLse, kSuffixOutput, kSuffixLse };
    enum Output { kOutput, kOutputLse };
    enum Attribute { kReturnLse };
};

ge::graphStatus TileMergeStates(gert::TilingContext* context);
ge::graphStatus InferMergeStatesShape(gert::InferShapeContext* context);
ge::graphStatus InferMergeStatesDataType(gert::InferDataTypeContext* context);

}  // namespace attn
