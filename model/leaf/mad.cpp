// SPDX-License-Identifier: Apache-2.0
// The matrix product.
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

void AddMad(Table&) {}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
