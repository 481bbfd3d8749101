// SPDX-License-Identifier: Apache-2.0
// Rows in UB from one element type into another, or copied, between matrices of different pitch.
#pragma once

#include "kernel_entry.h"
#include "vector_units.h"

namespace attn {

// dst[row, i] = src[row, i] for i < columns, rounded to nearest. Pitches count elements and are
// whole data blocks, at most 255 of them; rows are at most 255. Runs on the vector pipe; what a
// caller reads or overwrites next needs a PipeBarrier<PIPE_V> of its own.
template <class To, class From>
__aicore__ inline void ConvertRows(const AscendC::LocalTensor<To>& dst, int32_t dstPitch,
                                   const AscendC::LocalTensor<From>& src, int32_t srcPitch,
                                   int32_t rows, int32_t columns) {
    constexpr int32_t kToBytes = sizeof(To);
    constexpr int32_t kFromBytes = sizeof(From);
    constexpr int32_t kLanes = kRepeatBytes / (kToBytes > kFromBytes ? kToBytes : kFromBytes);
    const auto repeats = static_cast<uint8_t>(rows);
    const auto dstStride = static_cast<uint8_t>(dstPitch * kToBytes / kDataBlockBytes);
    const auto srcStride = static_cast<uint8_t>(srcPitch * kFromBytes / kDataBlockBytes);
    for (int32_t column = 0; column < columns; column += kLanes) {
        const uint64_t mask = Smaller(columns - column, kLanes);
        if constexpr (kToBytes == kFromBytes) {
            AscendC::Copy(dst[column], src[column], mask, repeats,
                          AscendC::CopyRepeatParams{1, 1, dstStride, srcStride});
        } else {
            constexpr auto kRound = kToBytes > kFromBytes ? AscendC::RoundMode::CAST_NONE
                                                          : AscendC::RoundMode::CAST_RINT;
            AscendC::Cast(dst[column], src[column], kRound, mask, repeats,
                          AscendC::UnaryRepeatParams{1, 1, dstStride, srcStride});
        }
    }
}

}  // namespace attn
