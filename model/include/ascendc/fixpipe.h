// SPDX-License-Identifier: Apache-2.0
// Fixpipe and the registers that it reads.
#pragma once

#include "ascendc/data_copy.h"
