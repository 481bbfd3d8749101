// SPDX-License-Identifier: Apache-2.0
// Where the heads of tokens lie: part of the tiling data of attention. Plain data only; include
// nothing but <cstdint>.
#pragma once

#include <cstdint>

namespace attn {

// Where a head of a token lies: row * rowStride + token * tokenStride + head * headStride, in
// elements. A row is a batch entry; packed sequences all lie in row 0.
struct TokenView {
    int64_t rowStride;
    int64_t tokenStride;
    int64_t headStride;
};

}  // namespace attn
