// SPDX-License-Identifier: Apache-2.0
// The Python module `_native`: what the package needs of C++, without torch.
#include <pybind11/pybind11.h>

#include "bindings.h"

PYBIND11_MODULE(_native, module) {
    module.doc() = "Native side of ascend_attention: the AI Core model and the host tilings.";
    BindModel(module);
    BindLevels(module);
    BindTiling(module);
    BindFlash(module);
}
