// SPDX-License-Identifier: Apache-2.0
// Text of a fault: one sentence with kernel, core, pipe, instruction, range and rule.
#include "core/fault.h"

#include <sstream>

#include "core/names.h"

namespace npu_model {

const char* FaultKindName(FaultKind kind) {
    constexpr const char* kNames[] = {
        "address",    "read_only", "alignment",     "capacity",   "parameter", "type",
        "position",   "overlap",   "uninitialized", "hazard",     "race",      "event",
        "cross_core", "queue",     "event_id",      "data_cache", "atomic",    "mask_mode",
        "barrier",    "deadlock",  "assert",        "launch"};
    return kNames[static_cast<int>(kind)];
}

std::string Fault::Message() const {
    std::ostringstream text;
    text << kernel << ": ";
    if (!coreName.empty()) {
        text << "block " << block << ", " << coreName << ", ";
    }
    if (instruction.name[0] != '\0') {
        if (instruction.index == 0) {
            text << instruction.name;  // a function of the front end
        } else {
            text << "pipe " << PipeName(instruction.pipe) << ", " << instruction.name << " (number "
                 << instruction.index << ")";
        }
        if (!operand.empty()) {
            text << ", " << operand;
        }
        text << ": ";
    }
    if (end > begin) {
        text << memory << " bytes [" << begin << ", " << end << ") ";
    }
    text << rule;
    if (other.name[0] != '\0') {
        text << "; the earlier instruction is " << other.name << " (pipe " << PipeName(other.pipe)
             << ", number " << other.index << ", core " << other.core << ")";
    }
    if (!source.empty()) {
        text << " [" << source << "]";
    }
    return text.str();
}

}  // namespace npu_model
