// SPDX-License-Identifier: Apache-2.0
// What a kernel can say: printf, assertions, DumpTensor.
#pragma once

#include "ascendc/dump.h"
#include "ascendc/print.h"
