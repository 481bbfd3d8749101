// SPDX-License-Identifier: Apache-2.0
// Functions on scalars: bits and conversions.
#pragma once

#include "ascendc/types.h"

namespace AscendC {

// Bits of the value `countValue`.
template <int countValue>
inline int64_t ScalarGetCountOfValue(uint64_t valueIn) {
    static_assert(countValue == 0 || countValue == 1, "countValue must be 0 or 1");
    return __builtin_popcountll(countValue == 1 ? valueIn : ~valueIn);
}

inline int64_t ScalarCountLeadingZero(uint64_t valueIn) {
    return valueIn == 0 ? 64 : __builtin_clzll(valueIn);
}

// Bits that equal the sign, from bit 62 down; -1 when all do.
inline int64_t CountBitsCntSameAsSignBit(int64_t valueIn) {
    return valueIn == 0 || valueIn == -1 ? -1 : __builtin_clrsbll(valueIn);
}

// Place of the lowest bit of the value `countValue`, -1 if there is none.
template <int countValue>
inline int64_t ScalarGetSFFValue(uint64_t valueIn) {
    static_assert(countValue == 0 || countValue == 1, "countValue must be 0 or 1");
    const uint64_t wanted = countValue == 1 ? valueIn : ~valueIn;
    return wanted == 0 ? -1 : __builtin_ctzll(wanted);
}

// float to half (CAST_ODD) or int32_t (CAST_RINT, CAST_FLOOR, CAST_CEIL, CAST_ROUND).
template <typename srcT, typename dstT, RoundMode roundMode>
inline dstT ScalarCast(srcT valueIn) {
    constexpr bool kToHalf = std::is_same_v<dstT, half> && roundMode == RoundMode::CAST_ODD;
    constexpr bool kToInteger =
        std::is_same_v<dstT, int32_t> &&
        (roundMode == RoundMode::CAST_RINT || roundMode == RoundMode::CAST_FLOOR ||
         roundMode == RoundMode::CAST_CEIL || roundMode == RoundMode::CAST_ROUND);
    static_assert(std::is_same_v<srcT, float> && (kToHalf || kToInteger),
                  "ScalarCast: float to half with CAST_ODD, or to int32_t with CAST_RINT, "
                  "CAST_FLOOR, CAST_CEIL or CAST_ROUND");
    const uint32_t bits =
        NpuScalarConvert(TypeOf<dstT>(), static_cast<NpuRounding>(roundMode), valueIn);
    dstT value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

}  // namespace AscendC
