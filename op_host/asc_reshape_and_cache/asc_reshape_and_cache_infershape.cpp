// SPDX-License-Identifier: Apache-2.0
// Output shapes and data types of AscReshapeAndCache: those of the caches. C++11.
#include "asc_reshape_and_cache_cann.h"

namespace attn {

ge::graphStatus InferReshapeAndCacheShape(gert::InferShapeContext* context) {
    using Io = ReshapeAndCacheIo;
    const gert::Shape* keyCache = context->GetInputShape(Io::kKeyCache);
    const gert::Shape* valueCache = context->GetInputShape(Io::kValueCache);
    gert::Shape* keyCacheOut = context->GetOutputShape(Io::kKeyCacheOut);
    gert::Shape* valueCacheOut = context->GetOutputShape(Io::kValueCacheOut);
    if (keyCache == nullptr || valueCache == nullptr || keyCacheOut == nullptr ||
        valueCacheOut == nullptr) {
        return ge::GRAPH_FAILED;
    }
    *keyCacheOut = *keyCache;
    *valueCacheOut = *valueCache;
    return ge::GRAPH_SUCCESS;
}

ge::graphStatus InferReshapeAndCacheDataType(gert::InferDataTypeContext* context) {
    using Io = ReshapeAndCacheIo;
    context->SetOutputDataType(Io::kKeyCacheOut, context->GetInputDataType(Io::kKeyCache));
    context->SetOutputDataType(Io::kValueCacheOut, context->GetInputDataType(Io::kValueCache));
    return ge::GRAPH_SUCCESS;
}

}  // namespace attn
