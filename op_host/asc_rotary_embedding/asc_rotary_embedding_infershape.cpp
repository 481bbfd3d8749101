// SPDX-License-Identifier: Apache-2.0
// Output shape and data type of AscRotaryEmbedding: those of x. C++11.
#include "asc_rotary_embedding_cann.h"

namespace attn {

ge::graphStatus InferRotaryShape(gert::InferShapeContext* context) {
    const gert::Shape* x = context->GetInputShape(RotaryIo::kX);
    gert::Shape* output = context->GetOutputShape(RotaryIo::kOutput);
    if (x == nullptr || output == nullptr) {
        return ge::GRAPH_FAILED;
    }
    *output = *x;
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus InferRotaryDataType(gert::InferDataTypeContext* context) {
    context->SetOutputDataType(RotaryIo::kOutput, context->GetInputDataType(RotaryIo::kX));
    return ge::GRAPH_SUCCESS;
}

}  // namespace attn
