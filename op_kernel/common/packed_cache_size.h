// SPDX-License-Identifier: Apache-2.0
// Sizes that go with CacheLayout::kPacked, for the UB plans that host and kernel share.
#pragma once

#include <cstdint>

#include "vector_units.h"

namespace attn {

// Tokens of 16-bit V are transposed in groups that fill a data block.
constexpr int32_t kTransposeTokens = 16;

// Steps begin at a multiple of this: what lies before must not share a data block of the stage.
ATTN_HOST_DEVICE constexpr int32_t PackedTokenUnit(int32_t blockSize, int32_t elementBytes) {
    return elementBytes == 2 && blockSize % kTransposeTokens == 0 ? kTransposeTokens : 8;
}

// Tokens of room in the stage for a step of `kvTile`: runs of 16-bit V begin on a data block, so
// that blocks of an odd number of eights leave gaps.
ATTN_HOST_DEVICE constexpr int32_t PackedStageTokens(int32_t kvTile, int32_t blockSize,
                                                     int32_t elementBytes) {
    return PackedTokenUnit(blockSize, elementBytes) * elementBytes == kDataBlockBytes ? kvTile
                                                                                      : 2 * kvTile;
}

// Bytes besides the stage and the rows: for 16 bits the rows [kvTile + 8, pitch] before they become
// floats, for 32 bits the offsets of a row in the stages of K and of V.
ATTN_HOST_DEVICE constexpr int32_t PackedScratchBytes(int32_t kvTile, int32_t pitch,
                                                      int32_t elementBytes) {
    return elementBytes == 2 ? (kvTile + kTransposeTokens / 2) * pitch * elementBytes
                             : 2 * pitch * elementBytes;
}

}  // namespace attn
