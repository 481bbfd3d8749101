// SPDX-License-Identifier: Apache-2.0
// The compiled variants of AscFlashAttention: the only list. Kernel entry, host lookup and tests
// expand it. A key is a bare number, because CANN finds keys by a regular expression over the
// preprocessed source; it means nothing beyond its row.
#pragma once

// clang-format off
//    key  kernel type              element of query, key, value and output
#define ASC_FLASH_ATTENTION_VARIANTS(X)         \
    X(0,   KERNEL_TYPE_MIX_AIC_1_2, half)       \
    X(1,   KERNEL_TYPE_MIX_AIC_1_2, bfloat16_t)
// clang-format on
