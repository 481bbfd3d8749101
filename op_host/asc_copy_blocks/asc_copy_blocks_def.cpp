// SPDX-License-Identifier: Apache-2.0
// OpDef of AscCopyBlocks: aclnnAscCopyBlocks is generated from it. C++11.
#include "asc_copy_blocks_cann.h"

namespace ops {

// Blocks are copied from the sources into the caches, which may be the same tensors.
class AscCopyBlocks : public OpDef {
 public:
    explicit AscCopyBlocks(const char* name) : OpDef(name) {
        const std::vector<ge::DataType> elements{ge::DT_FLOAT16, ge::DT_BF16, ge::DT_FLOAT,
                                                 ge::DT_INT8};
        const std::vector<ge::DataType> integers(elements.size(), ge::DT_INT32);
        const std::vector<ge::Format> formats(elements.size(), ge::FORMAT_ND);

        this->Input("key_source").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("value_source").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("key_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("value_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("block_mapping").ParamType(REQUIRED).DataType(integers).Format(formats);
        this->Output("key_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Output("value_cache").ParamType(REQUIRED).DataType(elements).Format(formats);

        this->SetInferShape(attn::InferCopyBlocksShape)
            .SetInferDataType(attn::InferCopyBlocksDataType);
        this->AICore()
            .SetTiling(attn::TileCopyBlocks)
            .AddConfig("ascend910b")
            .AddConfig("ascend910_93");
    }
};

OP_ADD(AscCopyBlocks);

}  // namespace ops
