// SPDX-License-Identifier: Apache-2.0
// Typed views of memory.
#pragma once

#include "ascendc/global_tensor.h"
#include "ascendc/local_tensor.h"
