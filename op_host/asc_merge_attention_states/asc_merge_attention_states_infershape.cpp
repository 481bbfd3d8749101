// SPDX-License-Identifier: Apache-2.0
// Output shapes and data types of AscMergeAttentionStates. C++11.
#include "asc_merge_attention_states_cann.h"

namespace attn {
namespace {

// [tokens, states, ...] without the states.
gert::Shape WithoutStates(const gert::Shape& shape) {
    gert::Shape rest;
    for (size_t i = 0; i < shape.GetDimNum(); ++i) {
        if (i != 1) {
            rest.AppendDim(shape.GetDim(i));
        }
    }
    return rest;
}

}  // namespace

ge::graphStatus InferMergeStatesShape(gert::InferShapeContext* context) {
    using Io = MergeStatesIo;
    const gert::Shape* prefix = context->GetInputShape(Io::kPrefixOutput);
    const gert::Shape* prefixLse = context->GetInputShape(Io::kPrefixLse);
    gert::Shape* output = context->GetOutputShape(Io::kOutput);
    gert::Shape* outputLse = context->GetOutputShape(Io::kOutputLse);
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    if (prefix == nullptr || prefixLse == nullptr || output == nullptr || outputLse == nullptr ||
        attributes == nullptr) {
        return ge::GRAPH_FAILED;
    }
    const bool several = prefix->GetDimNum() == 4;
    *output = several ? WithoutStates(*prefix) : *prefix;
    *outputLse = several ? WithoutStates(*prefixLse) : *prefixLse;
    if (!*attributes->GetBool(Io::kReturnLse)) {
        *outputLse = gert::Shape({0});
    }
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus InferMergeStatesDataType(gert::InferDataTypeContext* context) {
    using Io = MergeStatesIo;
    context->SetOutputDataType(Io::kOutput, context->GetInputDataType(Io::kPrefixOutput));
    context->SetOutputDataType(Io::kOutputLse, ge::DT_FLOAT);
    return ge::GRAPH_SUCCESS;
}

}  // namespace attn
