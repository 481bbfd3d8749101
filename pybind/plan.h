// SPDX-License-Identifier: Apache-2.0
// What the bindings of all host tilings share: the Python class Plan, and how it is filled.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

#include "op_host/common/core_limits.h"
#include "op_host/common/launch_plan.h"

// What a launch needs of a tiling, the same for every operator.
struct Plan {
    std::string kernel;
    std::string kernelType;
    attn::LaunchPlan launch;
    pybind11::bytes tiling;
    pybind11::dict fields;  // of the tiling struct, for tests and for people
};

inline attn::CoreLimits LimitsOf(const std::string& soc) {
    attn::CoreLimits limits;
    if (!attn::FindCoreLimits(soc, &limits)) {
        throw pybind11::value_error("soc (" + soc + ") must be a known chip");
    }
    return limits;
}

template <class Tiling>
pybind11::bytes BytesOf(const Tiling& tiling) {
    return pybind11::bytes(reinterpret_cast<const char*>(&tiling), sizeof(Tiling));
}

inline std::string KernelTypeOf(const std::vector<attn::KernelVariant>& variants, int32_t key) {
    for (const attn::KernelVariant& variant : variants) {
        if (variant.key == key) {
            return variant.kernelType;
        }
    }
    throw pybind11::value_error("tiling key (" + std::to_string(key) +
                                ") must be a row of the variants");
}
