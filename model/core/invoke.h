// SPDX-License-Identifier: Apache-2.0
// Calls a kernel entry with a number of arguments known at run time only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace npu_model {

constexpr size_t kMostKernelArguments = 24;

// Every argument is a 64-bit integer or pointer; the caller has checked their number.
void InvokeKernel(void (*function)(), const std::vector<uint64_t>& arguments);

}  // namespace npu_model
