// SPDX-License-Identifier: Apache-2.0
// printf and the assertions of a kernel; what they print is kept with the launch.
#pragma once

#include <cstdio>
#include <string>

#include "ascendc/system.h"

namespace AscendC {
namespace detail {

// The device drops what one call prints beyond this.
constexpr size_t kMostPrintedBytes = 30 * 1024;

inline void PrintText(const std::string& text) {
    if (text.size() <= kMostPrintedBytes) {
        NpuPrint(text.c_str());
    }
}

// As the variable arguments of C take it: a 16-bit float as the number it stands for.
template <class T>
auto Printable(const T& value) {
    if constexpr (std::is_same_v<T, half> || std::is_same_v<T, bfloat16_t>) {
        return static_cast<double>(value.ToFloat());
    } else if constexpr (std::is_array_v<T>) {
        return &value[0];
    } else {
        return value;
    }
}

template <class... Args>
std::string Format(const char* format, const Args&... args) {
    // C ignores the last argument; with it, the format never stands alone.
    const int bytes = std::snprintf(nullptr, 0, format, Printable(args)..., 0);
    if (bytes < 0) {
        return {};
    }
    std::string text(static_cast<size_t>(bytes) + 1, '\0');
    std::snprintf(text.data(), text.size(), format, Printable(args)..., 0);
    text.pop_back();
    return text;
}

inline std::string Format() { return {}; }

// Two steps: nothing that allocates may be alive when the kernel ends.
inline void PrintAssert(const char* file, int line, const char* expression,
                        const std::string& text) {
    std::string printed = Format("[ASSERT] %s:%d: Assertion `%s' ", file, line, expression) + text;
    if (printed.back() != '\n') {
        printed += '\n';
    }
    PrintText(printed);
}
[[noreturn]] __attribute__((noinline, cold)) inline void FailAssert(const char* expression) {
    char what[200];
    std::snprintf(what, sizeof(what), "assertion failed: %s", expression);
    NpuFrontEndFault(kNpuRuleAssert, "assert", what);
}

template <class... Args>
void Log(const char* level, const char* file, int line, const char* function, const char* format,
         const Args&... args) {
    PrintText(Format("[%s][Block_%d][%s_%d][%s:%d][%s] ", level, static_cast<int>(NpuBlockIdx()),
                     ASCEND_IS_AIV ? "AIV" : "AIC", static_cast<int>(NpuSubBlockIdx()), file, line,
                     function) +
              Format(format, args...) + "\n");
}

}  // namespace detail

template <class... Args>
inline void printf(__gm__ const char* fmt, Args&&... args) {
    detail::PrintText(detail::Format(fmt, args...));
}
template <class... Args>
inline void PRINTF(__gm__ const char* fmt, Args&&... args) {
    detail::PrintText(detail::Format(fmt, args...));
}

}  // namespace AscendC

#define NPU_ASSERT(expression, text, ...)                                           \
    do {                                                                            \
        if (!(expression)) {                                                        \
            ::AscendC::detail::PrintAssert(__FILE__, __LINE__, text,                \
                                           ::AscendC::detail::Format(__VA_ARGS__)); \
            ::AscendC::detail::FailAssert(text);                                    \
        }                                                                           \
    } while (false)
// assert(expression) or assert(expression, format, arguments...).
#undef assert
#define assert(expr, ...) NPU_ASSERT(expr, #expr, __VA_ARGS__)
#define ascendc_assert(expr, ...) NPU_ASSERT(expr, #expr, __VA_ARGS__)
#undef ASSERT
#define ASSERT(x) NPU_ASSERT(x, #x, )
// Runs `behavior`, usually a KERNEL_LOG, and ends the kernel.
#define ASCENDC_ASSERT(cond, behavior)            \
    do {                                          \
        if (!(cond)) {                            \
            behavior;                             \
            ::AscendC::detail::FailAssert(#cond); \
        }                                         \
    } while (false)

// KERNEL_LOG(KERNEL_ERROR, format, arguments...), or KERNEL_WARN, KERNEL_INFO, KERNEL_DEBUG.
#define KERNEL_LOG(level, ...) NPU_LOG_##level(__VA_ARGS__)
#define NPU_LOG_KERNEL_DEBUG(...) NPU_LOG("DEBUG", __VA_ARGS__)
#define NPU_LOG_KERNEL_INFO(...) NPU_LOG("INFO", __VA_ARGS__)
#define NPU_LOG_KERNEL_WARN(...) NPU_LOG("WARN", __VA_ARGS__)
#define NPU_LOG_KERNEL_ERROR(...) NPU_LOG("ERROR", __VA_ARGS__)
#define NPU_LOG(level, ...) \
    ::AscendC::detail::Log(level, __FILE__, __LINE__, __FUNCTION__, __VA_ARGS__)
