// SPDX-License-Identifier: Apache-2.0
// The compiled variants of AscRotaryEmbedding: the only list. Kernel entry, host lookup and tests
// expand it. A key is a bare number, because CANN finds keys by a regular expression over the
// preprocessed source; it means nothing beyond its row.
#pragma once

// clang-format off
//    key  kernel type           element     element of cos and sin
#define ASC_ROTARY_EMBEDDING_VARIANTS(X)               \
    X(0,   KERNEL_TYPE_AIV_ONLY, half,       half)       \
    X(1,   KERNEL_TYPE_AIV_ONLY, bfloat16_t, bfloat16_t) \
    X(2,   KERNEL_TYPE_AIV_ONLY, float,      float)      \
    X(3,   KERNEL_TYPE_AIV_ONLY, half,       float)      \
    X(4,   KERNEL_TYPE_AIV_ONLY, bfloat16_t, float)
// clang-format on
