// SPDX-License-Identifier: Apache-2.0
// Rearrangements of fractals: ND to NZ, and the transposed loads.
#include "leaf/row.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {

void AddFractal(Table&) {}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
