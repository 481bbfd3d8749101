// SPDX-License-Identifier: Apache-2.0
// What attention on cube and vector cores takes. C++11.
#pragma once

#include <string>

#include "flash_plan.h"

namespace attn {

// False, with the reason, for a problem or a chip that no tiling is made for.
bool CheckFlashProblem(const FlashProblem& problem, const std::string& operation,
                       TilingError* error);
bool CheckFlashCores(const CoreLimits& core, const std::string& operation, TilingError* error);

}  // namespace attn
