// SPDX-License-Identifier: Apache-2.0
// What the OpDef of AscCopyBlocks registers with CANN. C++11.
#pragma once

#include "register/op_def_registry.h"

namespace attn {

// Positions of the operator's inputs and outputs: the order of its OpDef and its kernel.
struct CopyBlocksIo {
    enum Input { kKeySource, kValueSource, kKeyCache, kValueCache, kBlockMapping };
    enum Output { kKeyCacheOut, kValueCacheOut };
};

ge::graphStatus TileCopyBlocks(gert::TilingContext* context);
ge::graphStatus InferCopyBlocksShape(gert::InferShapeContext* context);
ge::graphStatus InferCopyBlocksDataType(gert::InferDataTypeContext* context);

}  // namespace attn
