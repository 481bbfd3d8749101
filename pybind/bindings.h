// SPDX-License-Identifier: Apache-2.0
// The parts of the Python module `_native`, one function a file bind_*.cpp.
#pragma once

#include <pybind11/pybind11.h>

void BindModel(pybind11::module_& module);   // bind_model.cpp
void BindLevels(pybind11::module_& module);  // bind_levels.cpp
void BindTiling(pybind11::module_& module);  // bind_tiling.cpp
void BindFlash(pybind11::module_& module);   // bind_flash.cpp
