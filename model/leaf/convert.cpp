// SPDX-License-Identifier: Apache-2.0
// Conversions (vconv) from floating-point types.
#include "leaf/convert.h"

#include "leaf/elementwise.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

// Nothing is lost, or the target type rounds to nearest even by itself.
template <class TargetType, class SourceType>
struct Plainly : OperationShape<TargetType, SourceType, 1> {
    using To = typename TargetType::Value;
    using From = typename SourceType::Value;
    NPU_LEAF_INLINE To Apply(From x, From, To) const { return static_cast<To>(x); }
};

template <Rounding kRounding, class SourceType>
struct ToHalf : OperationShape<U16, SourceType, 1> {
    using From = typename SourceType::Value;
    NPU_LEAF_INLINE uint32_t Apply(From x, From, uint32_t) const {
        return FloatToHalf<kRounding>(static_cast<float>(x));
    }
};

template <Rounding kRounding>
struct ToBf16 : OperationShape<U16, F32, 1> {
    NPU_LEAF_INLINE uint32_t Apply(float x, float, uint32_t) const {
        return FloatToBf16<kRounding>(x);
    }
};

// A zero result is +0, also for -0: stated by the boundary value table, unlike IEEE 754.
template <Rounding kRounding>
struct ToWholeFloat : OperationShape<F32, F32, 1> {
    NPU_LEAF_INLINE float Apply(float x, float, float) const {
        return Rounded<kRounding>(x) + 0.0f;
    }
};

template <Rounding kRounding, class TargetType, class SourceType>
struct ToWhole : OperationShape<TargetType, SourceType, 1> {
    NPU_LEAF_INLINE int32_t Apply(float x, float, int32_t) const {
        return ToInteger<TargetType>(Rounded<kRounding>(x));
    }
};

template <Rounding kRounding>
struct ToWhole64 : OperationShape<S64, F32, 1> {
    NPU_LEAF_INLINE int64_t Apply(float x, float, int64_t) const {
        return ToInteger64(Rounded<kRounding>(x));
    }
};

template <class Op>
void Run(const Operand& target, const Operand& source, uint32_t repeats, const Lanes& lanes) {
    Elementwise<Op>::Run(Op{}, target, source, source, repeats, lanes);
}

// One bit for the two lanes of each byte.
Lanes ByteLanes(const Lanes& lanes) {
    Lanes bytes{0, 0};
    for (int byte = 0; byte < 64; ++byte) {
        bytes.low |= static_cast<uint64_t>(Lane(lanes, 2 * byte)) << byte;
    }
    return bytes;
}

// Two values a byte, the even lane in the low four bits.
template <Rounding kRounding>
void HalfToNibble(const Operand& target, const Operand& source, uint32_t repeats,
                  const Lanes& lanes) {
    const Lanes byteLanes = ByteLanes(lanes);
    Unaligned<uint16_t>::Type row[128] = {};
    uint8_t bytes[64];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        ReadRepeat<128, 2>(source, repeat, lanes, row);
        float values[128];
        LoadChunk<F16, 128>(row, values);
        uint32_t nibbles[128];
        for (int lane = 0; lane < 128; ++lane) {
            const int32_t clipped = ToInteger<S8>(Rounded<kRounding>(values[lane]));
            const int32_t atLeast = clipped < -8 ? -8 : clipped;
            nibbles[lane] = static_cast<uint32_t>(atLeast > 7 ? 7 : atLeast) & 0xFu;
        }
        for (int byte = 0; byte < 64; ++byte) {
            bytes[byte] = static_cast<uint8_t>(nibbles[2 * byte] | nibbles[2 * byte + 1] << 4);
        }
        WriteRepeat<64, 1>(target, repeat, byteLanes, bytes);
    }
}

void NibbleToHalf(const Operand& target, const Operand& source, uint32_t repeats,
                  const Lanes& lanes) {
    const Lanes byteLanes = ByteLanes(lanes);
    uint8_t bytes[64] = {};
    Unaligned<uint16_t>::Type row[128];
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
        ReadRepeat<64, 1>(source, repeat, byteLanes, bytes);
        float values[128];
        for (int lane = 0; lane < 128; ++lane) {
            const int32_t nibble = (bytes[lane / 2] >> (lane % 2 * 4)) & 0xF;
            values[lane] = static_cast<float>(nibble < 8 ? nibble : nibble - 16);
        }
        StoreChunk<F16, 128>(values, row);
        WriteRepeat<128, 2>(target, repeat, lanes, row);
    }
}

using OfTypes = UnaryFn[kNpuTypeCount][kNpuTypeCount][kRoundingCount];

template <Rounding kRounding>
void AddRounding(OfTypes& functions) {
    functions[kNpuF32][kNpuBf16][kRounding] = Run<ToBf16<kRounding>>;
    functions[kNpuF32][kNpuF32][kRounding] = Run<ToWholeFloat<kRounding>>;
    functions[kNpuF32][kNpuS16][kRounding] = Run<ToWhole<kRounding, S16, F32>>;
    functions[kNpuF32][kNpuS32][kRounding] = Run<ToWhole<kRounding, S32, F32>>;
    functions[kNpuF32][kNpuS64][kRounding] = Run<ToWhole64<kRounding>>;
    functions[kNpuF16][kNpuS8][kRounding] = Run<ToWhole<kRounding, S8, F16>>;
    functions[kNpuF16][kNpuU8][kRounding] = Run<ToWhole<kRounding, U8, F16>>;
    functions[kNpuF16][kNpuS16][kRounding] = Run<ToWhole<kRounding, S16, F16>>;
    functions[kNpuF16][kNpuS32][kRounding] = Run<ToWhole<kRounding, S32, F16>>;
    functions[kNpuF16][kNpuS4][kRounding] = HalfToNibble<kRounding>;
    functions[kNpuBf16][kNpuS32][kRounding] = Run<ToWhole<kRounding, S32, Bf16>>;
    if constexpr (kRounding != kRoundRint) {
        functions[kNpuF32][kNpuF16][kRounding] = Run<ToHalf<kRounding, F32>>;
        functions[kNpuS16][kNpuF16][kRounding] = Run<ToHalf<kRounding, S16>>;
    }
}

}  // namespace

void AddConvert(Table& table) {
    auto& functions = table.convert;
    AddRounding<kRoundRint>(functions);
    AddRounding<kRoundAway>(functions);
    AddRounding<kRoundFloor>(functions);
    AddRounding<kRoundCeil>(functions);
    AddRounding<kRoundTrunc>(functions);
    functions[kNpuF32][kNpuF16][kRoundRint] = Run<Plainly<F16, F32>>;
    functions[kNpuF32][kNpuF16][kRoundOdd] = Run<ToHalf<kRoundOdd, F32>>;
    functions[kNpuF16][kNpuF32][kRoundRint] = Run<Plainly<F32, F16>>;
    functions[kNpuBf16][kNpuF32][kRoundRint] = Run<Plainly<F32, Bf16>>;
    functions[kNpuS16][kNpuF16][kRoundRint] = Run<Plainly<F16, S16>>;
    functions[kNpuS16][kNpuF32][kRoundRint] = Run<Plainly<F32, S16>>;
    functions[kNpuS8][kNpuF16][kRoundRint] = Run<Plainly<F16, S8>>;
    functions[kNpuU8][kNpuF16][kRoundRint] = Run<Plainly<F16, U8>>;
    functions[kNpuS4][kNpuF16][kRoundRint] = NibbleToHalf;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
