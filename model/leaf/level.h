// SPDX-License-Identifier: Apache-2.0
// What every file of a leaf level includes first: the name of the level and of its namespace.
//
// Nothing here or in the headers beside it may have external linkage outside namespace
// npu_model::leaf::NPU_LEAF_LEVEL: the linker keeps one copy of an inline function, and that copy
// would run on machines without the instructions of its level. This rules out std:: templates.
#pragma once

#include <cstdint>

#include "leaf/leaf.h"
#include "leaf/table.h"

#ifndef NPU_LEAF_LEVEL
#error "NPU_LEAF_LEVEL must name the architecture level: baseline, v3 or v4"
#endif

#if defined(__SSE2__)
#include <immintrin.h>
#endif
#if defined(__F16C__) && defined(__AVX2__)
#define NPU_LEAF_F16C 1
#endif

// The iterations of the next loop do not depend on each other through memory.
#if defined(__clang__)
#define NPU_LEAF_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define NPU_LEAF_INDEPENDENT _Pragma("GCC ivdep")
#endif

#define NPU_LEAF_INLINE inline __attribute__((always_inline))

namespace npu_model::leaf::NPU_LEAF_LEVEL {

// One function a family, each in the file of that name: enters its leaves into the table.
void AddBinary(Table& table);
void AddUnary(Table& table);
void AddScalar(Table& table);
void AddConvert(Table& table);
void AddConvertInteger(Table& table);
void AddCompare(Table& table);
void AddReduce(Table& table);
void AddGather(Table& table);
void AddRearrange(Table& table);
void AddAtomic(Table& table);
void AddNd2Nz(Table& table);
void AddFractal(Table& table);
void AddMad(Table& table);
void AddFixpipe(Table& table);

// The table of this level.
void FillTable(Table& table);

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
