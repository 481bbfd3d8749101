// SPDX-License-Identifier: Apache-2.0
// OpDef of AscPagedAttention: aclnnAscPagedAttention is generated from it. C++11.
#include "asc_paged_attention_cann.h"

namespace ops {

class AscPagedAttention : public OpDef {
 public:
    explicit AscPagedAttention(const char* name) : OpDef(name) {
        const std::vector<ge::DataType> elements{ge::DT_FLOAT16, ge::DT_BF16, ge::DT_FLOAT};
        const std::vector<ge::DataType> integers(elements.size(), ge::DT_INT32);
        const std::vector<ge::DataType> floats(elements.size(), ge::DT_FLOAT);
        const std::vector<ge::Format> formats(elements.size(), ge::FORMAT_ND);

        this->Input("query").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("key_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("value_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("block_tables").ParamType(REQUIRED).DataType(integers).Format(formats);
        this->Input("seq_lens").ParamType(REQUIRED).DataType(integers).Format(formats);
        this->Input("query_start_loc").ParamType(OPTIONAL).DataType(integers).Format(formats);
        this->Input("alibi_slopes").ParamType(OPTIONAL).DataType(floats).Format(formats);
        this->Input("sinks").ParamType(OPTIONAL).DataType(floats).Format(formats);
        this->Output("out").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Output("lse").ParamType(REQUIRED).DataType(floats).Format(formats);
        this->Output("exp_sums").ParamType(REQUIRED).DataType(floats).Format(formats);
        this->Output("max_logits").ParamType(REQUIRED).DataType(floats).Format(formats);
        this->Output("tmp_out").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Attr("scale").AttrType(REQUIRED).Float();
        this->Attr("layout").AttrType(OPTIONAL).Int(0);          // a CacheLayout
        this->Attr("max_query_len").AttrType(OPTIONAL).Int(1);   // with query_start_loc
        this->Attr("max_seq_len").AttrType(OPTIONAL).Int(-1);    // -1: what block_tables can hold
        this->Attr("softcap").AttrType(OPTIONAL).Float(0.0f);    // 0: none
        this->Attr("window_left").AttrType(OPTIONAL).Int(-1);    // -1: none
        this->Attr("split_rule").AttrType(OPTIONAL).Int(0);      // a SplitRule
        this->Attr("split_value").AttrType(OPTIONAL).Int(0);     // for the rules that take one
        this->Attr("max_partitions").AttrType(OPTIONAL).Int(0);  // of exp_sums; 0: no such output
        this->Attr("return_lse").AttrType(OPTIONAL).Bool(false);
        this->Attr("strategy").AttrType(OPTIONAL).Int(0);  // a Strategy

        this->SetInferShape(attn::InferPagedAttentionShape)
            .SetInferDataType(attn::InferPagedAttentionDataType);
        this->AICore()
            .SetTiling(attn::TilePagedAttention)
            .AddConfig("ascend910b")
            .AddConfig("ascend910_93");
    }
};

OP_ADD(AscPagedAttention);

}  // namespace ops
