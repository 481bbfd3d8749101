// SPDX-License-Identifier: Apache-2.0
// Tiling data of AscFlashAttention: that of attention on cube and vector cores, and nothing else.
#pragma once

#include "../common/flash_tiling.h"

namespace attn {

using AscFlashAttentionTiling = FlashTiling;

}  // namespace attn
