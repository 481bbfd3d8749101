// SPDX-License-Identifier: Apache-2.0
// Conversions (vconv) from 32- and 64-bit integers, and the ones that scale (vconv_deq).
#include "leaf/convert.h"
#include "leaf/elementwise.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

// Whether cutting `rest` off `kept` rounds the magnitude up; `half` is half a unit of `kept`.
template <Rounding kRounding>
bool RoundsUp(bool negative, uint64_t kept, uint64_t rest, uint64_t half) {
    switch (kRounding) {
        case kRoundRint:
            return rest > half || (rest == half && (kept & 1) != 0);
        case kRoundAway:
            return rest >= half;
        case kRoundFloor:
            return negative && rest != 0;
        case kRoundCeil:
            return !negative && rest != 0;
        default:
            return false;
    }
}

template <Rounding kRounding>
float IntegerToFloat(int64_t value) {
    const bool negative = value < 0;
    const uint64_t magnitude =
        negative ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
    constexpr int kDigits = 24;
    const int digits = magnitude == 0 ? 0 : 64 - __builtin_clzll(magnitude);
    const int shift = digits > kDigits ? digits - kDigits : 0;
    const uint64_t unit = uint64_t{1} << shift;
    uint64_t kept = magnitude >> shift;
    if (shift > 0 && RoundsUp<kRounding>(negative, kept, magnitude & (unit - 1), unit >> 1)) {
        ++kept;
    }
    const float result = static_cast<float>(kept) * static_cast<float>(unit);
    return negative ? -result : result;
}

template <Rounding kRounding, class SourceType>
struct ToFloat : OperationShape<F32, SourceType, 1> {
    using From = typename SourceType::Value;
    NPU_LEAF_INLINE float Apply(From x, From, float) const {
        if constexpr (kRounding == kRoundRint) {
            return static_cast<float>(x);
        } else {
            return IntegerToFloat<kRounding>(x);
        }
    }
};

struct Clip32To16 : OperationShape<S16, S32, 1> {
    NPU_LEAF_INLINE int32_t Apply(int32_t x, int32_t, int32_t) const {
        const int32_t atLeast = x < INT16_MIN ? INT16_MIN : x;
        return atLeast > INT16_MAX ? INT16_MAX : atLeast;
    }
};

struct Clip64To32 : OperationShape<S32, S64, 1> {
    NPU_LEAF_INLINE int32_t Apply(int64_t x, int64_t, int32_t) const {
        const int64_t atLeast = x < INT32_MIN ? INT32_MIN : x;
        return static_cast<int32_t>(atLeast > INT32_MAX ? INT32_MAX : atLeast);
    }
};

struct Widen32To64 : OperationShape<S64, S32, 1> {
    NPU_LEAF_INLINE int64_t Apply(int32_t x, int32_t, int64_t) const { return x; }
};

// half(float(x) * scale). The documented steps by way of 2^-17 and 2^17 are exact.
struct ScaleToHalf : OperationShape<F16, S32, 1> {
    float scale;
    NPU_LEAF_INLINE float Apply(int32_t x, int32_t, float) const {
        return static_cast<float>(x) * scale;
    }
};

void DequantToHalf(const Operand& target, const Operand& source, uint32_t scalar, uint32_t repeats,
                   const Lanes& lanes) {
    ScaleToHalf op;
    op.scale = F16::Load(static_cast<uint16_t>(scalar));
    Elementwise<ScaleToHalf>::Run(op, target, source, source, repeats, lanes);
}

void DequantToByte(const Operand& target, const Operand& source, const Dequant& dequant,
                   bool highHalf, uint32_t repeats, const Lanes& lanes) {
    constexpr int kLanesPerBlock = 16;
    Unaligned<int16_t>::Type row[128] = {};
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        ReadRepeat<128, 2>(source, repeat, lanes, row);
        for (int lane = 0; lane < 128; ++lane) {
            if (!Lane(lanes, lane)) {
                continue;
            }
            const int j = lane % kLanesPerBlock;
            const float scaled = static_cast<float>(row[lane]) * dequant.scale[j];
            const float whole = Rounded<kRoundRint>(scaled + dequant.offset[j]);
            const int32_t clipped =
                dequant.isSigned[j] ? ToInteger<S8>(whole) : ToInteger<U8>(whole);
            target.data[repeat * target.repeatStride + lane / kLanesPerBlock * target.blockStride +
                        (highHalf ? kLanesPerBlock : 0) + j] = static_cast<uint8_t>(clipped);
        }
    }
}

template <class Op>
void Run(const Operand& target, const Operand& source, uint32_t repeats, const Lanes& lanes) {
    Elementwise<Op>::Run(Op{}, target, source, source, repeats, lanes);
}

template <Rounding kRounding>
void AddRounding(Table& table) {
    table.convert[kNpuS32][kNpuF32][kRounding] = Run<ToFloat<kRounding, S32>>;
    table.convert[kNpuS64][kNpuF32][kRounding] = Run<ToFloat<kRounding, S64>>;
}

}  // namespace

void AddConvertInteger(Table& table) {
    AddRounding<kRoundRint>(table);
    AddRounding<kRoundAway>(table);
    AddRounding<kRoundFloor>(table);
    AddRounding<kRoundCeil>(table);
    AddRounding<kRoundTrunc>(table);
    table.convert[kNpuS32][kNpuS16][kRoundRint] = Run<Clip32To16>;
    table.convert[kNpuS32][kNpuS64][kRoundRint] = Run<Widen32To64>;
    table.convert[kNpuS64][kNpuS32][kRoundRint] = Run<Clip64To32>;
    table.dequantToHalf = DequantToHalf;
    table.dequantToByte = DequantToByte;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
