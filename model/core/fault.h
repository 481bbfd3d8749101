// SPDX-License-Identifier: Apache-2.0
// A rule of the hardware that a kernel broke: typed, with everything needed to find the place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/export.h"
#include "isa/isa.h"

namespace npu_model {

enum class FaultKind : uint8_t {
    kAddress,   // outside every region or buffer
    kReadOnly,  // store into an input
    kAlignment,
    kCapacity,       // buffers beyond the memory, too many buffers
    kParameter,      // repeat, stride, mask, count, length out of range
    kType,           // element type that the instruction does not have on this chip
    kPosition,       // operand in a memory that the instruction cannot reach
    kOverlap,        // source and target overlap in a way the hardware does not allow
    kUninitialized,  // read of bytes that nothing wrote
    kHazard,         // two instructions without an ordering edge
    kRace,           // the same between cores, through GM
    kEvent,          // set_flag / wait_flag protocol
    kCrossCore,      // flags between cores: ids, counters, modes
    kQueue,          // TQue protocol
    kEventId,        // AllocEventID and its kin
    kDataCache,      // stale or unwritten lines of the scalar data cache
    kAtomic,         // atomic mode left on
    kMaskMode,       // mask mode left in counter mode
    kBarrier,        // a barrier that does not exist
    kDeadlock,
    kAssert,
    kLaunch,  // block count, kernel type, workspace
};

NPU_EXPORT const char* FaultKindName(FaultKind kind);

// One executed instruction, as far as a report needs it.
struct InstructionRecord {
    const char* name = "";
    NpuPipe pipe = kNpuPipeS;
    int32_t core = -1;
    uint64_t index = 0;               // position in the instruction stream of its pipe, from 1
    std::vector<uint64_t> addresses;  // return addresses, innermost first
};

struct NPU_EXPORT Fault {
    FaultKind kind;
    std::string kernel;
    int64_t block = -1;
    int32_t core = -1;
    std::string coreName;  // "AIV 3"
    InstructionRecord instruction;
    InstructionRecord other;  // the earlier instruction of a hazard; name is empty otherwise
    std::string operand;
    std::string memory;
    uint64_t begin = 0;  // byte range in that memory
    uint64_t end = 0;
    std::string rule;    // what has to hold, one sentence
    std::string source;  // where that is documented

    std::string Message() const;
};

}  // namespace npu_model
