// SPDX-License-Identifier: Apache-2.0
// Catches a kernel that runs off its stack, by a handler of SIGSEGV.
#pragma once

namespace npu_model {

class Fiber;

// Which fiber this thread runs; null for none.
void SetRunningFiber(Fiber* fiber);

// Gives this thread a stack for signal handlers and, the first time, installs the handler. It acts
// on addresses below the stack of the running fiber and leaves all others to the handler before it.
void WatchStacks();

}  // namespace npu_model
