// SPDX-License-Identifier: Apache-2.0
// Ends the kernel that runs on this fiber with a fault.
#pragma once

#include <string>

#include "core/fault.h"

namespace npu_model {

// The kernel, block and core are filled in; control returns to the scheduler and never comes back,
// so nothing on the kernel's stack is destroyed.
[[noreturn]] void Raise(Fault fault);
[[noreturn]] void Raise(FaultKind kind, std::string rule, std::string source);
[[noreturn]] void Raise(FaultKind kind, const InstructionRecord& instruction, std::string rule,
                        std::string source);

}  // namespace npu_model
