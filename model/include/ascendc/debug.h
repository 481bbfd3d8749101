// SPDX-License-Identifier: Apache-2.0
// printf, DumpTensor and assert of a kernel; what they print is kept with the launch.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>

#include "ascendc/system.h"

namespace AscendC {
namespace detail {

template <class... Args>
inline void Print(const char* format, Args... args) {
    char text[1024];
    if constexpr (sizeof...(Args) == 0) {
        std::snprintf(text, sizeof(text), "%s", format);
    } else {
        std::snprintf(text, sizeof(text), format, args...);
    }
    NpuPrint(text);
}

template <typename T>
std::string ElementText(T value) {
    char text[40];
    if constexpr (std::is_integral_v<T>) {
        std::snprintf(text, sizeof(text), "%lld", static_cast<long long>(value));
    } else {
        std::snprintf(text, sizeof(text), "%.6g", static_cast<double>(static_cast<float>(value)));
    }
    return text;
}

template <class Tensor>
inline void Dump(const Tensor& tensor, const char* place, uint32_t description, uint32_t count) {
    std::string text = "DumpTensor: desc=" + std::to_string(description) + ", position=" + place +
                       ", block=" + std::to_string(GetBlockIdx()) + ", [";
    for (uint32_t i = 0; i < count; ++i) {
        text += (i == 0 ? "" : ", ") + ElementText(tensor.GetValue(i));
    }
    NpuPrint((text + "]\n").c_str());
}

}  // namespace detail

template <class... Args>
inline void printf(const char* format, Args... args) {
    detail::Print(format, args...);
}
template <class... Args>
inline void PRINTF(const char* format, Args... args) {
    detail::Print(format, args...);
}

// Reads through the scalar pipe, so the data must be ordered before it like any scalar read.
template <typename T>
inline void DumpTensor(const LocalTensor<T>& tensor, uint32_t desc, uint32_t dumpSize) {
    detail::Dump(tensor, "UB", desc, dumpSize);
}
template <typename T>
inline void DumpTensor(const GlobalTensor<T>& tensor, uint32_t desc, uint32_t dumpSize) {
    detail::Dump(tensor, "GM", desc, dumpSize);
}

}  // namespace AscendC

#define NPU_TEXT_OF(condition) #condition
#define ASCENDC_ASSERT_IMPL(condition)                                                         \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            NpuFrontEndFault(kNpuRuleAssert, "assert", "assertion failed: " NPU_TEXT_OF(condition)); \
        }                                                                                      \
    } while (false)
#define ascendc_assert(condition, ...) ASCENDC_ASSERT_IMPL(condition)
#undef ASSERT
#define ASSERT(condition) ASCENDC_ASSERT_IMPL(condition)
