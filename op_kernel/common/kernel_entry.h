// SPDX-License-Identifier: Apache-2.0
// What every kernel includes first: the Ascend C API, and the macro through which tiling data
// arrive.
#pragma once

#include "kernel_operator.h"

// Declares `name`, the `Struct` that the host wrote at `pointer`. It stands in the body of the
// entry function, because CANN reads the registration of the struct from the text of that function.
#define ATTN_TILING_DATA(Struct, name, pointer) \
    REGISTER_TILING_DEFAULT(Struct);            \
    GET_TILING_DATA_WITH_STRUCT(Struct, name, pointer)
