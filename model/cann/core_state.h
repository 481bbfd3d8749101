// SPDX-License-Identifier: Apache-2.0
// The state of a core that the real headers, and this folder, keep in globals.
//
// The headers address local memory by host pointer. Their base pointers are set to the buffers of
// the core that runs, so every pointer that a kernel derives from them lies in its own core.
#pragma once

#include "cann/gm_flags.h"
#include "isa/isa.h"
#include "kernel_operator.h"

namespace npu_cann {

// Control registers as last written: the headers write some in steps that the instruction set takes
// at once.
struct Control {
    NpuAtomic atomic = kNpuAtomicNone;
    NpuType atomicType = kNpuF32;
    bool counterMode = false;
    uint64_t maskHigh = ~uint64_t{0};
    uint64_t maskLow = ~uint64_t{0};
    int64_t scalarAtomic = 0;
    uint64_t ctrl = 0;
    bool movesFlags = false;  // copies are of flags that cores wait for
    bool hasPolled = false;   // since then
};
extern Control control;

// Byte offset in a local memory of this core. A pointer from elsewhere becomes an aligned address
// beyond the end, which every instruction refuses.
uint32_t LocalAddress(NpuMemory memory, const void* pointer);
inline uint32_t Ub(const void* pointer) { return LocalAddress(kNpuUb, pointer); }
inline uint64_t Gm(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

// Of the host address of the Fixpipe buffer: the headers shift it into a register.
constexpr uint64_t kFixbufAlignment = uint64_t{1} << 21;
uint64_t FixbufHost();

// TPipe of the headers has filled this memory, an AscendC::Hardware, with random numbers.
void ErasePipeFill(uint8_t hardware);

// Keeps the globals of this core while others run.
class KeepCore {
 public:
    KeepCore();
    ~KeepCore();
    KeepCore(const KeepCore&) = delete;
    KeepCore& operator=(const KeepCore&) = delete;

 private:
    AscendC::TPipe* pipe_;
    AscendC::KfcCommClient* kfcClient_;
    uint8_t* workspace_;
    half deqValue_;
    uint64_t ndPara_;
    Control control_;
};

}  // namespace npu_cann
