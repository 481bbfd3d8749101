// SPDX-License-Identifier: Apache-2.0
// OpDef of AscReshapeAndCache: aclnnAscReshapeAndCache is generated from it. C++11.
#include "asc_reshape_and_cache_cann.h"

namespace ops {

class AscReshapeAndCache : public OpDef {
 public:
    explicit AscReshapeAndCache(const char* name) : OpDef(name) {
        const std::vector<ge::DataType> elements{ge::DT_FLOAT16, ge::DT_BF16, ge::DT_FLOAT,
                                                 ge::DT_INT8};
        const std::vector<ge::DataType> integers(elements.size(), ge::DT_INT32);
        const std::vector<ge::Format> formats(elements.size(), ge::FORMAT_ND);

        this->Input("key").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("value").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("key_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("value_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Input("slot_mapping").ParamType(REQUIRED).DataType(integers).Format(formats);
        this->Output("key_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Output("value_cache").ParamType(REQUIRED).DataType(elements).Format(formats);
        this->Attr("layout").AttrType(OPTIONAL).Int(0);  // a CacheLayout

        this->SetInferShape(attn::InferReshapeAndCacheShape)
            .SetInferDataType(attn::InferReshapeAndCacheDataType);
        this->AICore()
            .SetTiling(attn::TileReshapeAndCache)
            .AddConfig("ascend910b")
            .AddConfig("ascend910_93");
    }
};

OP_ADD(AscReshapeAndCache);

}  // namespace ops
