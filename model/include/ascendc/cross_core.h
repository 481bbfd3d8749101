// SPDX-License-Identifier: Apache-2.0
// Flags between the cores of a launch.
#pragma once

#include "ascendc/sync.h"
