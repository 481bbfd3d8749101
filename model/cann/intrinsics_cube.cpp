// SPDX-License-Identifier: Apache-2.0
// Intrinsics of the cube side. The headers refer to them from functions that serve both sides; the
// instruction set does not have them, so a kernel that reaches one ends with a fault naming it.
#include "core_state.h"

namespace {

[[noreturn]] void Refuse(const char* name) {
    NpuFrontEndFault(kNpuRulePosition, name, "the instruction set has no cube side yet");
}

}  // namespace

void copy_gm_to_cbuf(void*, void*, uint8_t, uint16_t, uint16_t, uint16_t, uint16_t, pad_t) {
    Refuse("copy_gm_to_cbuf");
}
void copy_cbuf_to_gm(void*, void*, uint8_t, uint16_t, uint16_t, uint16_t, uint16_t) {
    Refuse("copy_cbuf_to_gm");
}
void copy_cbuf_to_bt(uint64_t, void*, uint16_t, uint16_t, uint16_t, uint16_t, uint16_t) {
    Refuse("copy_cbuf_to_bt");
}
void copy_cbuf_to_fbuf(void*, void*, uint16_t, uint16_t, uint16_t, uint16_t) {
    Refuse("copy_cbuf_to_fbuf");
}
