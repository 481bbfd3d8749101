// SPDX-License-Identifier: Apache-2.0
// Vector functions that also read their destination, or run several instructions: MulAddDst, Axpy,
// AddDeqRelu. FusedMulAdd and FusedMulAddRelu are in vector_binary.h.
#pragma once

#include "ascendc/vector_binary.h"
#include "ascendc/vector_cast.h"
#include "ascendc/vector_fill.h"

namespace AscendC {
namespace detail {

// Destination and source of MulAddDst and Axpy.
template <typename T, typename U>
constexpr bool kIsProductPair = (std::is_same_v<T, U> && SupportType<T, half, float>()) ||
                                (std::is_same_v<T, float> && std::is_same_v<U, half>);

template <typename T, typename U>
inline void MulAdd(const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                   const LocalTensor<U>& src1, const NpuBinaryRepeat& repeat) {
    static_assert(kIsProductPair<T, U>,
                  "MulAddDst: T and U must both be half or float, or float and half");
    NpuVectorBinaryMixed(kNpuVmla, TypeOf<U>(), TypeOf<T>(), UbAddress("MulAddDst", dst),
                         UbAddress("MulAddDst", src0), UbAddress("MulAddDst", src1), &repeat);
}

template <typename T, typename U>
inline void ScaleAdd(const LocalTensor<T>& dst, const LocalTensor<U>& src, const U& scalar,
                     const NpuUnaryRepeat& repeat) {
    static_assert(kIsProductPair<T, U>,
                  "Axpy: T and U must both be half or float, or float and half");
    NpuVectorScalar(kNpuVaxpy, TypeOf<U>(), TypeOf<T>(), UbAddress("Axpy", dst),
                    UbAddress("Axpy", src), ScalarBits(scalar), &repeat);
}

}  // namespace detail

// dst += src0 * src1. Source: Ascend C API, MulAddDst.
template <typename T, typename U, bool isSetMask = true>
inline void MulAddDst(const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                      const LocalTensor<U>& src1, uint64_t mask[], const uint8_t repeatTimes,
                      const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("MulAddDst", mask);
        detail::MulAdd(dst, src0, src1, detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U, bool isSetMask = true>
inline void MulAddDst(const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                      const LocalTensor<U>& src1, uint64_t mask, const uint8_t repeatTimes,
                      const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("MulAddDst", mask);
        detail::MulAdd(dst, src0, src1, detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U>
inline void MulAddDst(const LocalTensor<T>& dst, const LocalTensor<U>& src0,
                      const LocalTensor<U>& src1, const int32_t& count) {
    if (ASCEND_IS_AIV) {
        detail::OnFirst("MulAddDst", count,
                        [&] { detail::MulAdd(dst, src0, src1, detail::ContiguousBinary<T, U>()); });
    }
}

// dst += src * scalarValue. Source: Ascend C API, Axpy.
template <typename T, typename U, bool isSetMask = true>
inline void Axpy(const LocalTensor<T>& dst, const LocalTensor<U>& src, const U& scalarValue,
                 uint64_t mask[], const uint8_t repeatTimes,
                 const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<T, isSetMask>("Axpy", mask);
        detail::ScaleAdd(dst, src, scalarValue, detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U, bool isSetMask = true>
inline void Axpy(const LocalTensor<T>& dst, const LocalTensor<U>& src, const U& scalarValue,
                 uint64_t mask, const uint8_t repeatTimes, const UnaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SetMask<detail::Widest<T, U>, isSetMask>("Axpy", mask);
        detail::ScaleAdd(dst, src, scalarValue, detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U>
inline void Axpy(const LocalTensor<T>& dst, const LocalTensor<U>& src, const U& scalarValue,
                 const int32_t& count) {
    if (ASCEND_IS_AIV) {
        detail::OnFirst("Axpy", count, [&] {
            detail::ScaleAdd(dst, src, scalarValue, detail::ContiguousUnary<T, U>());
        });
    }
}

namespace detail {

// One pass of AddDeqRelu, on at most 8 KiB of int32_t: dst = max(half((src0 + src1) * scale), 0).
// Overwrites both sources, as the function of CANN does.
struct AddDeqReluPass {
    LocalTensor<half> dst;
    LocalTensor<int32_t> src0;
    LocalTensor<int32_t> src1;
    uint8_t repeatTimes;
    BinaryRepeatParams params;  // of the destination and, for the sum, the sources
    uint8_t halfBlocks;         // blocks of half that a repeat of the conversion leaves
    UseTemporaryBuffer use{};

    void Sum() const {
        const NpuBinaryRepeat repeat{repeatTimes,
                                     {1, 8},
                                     {params.src0BlkStride, params.src0RepStride},
                                     {params.src1BlkStride, params.src1RepStride}};
        Binary<kNpuVadd>("AddDeqRelu", TemporaryBuffer<int32_t>(), src0, src1, repeat);
        PipeBarrier<PIPE_V>();
    }

    // src0 becomes the scaled sum. The two powers of two keep the product in range.
    void Scale() const {
        constexpr float kShift = 131072.0f;  // 2^17
        const NpuUnaryRepeat repeat{repeatTimes, {1, 8}, {1, 8}};
        const LocalTensor<float> scaled = src0.template ReinterpretCast<float>();
        const uint32_t address = UbAddress("AddDeqRelu", scaled);
        NpuVectorConvert(kNpuS32, kNpuF32, kNpuRoundNone, address,
                         TemporaryBuffer<int32_t>().Address(), &repeat);
        PipeBarrier<PIPE_V>();
        for (const float factor : {1.0f / kShift, static_cast<float>(DeqScaleOfCore()), kShift}) {
            NpuVectorScalar(kNpuVmuls, kNpuF32, kNpuF32, address, address, ScalarBits(factor),
                            &repeat);
            PipeBarrier<PIPE_V>();
        }
    }

    void ToHalf() const {
        const NpuUnaryRepeat repeat{repeatTimes, {1, 4}, {1, 8}};
        NpuVectorConvert(kNpuF32, kNpuF16, kNpuRoundNone, UbAddress("AddDeqRelu", src1),
                         UbAddress("AddDeqRelu", src0), &repeat);
        PipeBarrier<PIPE_V>();
    }

    void ClearTemporary() const {
        const NpuVectorStride stride{1, 8};
        NpuVectorFill(kNpuF16, TemporaryBuffer<half>().Address(), 0, 1, &stride);
    }

    void Relu() const {
        const NpuBinaryRepeat repeat{repeatTimes,
                                     {params.dstBlkStride, params.dstRepStride},
                                     {1, halfBlocks},
                                     {1, halfBlocks}};
        PipeBarrier<PIPE_V>();
        Binary<kNpuVmax>("AddDeqRelu", dst, TemporaryBuffer<half>(),
                         src1.template ReinterpretCast<half>(), repeat);
        PipeBarrier<PIPE_V>();
    }
};

constexpr int32_t kAddDeqReluElements = kTemporaryBytes / sizeof(int32_t);  // of one pass

template <bool isSetMask, typename Mask>
inline void AddDeqReluRepeats(const LocalTensor<half>& dst, const LocalTensor<int32_t>& src0,
                              const LocalTensor<int32_t>& src1, Mask mask, uint8_t repeatTimes,
                              const BinaryRepeatParams& params) {
    constexpr int32_t kLanes = 64;
    constexpr uint8_t kRepeatsOfPass = kAddDeqReluElements / kLanes;
    const uint8_t firstRepeats = repeatTimes < kRepeatsOfPass ? repeatTimes : kRepeatsOfPass;
    uint8_t repeats = 0;
    for (int32_t done = 0; done < repeatTimes; done += repeats) {
        const int32_t left = repeatTimes - done;
        repeats = static_cast<uint8_t>(left < kRepeatsOfPass ? left : kRepeatsOfPass);
        const auto before = static_cast<uint32_t>(done);
        const AddDeqReluPass pass{Advanced(dst, before * params.dstRepStride * 16),
                                  Advanced(src0, before * params.src0RepStride * 8),
                                  Advanced(src1, before * params.src1RepStride * 8),
                                  repeats,
                                  params,
                                  4};
        SetMask<int32_t, isSetMask>("AddDeqRelu", mask);
        pass.Sum();
        pass.Scale();
        SetMask<half, isSetMask, int32_t>("AddDeqRelu", mask);
        pass.ToHalf();
        OnFirst("AddDeqRelu", firstRepeats * kLanes, [&] { pass.ClearTemporary(); });
        SetMask<half, isSetMask, int32_t>("AddDeqRelu", mask);
        pass.Relu();
    }
}

}  // namespace detail

// dst = max(half((src0 + src1) * scale), 0), with the scale of SetDeqScale(half); src0 and src1 are
// overwritten. Source: Ascend C API, AddDeqRelu.
template <bool isSetMask = true>
inline void AddDeqRelu(const LocalTensor<half>& dst, const LocalTensor<int32_t>& src0,
                       const LocalTensor<int32_t>& src1, uint64_t mask[], const uint8_t repeatTimes,
                       const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::AddDeqReluRepeats<isSetMask>(dst, src0, src1, mask, repeatTimes, repeatParams);
    }
}
template <bool isSetMask = true>
inline void AddDeqRelu(const LocalTensor<half>& dst, const LocalTensor<int32_t>& src0,
                       const LocalTensor<int32_t>& src1, uint64_t mask, const uint8_t repeatTimes,
                       const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::AddDeqReluRepeats<isSetMask>(dst, src0, src1, mask, repeatTimes, repeatParams);
    }
}
inline void AddDeqRelu(const LocalTensor<half>& dst, const LocalTensor<int32_t>& src0,
                       const LocalTensor<int32_t>& src1, const int32_t& count) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireCount("AddDeqRelu", count);
    for (int32_t done = 0; done < count; done += detail::kAddDeqReluElements) {
        const int32_t left = count - done;
        const auto first = static_cast<uint32_t>(done);
        const detail::AddDeqReluPass pass{detail::Advanced(dst, first),
                                          detail::Advanced(src0, first),
                                          detail::Advanced(src1, first),
                                          1,
                                          {},
                                          8};
        detail::OnFirst("AddDeqRelu",
                        left < detail::kAddDeqReluElements ? left : detail::kAddDeqReluElements,
                        [&] {
                            pass.Sum();
                            pass.Scale();
                            pass.ToHalf();
                            pass.ClearTemporary();
                            pass.Relu();
                        });
    }
}

}  // namespace AscendC
