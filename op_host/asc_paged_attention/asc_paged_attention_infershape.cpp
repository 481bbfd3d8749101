// SPDX-License-Identifier: Apache-2.0
// Output shapes and data types of AscPagedAttention. C++11.
#include "asc_paged_attention_cann.h"

namespace attn {

ge::graphStatus InferPagedAttentionShape(gert::InferShapeContext* context) {
    using Io = PagedAttentionIo;
    const gert::Shape* query = context->GetInputShape(Io::kQuery);
    gert::Shape* out = context->GetOutputShape(Io::kOut);
    gert::Shape* lse = context->GetOutputShape(Io::kLse);
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    if (query == nullptr || out == nullptr || lse == nullptr || attributes == nullptr) {
        return ge::GRAPH_FAILED;
    }
    *out = *query;
    if (*attributes->GetBool(Io::kReturnLse)) {
        *lse = gert::Shape({query->GetDim(0), query->GetDim(1)});
    } else {
        *lse = gert::Shape({0});
    }
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus InferPagedAttentionDataType(gert::InferDataTypeContext* context) {
    using Io = PagedAttentionIo;
    context->SetOutputDataType(Io::kOut, context->GetInputDataType(Io::kQuery));
    context->SetOutputDataType(Io::kLse, ge::DT_FLOAT);
    return ge::GRAPH_SUCCESS;
}

}  // namespace attn
