// SPDX-License-Identifier: Apache-2.0
// The compiled variants of AscReshapeAndCache: the only list. Kernel entry, host lookup and tests
// expand it. A key is a bare number, because CANN finds keys by a regular expression over the
// preprocessed source; it means nothing beyond its row. Elements are copied, so only their size
// matters: half and bfloat16_t are uint16_t here, float is uint32_t.
#pragma once

// clang-format off
//    key  kernel type           element
#define ASC_RESHAPE_AND_CACHE_VARIANTS(X)  \
    X(0,   KERNEL_TYPE_AIV_ONLY, uint16_t) \
    X(1,   KERNEL_TYPE_AIV_ONLY, uint32_t) \
    X(2,   KERNEL_TYPE_AIV_ONLY, uint8_t)
// clang-format on
