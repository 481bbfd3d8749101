// SPDX-License-Identifier: Apache-2.0
// Intrinsics that the headers name in branches for memories which a function of our subset does not
// take: there is no such instruction in the model.
#include "core_state.h"

namespace {

[[noreturn]] void Missing() {
    NpuFrontEndFault(kNpuRulePosition, "copy_matrix_cbuf_to_cc",
                     "moves from L1 to L0C are not part of the model");
}

}  // namespace

#define NPU_MISSING_MOVE(T) \
    void copy_matrix_cbuf_to_cc(T*, T*, uint16_t, uint16_t, uint16_t, uint16_t) { Missing(); }
NPU_MISSING_MOVE(half)
NPU_MISSING_MOVE(bfloat16_t)
NPU_MISSING_MOVE(float)
NPU_MISSING_MOVE(int32_t)
NPU_MISSING_MOVE(uint32_t)
