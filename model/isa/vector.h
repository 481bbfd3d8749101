// SPDX-License-Identifier: Apache-2.0
// Vector instructions on UB.
#pragma once

#include "isa/vector_elementwise.h"
#include "isa/vector_reduce.h"
