// SPDX-License-Identifier: Apache-2.0
// Which compiled version of the hot arithmetic runs. Every level gives the same bits.
#pragma once

#include <string>
#include <vector>

#include "core/export.h"

namespace npu_model {

// Levels that were built and that this machine has, lowest first: "baseline", "v3", "v4".
NPU_EXPORT std::vector<std::string> ArithmeticLevels();
NPU_EXPORT std::string ArithmeticLevel();
// False, without effect, for a level that is not in the list. Not while a kernel runs.
NPU_EXPORT bool SetArithmeticLevel(const std::string& level);

}  // namespace npu_model
