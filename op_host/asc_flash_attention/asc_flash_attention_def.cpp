// SPDX-License-Identifier: Apache-2.0
// OpDef of AscFlashAttention: aclnnAscFlashAttention is generated from it. C++11.
#include "asc_flash_attention_cann.h"

namespace ops {

class AscFlashAttention : public OpDef {
 public:
    explicit AscFlashAttention(const char* name) : OpDef(name) {
        // One column each: element types of the tensors, and of mask and bias.
        const std::vector<ge::DataType> elements{ge::DT_FLOAT16, ge::DT_FLOAT16, ge::DT_BF16,
                                                 ge::DT_BF16,    ge::DT_FLOAT16, ge::DT_FLOAT16,
                                                 ge::DT_BF16,    ge::DT_BF16};
        const std::vector<ge::DataType> biases{ge::DT_FLOAT16, ge::DT_FLOAT,   ge::DT_BF16,
                                               ge::DT_FLOAT,   ge::DT_FLOAT16, ge::DT_FLOAT,
                                               ge::DT_BF16,    ge::DT_FLOAT};
        const std::vector<ge::DataType> masks{ge::DT_BOOL,  ge::DT_BOOL,  ge::DT_BOOL,
                                              ge::DT_BOOL,  ge::DT_UINT8, ge::DT_UINT8,
                                              ge::DT_UINT8, ge::DT_UINT8};
        const std::vector<ge::DataType> integers(elements.size(), ge::DT_INT32);
        const std::vector<ge::DataType> floats(elements.size(), ge::DT_FLOAT);
        const std::vector<ge::Format> formats(elements.size(), ge::FORMAT_ND);

        this->Input("query").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("key").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("value").ParamType(REQUIRED).DataType(elements).Format(formats);
        for (const char* metadata : {"cu_seqlens_q", "cu_seqlens_k", "seqused_q", "seqused_k",
                                     "block_table", "kv_batch_idx", "leftpad_k", "prefix_lens"}) {
            this->Input(metadata).ParamType(OPTIONAL).DataType(integers).Format(formats);
        }
        this->Input("alibi_slopes").ParamType(OPTIONAL).DataType(floats).Format(formats);
        this->Input("sinks").ParamType(OPTIONAL).DataType(floats).Format(formats);
        this->Input("attn_mask").ParamType(OPTIONAL).DataType(masks).Format(formats);
        this->Input("attn_bias").ParamType(OPTIONAL).DataType(biases).Format(formats);
        this->Output("out").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Output("lse").ParamType(REQUIRED).DataType(floats).Format(formats);
        this->Attr("scale").AttrType(REQUIRED).Float();
        this->Attr("window_left").AttrType(OPTIONAL).Int(-1);   // -1: no limit
        this->Attr("window_right").AttrType(OPTIONAL).Int(-1);  // likewise; 0: causal
        this->Attr("softcap").AttrType(OPTIONAL).Float(0.0f);   // 0: none
        this->Attr("max_seqlen_q").AttrType(OPTIONAL).Int(-1);  // -1: what the shapes allow
        this->Attr("max_seqlen_k").AttrType(OPTIONAL).Int(-1);
        this->Attr("heads_first").AttrType(OPTIONAL).Bool(false);  // pages are HND, not NHD
        this->Attr("num_splits").AttrType(OPTIONAL).Int(0);        // 0: chosen, as those below
        this->Attr("row_tile").AttrType(OPTIONAL).Int(0);
        this->Attr("kv_tile").AttrType(OPTIONAL).Int(0);
        this->Attr("lookahead").AttrType(OPTIONAL).Int(0);
        this->Attr("pack").AttrType(OPTIONAL).Int(0);
        this->Attr("score_format").AttrType(OPTIONAL).Int(0);  // a ScoreFormat

        this->SetInferShape(attn::InferFlashAttentionShape)
            .SetInferDataType(attn::InferFlashAttentionDataType);
        this->AICore()
            .SetTiling(attn::TileFlashAttention)
            .AddConfig("ascend910b")
            .AddConfig("ascend910_93");
    }
};

OP_ADD(AscFlashAttention);

}  // namespace ops
