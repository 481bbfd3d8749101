// SPDX-License-Identifier: Apache-2.0
// Conversions between element types: Cast, CastDeq, SetDeqScale, and arithmetic that converts its
// result: AddReluCast, SubReluCast, MulCast.
#pragma once

#include "ascendc/sync.h"
#include "ascendc/vector_mask.h"

namespace AscendC {
namespace detail {

template <typename T, typename U>
struct Pair {};

// Destination and source.
template <typename T, typename U>
constexpr bool kIsCastPair =
    SupportType<Pair<T, U>, Pair<int32_t, half>, Pair<int16_t, half>, Pair<float, half>,
                Pair<int8_t, half>, Pair<uint8_t, half>, Pair<int4b_t, half>, Pair<float, float>,
                Pair<int32_t, float>, Pair<half, float>, Pair<int64_t, float>, Pair<int16_t, float>,
                Pair<bfloat16_t, float>, Pair<float, bfloat16_t>, Pair<int32_t, bfloat16_t>,
                Pair<half, int4b_t>, Pair<half, uint8_t>, Pair<half, int8_t>, Pair<half, int16_t>,
                Pair<float, int16_t>, Pair<float, int32_t>, Pair<int16_t, int32_t>,
                Pair<int64_t, int32_t>, Pair<half, int32_t>, Pair<int32_t, int64_t>,
                Pair<float, int64_t>>();

template <typename T, typename U>
inline void Convert(const LocalTensor<T>& dst, const LocalTensor<U>& src, RoundMode roundMode,
                    const NpuUnaryRepeat& repeat) {
    static_assert(kIsCastPair<T, U>, "Cast: T1 and T2 must be a pair that 910B converts");
    const uint32_t target = UbAddress("Cast", dst);
    const uint32_t source = UbAddress("Cast", src);
    if constexpr (std::is_same_v<T, half> && std::is_same_v<U, int32_t>) {
        NpuVectorDequantToHalf(target, source, &repeat);
    } else {
        NpuVectorConvert(TypeOf<U>(), TypeOf<T>(), static_cast<NpuRounding>(roundMode), target,
                         source, &repeat);
    }
}

// Masks are set for the smaller type; the larger one decides how many lanes there are.
template <typename T, typename U, bool isSetMask, typename Mask>
inline void SetMixedMask(const char* function, Mask mask) {
    SetMask<Narrowest<T, U>, isSetMask, Widest<T, U>>(function, mask);
}

}  // namespace detail

// Source: Ascend C API, Cast. From int32_t to half it multiplies by the scale of SetDeqScale.
template <typename T1, typename T2, bool isSetMask = true>
inline void Cast(const LocalTensor<T1>& dst, const LocalTensor<T2>& src, const RoundMode& roundMode,
                 const uint64_t mask[], const uint8_t repeatTimes,
                 const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMixedMask<T1, T2, isSetMask>("Cast", mask);
        detail::Convert(dst, src, roundMode, detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T1, typename T2, bool isSetMask = true>
inline void Cast(const LocalTensor<T1>& dst, const LocalTensor<T2>& src, const RoundMode& roundMode,
                 const uint64_t mask, const uint8_t repeatTimes,
                 const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMixedMask<T1, T2, isSetMask>("Cast", mask);
        detail::Convert(dst, src, roundMode, detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T1, typename T2>
inline void Cast(const LocalTensor<T1>& dst, const LocalTensor<T2>& src, const RoundMode& roundMode,
                 const uint32_t count) {
    if (ASCEND_IS_AIV) {
        detail::OnFirst("Cast", count, [&] {
            detail::Convert(dst, src, roundMode, detail::ContiguousUnary<T1, T2>());
        });
    }
}

constexpr int32_t VDEQ_TENSOR_SIZE = 16;

// Scale, offset and sign of each of the 16 lanes of a block.
struct VdeqInfo {
    float vdeqScale[VDEQ_TENSOR_SIZE] = {};
    int16_t vdeqOffset[VDEQ_TENSOR_SIZE] = {};
    bool vdeqSignMode[VDEQ_TENSOR_SIZE] = {};

    VdeqInfo() = default;
    VdeqInfo(const float scale[VDEQ_TENSOR_SIZE], const int16_t offset[VDEQ_TENSOR_SIZE],
             const bool signMode[VDEQ_TENSOR_SIZE]) {
        for (int32_t i = 0; i < VDEQ_TENSOR_SIZE; ++i) {
            vdeqScale[i] = scale[i];
            vdeqOffset[i] = offset[i];
            vdeqSignMode[i] = signMode[i];
        }
    }
};

namespace detail {

// AddDeqRelu multiplies by the scale that SetDeqScale(half) was given last.
inline half DeqScaleOfCore() {
    return FromBits<half>(reinterpret_cast<uint64_t>(NpuFrontEndState()[kDeqScaleSlot]));
}

// The parameter word of the instructions: float scale, 9-bit offset, sign flag.
inline uint64_t DeqWord(float scale, int16_t offset, bool signMode) {
    return uint64_t{signMode} << 46 | uint64_t{static_cast<uint16_t>(offset) & 0x1FFu} << 37 |
           ToBits(scale);
}

}  // namespace detail

// For Cast from int32_t to half, and for AddDeqRelu.
inline void SetDeqScale(half scale) {
    if (ASCEND_IS_AIV) {
        NpuSetDeqScale(detail::ToBits(scale));
        NpuFrontEndState()[detail::kDeqScaleSlot] =
            reinterpret_cast<void*>(static_cast<uintptr_t>(detail::ToBits(scale)));
    }
}
// For CastDeq with isVecDeq = false.
inline void SetDeqScale(float scale, int16_t offset, bool signMode) {
    if (ASCEND_IS_AIV) {
        NpuSetDeqScale(detail::DeqWord(scale, offset, signMode));
    }
}
// For CastDeq with isVecDeq = true: the scalar pipe writes 16 words into the tensor.
template <typename T>
inline void SetDeqScale(const LocalTensor<T>& vdeq, const VdeqInfo& vdeqInfo) {
    static_assert(std::is_same_v<T, uint64_t>, "SetDeqScale: T must be uint64_t");
    if (ASCEND_IS_AIC) {
        return;
    }
    for (uint32_t i = 0; i < VDEQ_TENSOR_SIZE; ++i) {
        vdeq.SetValue(i, detail::DeqWord(vdeqInfo.vdeqScale[i], vdeqInfo.vdeqOffset[i],
                                         vdeqInfo.vdeqSignMode[i]));
    }
    NpuSetDeqScale(detail::UbAddress("SetDeqScale", vdeq) / ONE_BLK_SIZE);
}

namespace detail {

template <bool isVecDeq, bool halfBlock, typename T, typename U>
inline void Dequantise(const LocalTensor<T>& dst, const LocalTensor<U>& src,
                       const NpuUnaryRepeat& repeat) {
    static_assert(SupportType<T, int8_t, uint8_t>() && std::is_same_v<U, int16_t>,
                  "CastDeq: T1 must be int8_t or uint8_t and T2 int16_t");
    NpuVectorDequantToByte(isVecDeq, halfBlock, UbAddress("CastDeq", dst),
                           UbAddress("CastDeq", src), &repeat);
}

}  // namespace detail

// Scales 16-bit integers to 8 bits: the 16 results of a source block go to the upper (halfBlock) or
// lower half of a destination block. Source: Ascend C API, CastDequant.
template <typename T1, typename T2, bool isSetMask = true, bool isVecDeq = true,
          bool halfBlock = true>
inline void CastDeq(const LocalTensor<T1>& dst, const LocalTensor<T2>& src, const uint64_t mask[],
                    uint8_t repeatTimes, const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T2, isSetMask>("CastDeq", mask);
        detail::Dequantise<isVecDeq, halfBlock>(dst, src,
                                                detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T1, typename T2, bool isSetMask = true, bool isVecDeq = true,
          bool halfBlock = true>
inline void CastDeq(const LocalTensor<T1>& dst, const LocalTensor<T2>& src, const int32_t mask,
                    uint8_t repeatTimes, const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T2, isSetMask>("CastDeq", static_cast<uint64_t>(mask));
        detail::Dequantise<isVecDeq, halfBlock>(dst, src,
                                                detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T1, typename T2, bool isVecDeq = true, bool halfBlock = true>
inline void CastDeq(const LocalTensor<T1>& dst, const LocalTensor<T2>& src, const uint32_t count) {
    if (ASCEND_IS_AIV) {
        detail::OnFirst("CastDeq", count, [&] {
            detail::Dequantise<isVecDeq, halfBlock>(dst, src, {1, {1, 8}, {1, 8}});
        });
    }
}

namespace detail {

template <typename T, typename U>
constexpr bool kIsReluCastPair =
    SupportType<Pair<T, U>, Pair<int8_t, half>, Pair<half, float>, Pair<int8_t, int16_t>>();
template <typename T, typename U>
constexpr bool kIsMulCastPair = SupportType<Pair<T, U>, Pair<int8_t, half>, Pair<uint8_t, half>>();

template <NpuBinaryOp op, typename T, typename U>
inline void BinaryCast(const char* function, const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                       const LocalTensor<U>& src1, const NpuBinaryRepeat& repeat) {
    NpuVectorBinaryMixed(op, TypeOf<U>(), TypeOf<T>(), UbAddress(function, dst),
                         UbAddress(function, src0), UbAddress(function, src1), &repeat);
}

}  // namespace detail

// The three forms of a function: bit mask, number of lanes, number of elements.
#define NPU_RELU_CAST(Name, op)                                                                    \
    template <typename T1, typename T2, bool isSetMask = true>                                     \
    inline void Name(const LocalTensor<T1>& dst, const LocalTensor<T2>& src0,                      \
                     const LocalTensor<T2>& src1, uint64_t mask[], const uint8_t repeatTimes,      \
                     const BinaryRepeatParams& repeatParams) {                                     \
        static_assert(detail::kIsReluCastPair<T1, T2>, #Name ": T1, T2 must be a supported pair"); \
        if (ASCEND_IS_AIV) {                                                                       \
            detail::SetMixedMask<T1, T2, isSetMask>(#Name, mask);                                  \
            detail::BinaryCast<op>(#Name, dst, src0, src1,                                         \
                                   detail::ToRepeat(repeatTimes, repeatParams));                   \
        }                                                                                          \
    }                                                                                              \
    template <typename T1, typename T2, bool isSetMask = true>                                     \
    inline void Name(const LocalTensor<T1>& dst, const LocalTensor<T2>& src0,                      \
                     const LocalTensor<T2>& src1, uint64_t mask, const uint8_t repeatTimes,        \
                     const BinaryRepeatParams& repeatParams) {                                     \
        static_assert(detail::kIsReluCastPair<T1, T2>, #Name ": T1, T2 must be a supported pair"); \
        if (ASCEND_IS_AIV) {                                                                       \
            detail::SetMixedMask<T1, T2, isSetMask>(#Name, mask);                                  \
            detail::BinaryCast<op>(#Name, dst, src0, src1,                                         \
                                   detail::ToRepeat(repeatTimes, repeatParams));                   \
        }                                                                                          \
    }                                                                                              \
    template <typename T1, typename T2>                                                            \
    inline void Name(const LocalTensor<T1>& dst, const LocalTensor<T2>& src0,                      \
                     const LocalTensor<T2>& src1, const uint32_t count) {                          \
        static_assert(detail::kIsReluCastPair<T1, T2>, #Name ": T1, T2 must be a supported pair"); \
        if (ASCEND_IS_AIV) {                                                                       \
            detail::OnFirst(#Name, count, [&] {                                                    \
                detail::BinaryCast<op>(#Name, dst, src0, src1,                                     \
                                       detail::ContiguousBinary<T1, T2>());                        \
            });                                                                                    \
        }                                                                                          \
    }

// convert(max(src0 + src1, 0)) and convert(max(src0 - src1, 0)).
NPU_RELU_CAST(AddReluCast, kNpuVaddrelu)
NPU_RELU_CAST(SubReluCast, kNpuVsubrelu)

#undef NPU_RELU_CAST

// convert(src0 * src1). These forms always set the mask. Source: Ascend C API, MulCast.
template <typename T, typename U>
inline void MulCast(const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                    const LocalTensor<U>& src1, uint64_t mask[], const uint8_t repeatTimes,
                    const BinaryRepeatParams& repeatParams) {
    static_assert(detail::kIsMulCastPair<T, U>, "MulCast: T must be int8_t or uint8_t, U half");
    if (ASCEND_IS_AIV) {
        detail::SetMask<U, true>("MulCast", mask);
        detail::BinaryCast<kNpuVmul>("MulCast", dst, src0, src1,
                                     detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U>
inline void MulCast(const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                    const LocalTensor<U>& src1, uint64_t mask, const uint8_t repeatTimes,
                    const BinaryRepeatParams& repeatParams) {
    static_assert(detail::kIsMulCastPair<T, U>, "MulCast: T must be int8_t or uint8_t, U half");
    if (ASCEND_IS_AIV) {
        detail::SetMask<U, true>("MulCast", mask);
        detail::BinaryCast<kNpuVmul>("MulCast", dst, src0, src1,
                                     detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U>
inline void MulCast(const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                    const LocalTensor<U>& src1, uint32_t count) {
    static_assert(detail::kIsMulCastPair<T, U>, "MulCast: T must be int8_t or uint8_t, U half");
    if (ASCEND_IS_AIV) {
        detail::OnFirst("MulCast", count, [&] {
            detail::BinaryCast<kNpuVmul>("MulCast", dst, src0, src1,
                                         detail::ContiguousBinary<T, U>());
        });
    }
}

}  // namespace AscendC
