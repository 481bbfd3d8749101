// SPDX-License-Identifier: Apache-2.0
// Output shapes and data types of AscFlashAttention. C++11.
#include "asc_flash_attention_cann.h"

namespace attn {

// The output is the query with the head size of the values; the log-sum-exp has its tokens last.
ge::graphStatus InferFlashAttentionShape(gert::InferShapeContext* context) {
    using Io = FlashAttentionIo;
    const gert::Shape* query = context->GetInputShape(Io::kQuery);
    const gert::Shape* value = context->GetInputShape(Io::kValue);
    gert::Shape* out = context->GetOutputShape(Io::kOut);
    gert::Shape* lse = context->GetOutputShape(Io::kLse);
    if (query == nullptr || value == nullptr || out == nullptr || lse == nullptr) {
        return ge::GRAPH_FAILED;
    }
    const size_t rank = query->GetDimNum();
    if (rank != 3 && rank != 4) {
        return ge::GRAPH_FAILED;
    }
    *out = *query;
    out->SetDim(rank - 1, value->GetDim(value->GetDimNum() - 1));
    const int64_t tokens = query->GetDim(rank - 3);
    const int64_t heads = query->GetDim(rank - 2);
    *lse =
        rank == 4 ? gert::Shape({query->GetDim(0), heads, tokens}) : gert::Shape({heads, tokens});
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus InferFlashAttentionDataType(gert::InferDataTypeContext* context) {
    using Io = FlashAttentionIo;
    context->SetOutputDataType(Io::kOut, context->GetInputDataType(Io::kQuery));
    context->SetOutputDataType(Io::kLse, ge::DT_FLOAT);
    return ge::GRAPH_SUCCESS;
}

}  // namespace attn
