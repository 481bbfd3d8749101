// SPDX-License-Identifier: Apache-2.0
// Architecture levels of the model's arithmetic in Python, for tests and benchmarks.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "core/levels.h"

namespace py = pybind11;

namespace {

void SetLevelOrThrow(const std::string& level) {
    if (!npu_model::SetArithmeticLevel(level)) {
        throw py::value_error("set_level: level (" + level + ") must be one of levels()");
    }
}

}  // namespace

void BindLevels(py::module_& module) {
    module.def("levels", &npu_model::ArithmeticLevels,
               "Architecture levels that this build and this machine have, lowest first.");
    module.def("level", &npu_model::ArithmeticLevel, "The level in use.");
    module.def("set_level", &SetLevelOrThrow, py::arg("level"),
               "Switch the level for all later launches of the process.");
}
