// SPDX-License-Identifier: Apache-2.0
// Conversion of accumulators on their way out of L0C.
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

void AddFixpipe(Table&) {}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
