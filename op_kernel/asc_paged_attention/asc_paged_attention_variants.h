// SPDX-License-Identifier: Apache-2.0
// The compiled variants of AscPagedAttention: the only list. Kernel entry, host lookup and tests
// expand it. A key is a bare number, because CANN finds keys by a regular expression over the
// preprocessed source; it means nothing beyond its row. The kernel type is the one that lets vector
// cores wait for each other.
#pragma once

// clang-format off
//    key  kernel type              element of query, cache and output; layout of the cache
#define ASC_PAGED_ATTENTION_VARIANTS(X)                  \
    X(0,   KERNEL_TYPE_MIX_AIV_1_0, half,       kRows)   \
    X(1,   KERNEL_TYPE_MIX_AIV_1_0, bfloat16_t, kRows)   \
    X(2,   KERNEL_TYPE_MIX_AIV_1_0, float,      kRows)   \
    X(3,   KERNEL_TYPE_MIX_AIV_1_0, half,       kPacked) \
    X(4,   KERNEL_TYPE_MIX_AIV_1_0, bfloat16_t, kPacked) \
    X(5,   KERNEL_TYPE_MIX_AIV_1_0, float,      kPacked)
// clang-format on
