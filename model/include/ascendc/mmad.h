// SPDX-License-Identifier: Apache-2.0
// Mmad and the registers that it reads.
#pragma once

#include "ascendc/data_copy.h"
