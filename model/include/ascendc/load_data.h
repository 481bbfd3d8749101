// SPDX-License-Identifier: Apache-2.0
// LoadData: fractals into L0A and L0B.
#pragma once

#include "ascendc/data_copy.h"
