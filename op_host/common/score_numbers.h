// SPDX-License-Identifier: Apache-2.0
// Checks of the numbers that scores of attention are multiplied with and limited by.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#include "tiling_error.h"

namespace attn {

// Kernels multiply by 2 * softcap and by 0.5 / softcap, which must not overflow.
constexpr float kLeastSoftcap = 1e-30f;
constexpr float kMostSoftcap = 1e30f;

// True, or false with an error.
inline bool CheckScoreNumbers(float scale, float softcap, const std::string& operation,
                              TilingError* error) {
    const auto text = [](float value) {
        char digits[32];
        std::snprintf(digits, sizeof(digits), "%g", static_cast<double>(value));
        return std::string(digits);
    };
    if (!std::isfinite(scale)) {
        return error->Set(operation, "scale", text(scale), "be finite");
    }
    return softcap == 0.0f || (softcap >= kLeastSoftcap && softcap <= kMostSoftcap) ||
           error->Set(operation, "softcap", text(softcap), "be 0 (none) or from 1e-30 to 1e+30");
}

}  // namespace attn
