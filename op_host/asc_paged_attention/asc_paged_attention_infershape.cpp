// SPDX-License-Identifier: Apache-2.0
// Output shapes and data types of AscPagedAttention. C++11.
#include "asc_paged_attention_cann.h"

namespace attn {

// Outputs that were not asked for have no elements.
ge::graphStatus InferPagedAttentionShape(gert::InferShapeContext* context) {
    using Io = PagedAttentionIo;
    const gert::Shape* query = context->GetInputShape(Io::kQuery);
    gert::Shape* out = context->GetOutputShape(Io::kOut);
    gert::Shape* lse = context->GetOutputShape(Io::kLse);
    gert::Shape* sums = context->GetOutputShape(Io::kExpSums);
    gert::Shape* maxima = context->GetOutputShape(Io::kMaxLogits);
    gert::Shape* partial = context->GetOutputShape(Io::kTmpOut);
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    if (query == nullptr || out == nullptr || lse == nullptr || sums == nullptr ||
        maxima == nullptr || partial == nullptr || attributes == nullptr) {
        return ge::GRAPH_FAILED;
    }
    const int64_t tokens = query->GetDim(0);
    const int64_t heads = query->GetDim(1);
    const int64_t partitions = *attributes->GetInt(Io::kMaxPartitions);
    const gert::Shape none({0});
    *out = *query;
    *lse = *attributes->GetBool(Io::kReturnLse) ? gert::Shape({tokens, heads}) : none;
    *sums = partitions > 0 ? gert::Shape({tokens, heads, partitions}) : none;
    *maxima = *sums;
    *partial = partitions > 0 ? gert::Shape({tokens, heads, partitions, query->GetDim(2)}) : none;
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus InferPagedAttentionDataType(gert::InferDataTypeContext* context) {
    using Io = PagedAttentionIo;
    const ge::DataType element = context->GetInputDataType(Io::kQuery);
    context->SetOutputDataType(Io::kOut, element);
    context->SetOutputDataType(Io::kLse, ge::DT_FLOAT);
    context->SetOutputDataType(Io::kExpSums, ge::DT_FLOAT);
    context->SetOutputDataType(Io::kMaxLogits, ge::DT_FLOAT);
    context->SetOutputDataType(Io::kTmpOut, element);
    return ge::GRAPH_SUCCESS;
}

}  // namespace attn
