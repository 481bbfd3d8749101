// SPDX-License-Identifier: Apache-2.0
// What the CANN files of all operators share: reading a tiling context, and reporting. C++11.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "core_limits.h"
#include "exe_graph/runtime/tiling_context.h"
#include "launch_plan.h"
#include "tiling_error.h"

namespace attn {

constexpr int64_t kAnySize = -1;

// Shape of an input as the kernel sees it; empty if CANN has none.
gert::Shape InputShape(gert::TilingContext* context, size_t index);

// False, with the reason, unless the shape has these sizes; kAnySize matches all.
bool CheckShape(const std::string& operation, const std::string& name, const gert::Shape& shape,
                std::initializer_list<int64_t> sizes, TilingError* error);

// False, with the reason, for a data type that no operator of ours takes.
bool ReadDataType(gert::TilingContext* context, size_t index, const std::string& operation,
                  const std::string& name, DataType* type, TilingError* error);

bool ReadCoreLimits(gert::TilingContext* context, CoreLimits* core);

// Hands `launch` to CANN, and adds the workspace that CANN's own library wants.
ge::graphStatus SetLaunch(gert::TilingContext* context, const LaunchPlan& launch);

// Writes the reason to stderr and fails.
ge::graphStatus Fail(const TilingError& error);

}  // namespace attn
