// SPDX-License-Identifier: Apache-2.0
// Names of the architecture levels of the leaves.
#include "core/levels.h"

#include <array>
#include <utility>

#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr std::array<std::pair<const char*, leaf::Level>, 3> kLevels = {
    {{"baseline", leaf::Level::kBaseline}, {"v3", leaf::Level::kV3}, {"v4", leaf::Level::kV4}}};

}  // namespace

std::vector<std::string> ArithmeticLevels() {
    const leaf::Level active = leaf::ActiveLevel();
    std::vector<std::string> names;
    for (const auto& [name, level] : kLevels) {
        if (leaf::SetLevel(level)) {
            names.emplace_back(name);
        }
    }
    leaf::SetLevel(active);
    return names;
}

std::string ArithmeticLevel() {
    for (const auto& [name, level] : kLevels) {
        if (level == leaf::ActiveLevel()) {
            return name;
        }
    }
    return "";
}

bool SetArithmeticLevel(const std::string& level) {
    for (const auto& [name, value] : kLevels) {
        if (level == name) {
            return leaf::SetLevel(value);
        }
    }
    return false;
}

}  // namespace npu_model
