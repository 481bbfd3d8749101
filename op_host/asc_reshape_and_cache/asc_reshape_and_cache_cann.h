// SPDX-License-Identifier: Apache-2.0
// What the OpDef of AscReshapeAndCache registers with CANN. C++11.
#pragma once

#include "register/op_def_registry.h"

namespace attn {

// Positions of the operator's inputs and outputs: the order of its OpDef and its kernel. The caches
// are changed in place: inputs and outputs of the same name.
struct ReshapeAndCacheIo {
    enum Input { kKey, kValue, kKeyCache, kValueCache, kSlotMapping };
    enum Attribute { kLayout };
    enum Output { kKeyCacheOut, kValueCacheOut };
};

ge::graphStatus TileReshapeAndCache(gert::TilingContext* context);
ge::graphStatus InferReshapeAndCacheShape(gert::InferShapeContext* context);
ge::graphStatus InferReshapeAndCacheDataType(gert::InferDataTypeContext* context);

}  // namespace attn
