// SPDX-License-Identifier: Apache-2.0
// Why a problem has no tiling: one sentence that names the argument, its value and the rule. C++11.
#pragma once

#include <cstdint>
#include <string>

namespace attn {

class TilingError {
 public:
    // Records "<operation>: <argument> (<value>) must <rule>". Always false, to be returned.
    bool Set(const std::string& operation, const std::string& argument, const std::string& value,
             const std::string& rule) {
        what_ = operation + ": " + argument + " (" + value + ") must " + rule;
        return false;
    }
    bool Set(const std::string& operation, const std::string& argument, int64_t value,
             const std::string& rule) {
        return Set(operation, argument, std::to_string(value), rule);
    }

    // True for a value from `least` to `most`; otherwise as Set.
    bool CheckRange(const std::string& operation, const std::string& argument, int64_t value,
                    int64_t least, int64_t most) {
        return (least <= value && value <= most) ||
               Set(operation, argument, value,
                   "be from " + std::to_string(least) + " to " + std::to_string(most));
    }

    // Empty while nothing was recorded.
    const std::string& What() const { return what_; }

 private:
    std::string what_;
};

}  // namespace attn
