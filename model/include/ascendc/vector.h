// SPDX-License-Identifier: Apache-2.0
// Vector functions of the Ascend C API, by family.
#pragma once

#include "ascendc/vector_binary.h"
#include "ascendc/vector_cast.h"
#include "ascendc/vector_compare.h"
#include "ascendc/vector_fill.h"
#include "ascendc/vector_gather.h"
#include "ascendc/vector_index.h"
#include "ascendc/vector_mask.h"
#include "ascendc/vector_operators.h"
#include "ascendc/vector_reduce.h"
#include "ascendc/vector_reduce_all.h"
#include "ascendc/vector_scalar.h"
#include "ascendc/vector_select.h"
#include "ascendc/vector_ternary.h"
#include "ascendc/vector_transpose.h"
#include "ascendc/vector_transpose_image.h"
#include "ascendc/vector_unary.h"
