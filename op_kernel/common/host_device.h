// SPDX-License-Identifier: Apache-2.0
// Marks a function that the host tiling and the kernels share.
//
// A kernel includes kernel_operator.h first (through kernel_entry.h), which defines __aicore__; the
// device compiler calls nothing that lacks the mark. The host includes no such header.
#pragma once

#ifdef __aicore__
#define ATTN_HOST_DEVICE __aicore__ inline
#else
#define ATTN_HOST_DEVICE inline
#endif
