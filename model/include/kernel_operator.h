// SPDX-License-Identifier: Apache-2.0
// The Ascend C API subset that the AI Core model supports: include this one header, as with CANN.
//
// Written from the public API documentation. Functions lower to the instructions of model/isa the
// way the documentation and CANN's headers lower them; model/api lists every overload.
#pragma once

#include "ascendc/buffer.h"
#include "ascendc/core_flags.h"
#include "ascendc/cross_core.h"
#include "ascendc/data_copy.h"
#include "ascendc/data_copy_cube.h"
#include "ascendc/data_copy_slice.h"
#include "ascendc/debug.h"
#include "ascendc/fixpipe.h"
#include "ascendc/init_output.h"
#include "ascendc/load_data.h"
#include "ascendc/macros.h"
#include "ascendc/memory_control.h"
#include "ascendc/mmad.h"
#include "ascendc/pipe.h"
#include "ascendc/queue.h"
#include "ascendc/scalar.h"
#include "ascendc/sync.h"
#include "ascendc/sync_all.h"
#include "ascendc/system.h"
#include "ascendc/tensor.h"
#include "ascendc/types.h"
#include "ascendc/vector.h"
