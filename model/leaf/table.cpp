// SPDX-License-Identifier: Apache-2.0
// The dispatch table of one architecture level.
#include "leaf/level.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

void FillTable(Table& table) {
    AddBinary(table);
    AddUnary(table);
    AddScalar(table);
    AddConvert(table);
    AddConvertInteger(table);
    AddCompare(table);
    AddReduce(table);
    AddGather(table);
    AddRearrange(table);
    AddAtomic(table);
    AddNd2Nz(table);
    AddFractal(table);
    AddMad(table);
    AddFixpipe(table);
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
