// SPDX-License-Identifier: Apache-2.0
// The fault of an instruction whose element type does not exist on this chip.
#pragma once

#include <string>

#include "core/names.h"
#include "isa/vector_issue.h"

namespace npu_model {

// `supported` is false where the table of leaves has no entry for the types.
inline void RequireType(const VectorIssue& vector, bool supported, NpuType type,
                        const char* operand, const char* source) {
    if (!supported) {
        vector.issue.Fail(FaultKind::kType, operand,
                          std::string("of type ") + TypeName(type) +
                              " must have a type that the instruction supports on Ascend 910B",
                          source);
    }
}

// The same for an instruction whose source and destination differ in type.
inline void RequireTypes(const VectorIssue& vector, bool supported, NpuType sourceType,
                         NpuType targetType, const char* source) {
    if (!supported) {
        vector.issue.Fail(FaultKind::kType, "dst",
                          std::string("of type ") + TypeName(targetType) +
                              " with a source of type " + TypeName(sourceType) +
                              " must be a pair that the instruction supports on Ascend 910B",
                          source);
    }
}

}  // namespace npu_model
