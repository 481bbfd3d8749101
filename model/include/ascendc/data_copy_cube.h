// SPDX-License-Identifier: Apache-2.0
// DataCopy and its relatives into and out of L1.
#pragma once

#include "ascendc/data_copy.h"
