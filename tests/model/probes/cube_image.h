// SPDX-License-Identifier: Apache-2.0
// Memories of the cube as images: a probe on an AIC loads L1 from GM, runs one function on tensors
// at chosen addresses, and stores any local memory byte by byte, so that a test sees all of it.
#pragma once

#include <cstring>

#include "probe_tensors.h"

namespace probe {

// L1[address, address + bytes) becomes what GM holds at `image`; whole blocks of 32 bytes. Nothing
// that follows can conflict with it.
inline __aicore__ void LoadL1(GM_ADDR image, uint32_t address, uint32_t bytes) {
    AscendC::DataCopy(Local<int8_t>(AscendC::TPosition::A1, address, bytes), Gm<int8_t>(image),
                      bytes);
    AscendC::PipeBarrier<PIPE_ALL>();
}

// Of a position that operands of the cube have.
inline __aicore__ NpuMemory MemoryAt(AscendC::TPosition position) {
    switch (position) {
        case AscendC::TPosition::A2:
            return kNpuL0a;
        case AscendC::TPosition::B2:
            return kNpuL0b;
        case AscendC::TPosition::CO1:
            return kNpuL0c;
        case AscendC::TPosition::VECIN:
        case AscendC::TPosition::VECCALC:
        case AscendC::TPosition::VECOUT:
            return kNpuUb;
        default:
            return kNpuL1;
    }
}

// What a probe does instead of a call that the headers of CANN cannot compile.
inline __aicore__ void Refuse() {
    NpuFrontEndFault(kNpuRuleArgument, "CANN headers", "there is no overload for these types");
}

// Copies local memory to GM without an instruction, so that undefined bytes can be seen too (0xFF
// in checked mode). For launches whose GM addresses are host addresses.
inline __aicore__ void StoreLocal(GM_ADDR out, NpuMemory memory, uint32_t address, uint32_t bytes) {
    AscendC::PipeBarrier<PIPE_ALL>();
    std::memcpy(out, NpuLocalHost(memory) + address, bytes);
}

}  // namespace probe
