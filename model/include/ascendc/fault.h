// SPDX-License-Identifier: Apache-2.0
// Ends the kernel where a function sees that its arguments break a rule.
#pragma once

#include <cstdint>
#include <cstdio>

#include "ascendc/macros.h"

namespace AscendC {
namespace detail {

// `argument` of `function` breaks a rule; `must` completes "<argument> (<value>) must".
[[noreturn]] __attribute__((noinline, cold)) inline void Fail(NpuFrontEndRule rule,
                                                              const char* function,
                                                              const char* argument, int64_t value,
                                                              const char* must) {
    char text[200];
    std::snprintf(text, sizeof(text), "%s (%lld) must %s", argument, static_cast<long long>(value),
                  must);
    NpuFrontEndFault(rule, function, text);
}

[[noreturn]] inline void FailArgument(const char* function, const char* argument, int64_t value,
                                      const char* must) {
    Fail(kNpuRuleArgument, function, argument, value, must);
}

// The same for a range.
[[noreturn]] __attribute__((noinline, cold)) inline void FailRange(NpuFrontEndRule rule,
                                                                   const char* function,
                                                                   const char* argument,
                                                                   int64_t value, int64_t low,
                                                                   int64_t high) {
    char must[64];
    std::snprintf(must, sizeof(must), "be in %lld..%lld", static_cast<long long>(low),
                  static_cast<long long>(high));
    Fail(rule, function, argument, value, must);
}

inline void RequireRange(NpuFrontEndRule rule, const char* function, const char* argument,
                         int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) {
        FailRange(rule, function, argument, value, low, high);
    }
}

}  // namespace detail
}  // namespace AscendC
