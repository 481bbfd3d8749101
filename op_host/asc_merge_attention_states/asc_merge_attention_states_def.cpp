// SPDX-License-Identifier: Apache-2.0
// OpDef of AscMergeAttentionStates: aclnnAscMergeAttentionStates is generated from it. C++11.
#include "asc_merge_attention_states_cann.h"

namespace ops {

// The prefix is one state or several.
class AscMergeAttentionStates : public OpDef {
 public:
    explicit AscMergeAttentionStates(const char* name) : OpDef(name) {
        const std::vector<ge::DataType> elements{ge::DT_FLOAT16, ge::DT_BF16, ge::DT_FLOAT};
        const std::vector<ge::DataType> floats(elements.size(), ge::DT_FLOAT);
        const std::vector<ge::Format> formats(elements.size(), ge::FORMAT_ND);

        this->Input("prefix_output").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("prefix_lse").ParamType(REQUIRED).DataType(floats).Format(formats);
        this->Input("suffix_output").ParamType(OPTIONAL).DataType(elements).Format(formats);
        this->Input("suffix_lse").ParamType(OPTIONAL).DataType(floats).Format(formats);
        this->Output("output").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Output("output_lse").ParamType(REQUIRED).DataType(floats).Format(formats);
        this->Attr("return_lse").AttrType(OPTIONAL).Bool(true);

        this->SetInferShape(attn::InferMergeStatesShape)
            .SetInferDataType(attn::InferMergeStatesDataType);
        this->AICore()
            .SetTiling(attn::TileMergeStates)
            .AddConfig("ascend910b")
            .AddConfig("ascend910_93");
    }
};

OP_ADD(AscMergeAttentionStates);

}  // namespace ops
