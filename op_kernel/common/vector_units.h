// SPDX-License-Identifier: Apache-2.0
// Sizes of the vector core that host tiling and kernels share, and the rounding that goes with
// them.
#pragma once

#include <cstdint>

#include "host_device.h"

namespace attn {

constexpr int32_t kDataBlockBytes = 32;  // unit of UB addresses, strides and transfers
constexpr int32_t kRepeatBytes = 256;    // what a vector instruction handles in one repeat
constexpr int32_t kFloatBytes = 4;
constexpr int32_t kFloatsPerBlock = kDataBlockBytes / kFloatBytes;
constexpr int32_t kFloatsPerRepeat = kRepeatBytes / kFloatBytes;
constexpr int32_t kMaxBurstRows = 4095;  // rows of one strided copy between GM and UB

// UB that CANN keeps from a kernel on the 910B: 256 bytes, and 8 KiB unless a compiler option
// gives them back (Ascend C guide, architecture 2201).
constexpr int32_t kUbReservedBytes = 256 + 8 * 1024;

ATTN_HOST_DEVICE constexpr int32_t CeilDiv(int32_t value, int32_t unit) {
    return (value + unit - 1) / unit;
}

ATTN_HOST_DEVICE constexpr int32_t RoundUp(int32_t value, int32_t unit) {
    return CeilDiv(value, unit) * unit;
}

ATTN_HOST_DEVICE constexpr int32_t Smaller(int32_t a, int32_t b) { return a < b ? a : b; }

ATTN_HOST_DEVICE constexpr int32_t Larger(int32_t a, int32_t b) { return a > b ? a : b; }

}  // namespace attn
