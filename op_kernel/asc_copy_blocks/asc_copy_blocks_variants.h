// SPDX-License-Identifier: Apache-2.0
// The compiled variants of AscCopyBlocks: the only list. Kernel entry, host lookup and tests expand
// it. A key is a bare number, because CANN finds keys by a regular expression over the preprocessed
// source; it means nothing beyond its row. Blocks are bytes, whatever they hold.
#pragma once

// clang-format off
//    key  kernel type           element
#define ASC_COPY_BLOCKS_VARIANTS(X) \
    X(0,   KERNEL_TYPE_AIV_ONLY, uint8_t)
// clang-format on
