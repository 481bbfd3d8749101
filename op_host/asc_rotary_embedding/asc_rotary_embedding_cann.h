// SPDX-License-Identifier: Apache-2.0
// What the OpDef of AscRotaryEmbedding registers with CANN. C++11.
#pragma once

#include "register/op_def_registry.h"

namespace attn {

// Positions of the operator's inputs, outputs and attributes: the order of its OpDef and its
// kernel.
struct RotaryIo {
    enum Input { kX, kCos, kSin, kPositions };
    enum Output { kOutput };
    enum Attribute { kInterleaved };
};

ge::graphStatus TileRotary(gert::TilingContext* context);
ge::graphStatus InferRotaryShape(gert::InferShapeContext* context);
ge::graphStatus InferRotaryDataType(gert::InferDataTypeContext* context);

}  // namespace attn
