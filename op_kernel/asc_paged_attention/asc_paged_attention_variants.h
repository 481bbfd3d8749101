// SPDX-License-Identifier: Apache-2.0
// The compiled variants of AscPagedAttention: the only list. Kernel entry, host lookup and tests
// expand it. A key is a bare number, because CANN finds keys by a regular expression over the
// preprocessed source; it means nothing beyond its row. VECTOR rows run on vector cores alone, with
// the kernel type that lets them wait for each other; CUBE rows take kRows and kNz.
#pragma once

// clang-format off
//         key  kernel type              element of query, cache and output; layout of the cache
#define ASC_PAGED_ATTENTION_VARIANTS(VECTOR, CUBE)            \
    VECTOR(0,   KERNEL_TYPE_MIX_AIV_1_0, half,       kRows)   \
    VECTOR(1,   KERNEL_TYPE_MIX_AIV_1_0, bfloat16_t, kRows)   \
    VECTOR(2,   KERNEL_TYPE_MIX_AIV_1_0, float,      kRows)   \
    VECTOR(3,   KERNEL_TYPE_MIX_AIV_1_0, half,       kPacked) \
    VECTOR(4,   KERNEL_TYPE_MIX_AIV_1_0, bfloat16_t, kPacked) \
    VECTOR(5,   KERNEL_TYPE_MIX_AIV_1_0, float,      kPacked) \
    CUBE  (6,   KERNEL_TYPE_MIX_AIC_1_2, half)                \
    CUBE  (7,   KERNEL_TYPE_MIX_AIC_1_2, bfloat16_t)
// clang-format on
