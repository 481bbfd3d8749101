// SPDX-License-Identifier: Apache-2.0
// OpDef of AscRotaryEmbedding: aclnnAscRotaryEmbedding is generated from it. C++11.
#include "asc_rotary_embedding_cann.h"

namespace ops {

class AscRotaryEmbedding : public OpDef {
 public:
    explicit AscRotaryEmbedding(const char* name) : OpDef(name) {
        const std::vector<ge::DataType> elements{ge::DT_FLOAT16, ge::DT_BF16, ge::DT_FLOAT,
                                                 ge::DT_FLOAT16, ge::DT_BF16};
        const std::vector<ge::DataType> factors{ge::DT_FLOAT16, ge::DT_BF16, ge::DT_FLOAT,
                                                ge::DT_FLOAT, ge::DT_FLOAT};
        const std::vector<ge::DataType> integers(elements.size(), ge::DT_INT32);
        const std::vector<ge::Format> formats(elements.size(), ge::FORMAT_ND);

        this->Input("x").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("cos").ParamType(REQUIRED).DataType(factors).Format(formats);
        this->Input("sin").ParamType(REQUIRED).DataType(factors).Format(formats);
        this->Input("positions").ParamType(REQUIRED).DataType(integers).Format(formats);
        this->Output("output").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Attr("interleaved").AttrType(OPTIONAL).Bool(false);

        this->SetInferShape(attn::InferRotaryShape).SetInferDataType(attn::InferRotaryDataType);
        this->AICore()
            .SetTiling(attn::TileRotary)
            .AddConfig("ascend910b")
            .AddConfig("ascend910_93");
    }
};

OP_ADD(AscRotaryEmbedding);

}  // namespace ops
