// SPDX-License-Identifier: Apache-2.0
// Output shapes and data types of AscCopyBlocks: those of the caches. C++11.
#include "asc_copy_blocks_cann.h"

namespace attn {

ge::graphStatus InferCopyBlocksShape(gert::InferShapeContext* context) {
    using Io = CopyBlocksIo;
    const gert::Shape* key = context->GetInputShape(Io::kKeyCache);
    const gert::Shape* value = context->GetInputShape(Io::kValueCache);
    gert::Shape* keyOut = context->GetOutputShape(Io::kKeyCacheOut);
    gert::Shape* valueOut = context->GetOutputShape(Io::kValueCacheOut);
    if (key == nullptr || value == nullptr || keyOut == nullptr || valueOut == nullptr) {
        return ge::GRAPH_FAILED;
    }
    *keyOut = *key;
    *valueOut = *value;
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus InferCopyBlocksDataType(gert::InferDataTypeContext* context) {
    using Io = CopyBlocksIo;
    context->SetOutputDataType(Io::kKeyCacheOut, context->GetInputDataType(Io::kKeyCache));
    context->SetOutputDataType(Io::kValueCacheOut, context->GetInputDataType(Io::kValueCache));
    return ge::GRAPH_SUCCESS;
}

}  // namespace attn
