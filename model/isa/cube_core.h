// SPDX-License-Identifier: Apache-2.0
// The memories and pipes of the cube exist on an AIC only.
#pragma once

#include "core/issue.h"

namespace npu_model {

inline void RequireAic(const Issue& issue) {
    if (issue.core.Kind() != kNpuAic) {
        issue.Fail(FaultKind::kPosition, "the instruction",
                   "must run on an AIC: an AIV has no cube and none of its memories",
                   "NPU architecture 2201, cores");
    }
}

}  // namespace npu_model
