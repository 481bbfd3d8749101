// SPDX-License-Identifier: Apache-2.0
// One call for each number of arguments.
#include "core/invoke.h"

#include <array>
#include <utility>

namespace npu_model {
namespace {

template <size_t>
using Argument = uint64_t;

template <size_t... kIndex>
void Call(void (*function)(), const std::vector<uint64_t>& arguments,
          std::index_sequence<kIndex...>) {
    reinterpret_cast<void (*)(Argument<kIndex>...)>(function)(arguments[kIndex]...);
}

template <size_t kCount>
void CallWith(void (*function)(), const std::vector<uint64_t>& arguments) {
    Call(function, arguments, std::make_index_sequence<kCount>());
}

using Caller = void (*)(void (*)(), const std::vector<uint64_t>&);

template <size_t... kCount>
constexpr std::array<Caller, sizeof...(kCount)> MakeCallers(std::index_sequence<kCount...>) {
    return {&CallWith<kCount>...};
}

}  // namespace

void InvokeKernel(void (*function)(), const std::vector<uint64_t>& arguments) {
    static constexpr auto kCallers =
        MakeCallers(std::make_index_sequence<kMostKernelArguments + 1>());
    kCallers[arguments.size()](function, arguments);
}

}  // namespace npu_model
