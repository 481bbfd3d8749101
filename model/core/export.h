// SPDX-License-Identifier: Apache-2.0
// What libnpu_model offers to C++ callers; everything else in it is hidden.
#pragma once

#define NPU_EXPORT __attribute__((visibility("default")))
