// SPDX-License-Identifier: Apache-2.0
// Call sites of ordering instructions, so that a test can take one edge away at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace npu_model {

// Return addresses from an instruction out to the kernel entry, innermost first. Kernels are built
// with frame pointers; the walk stops at the end of the fiber's stack.
using CallChain = std::vector<uint64_t>;

CallChain WalkFrames(const void* frame, const char* stackBegin, const char* stackEnd);

// Of the instruction that runs now: from `address`, its call in the front end, outwards. Only that
// if `frame` has no such caller.
CallChain CallersOf(const void* frame, uint64_t address);

// One ordering instruction seen during a launch.
struct Site {
    std::string kind;    // "set_flag", "wait_flag", "pipe_barrier", ...
    std::string detail;  // pipes
    CallChain chain;
    uint64_t hits = 0;
};

}  // namespace npu_model
