// SPDX-License-Identifier: Apache-2.0
// Select: element by element from one of two operands, by bits.
#pragma once

#include "ascendc/vector_compare.h"
#include "ascendc/vector_fill.h"

namespace AscendC {
namespace detail {

template <typename T, typename U>
inline void CheckSelectTypes() {
    static_assert(
        SupportType<T, half, float>() && SupportType<U, uint8_t, uint16_t, uint32_t, uint64_t>(),
        "Select: T must be half or float, and U an unsigned integer type");
}

// Fills the comparison register with copies of `value`, through the temporary buffer. The mask has
// to enable 32 elements.
template <typename V>
inline void FillCmpMask(V value) {
    const UseTemporaryBuffer use;
    const LocalTensor<V> buffer = TemporaryBuffer<V>();
    Fill(buffer, value, 1, {1, 8});
    PipeBarrier<PIPE_V>();
    NpuSetCompareMask(buffer.Address());
    PipeBarrier<PIPE_V>();
}
constexpr uint64_t kCmpMaskElements = 32;

// `source1` is a tensor, or the selection bits if the other operand is a scalar.
template <typename T, typename V>
inline void RunSelect(NpuSelectMode mode, const LocalTensor<T>& dst, const LocalTensor<T>& src0,
                      const LocalTensor<V>& source1, const NpuBinaryRepeat& repeat) {
    NpuVectorSelect(mode, TypeOf<T>(), UbAddress("Select", dst), UbAddress("Select", src0),
                    UbAddress("Select", source1), &repeat);
}

// Mode of two tensors: in the register, or at an address that the register holds.
inline NpuSelectMode TensorMode(SELMODE selMode) {
    if (selMode == SELMODE::VSEL_TENSOR_SCALAR_MODE) {
        FailArgument("Select", "selMode", static_cast<int64_t>(selMode),
                     "not be VSEL_TENSOR_SCALAR_MODE where src1 is a tensor");
    }
    return selMode == SELMODE::VSEL_CMPMASK_SPR ? kNpuSelectByRegister : kNpuSelectTensor;
}
inline void CheckScalarMode(SELMODE selMode) {
    if (selMode != SELMODE::VSEL_TENSOR_SCALAR_MODE) {
        FailArgument("Select", "selMode", static_cast<int64_t>(selMode),
                     "be VSEL_TENSOR_SCALAR_MODE where src1 is a scalar");
    }
}

template <typename T, typename U, typename Mask>
inline void SelectRepeats(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                          const LocalTensor<T>& src0, const LocalTensor<T>& src1, SELMODE selMode,
                          Mask mask, uint8_t repeatTimes, const BinaryRepeatParams& params) {
    CheckSelectTypes<T, U>();
    const NpuSelectMode mode = TensorMode(selMode);
    if (mode == kNpuSelectByRegister) {
        NpuSetCompareMask(UbAddress("Select", selMask));
        PipeBarrier<PIPE_V>();
    } else {
        SetMaskOfCount<uint32_t>(kCmpMaskElements);
        FillCmpMask<uint32_t>(UbAddress("Select", selMask));
    }
    SetMask<T, true>("Select", mask);
    RunSelect(mode, dst, src0, src1, ToRepeat(repeatTimes, params));
}

template <typename T, typename U, typename Mask>
inline void SelectRepeats(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                          const LocalTensor<T>& src0, T scalar, SELMODE selMode, Mask mask,
                          uint8_t repeatTimes, const BinaryRepeatParams& params) {
    CheckSelectTypes<T, U>();
    CheckScalarMode(selMode);
    SetMaskOfCount<T>(kCmpMaskElements);
    FillCmpMask<T>(scalar);
    SetMask<T, true>("Select", mask);
    RunSelect(kNpuSelectScalar, dst, src0, selMask, ToRepeat(repeatTimes, params));
}

}  // namespace detail

// A set bit of selMask takes src0, a clear one src1. VSEL_CMPMASK_SPR uses the first bits of
// selMask in every repeat; the other modes use up selMask bit by bit. isSetMask has no effect: the
// mask is set in any case. Source: Ascend C API, Select.
template <typename T, typename U, bool isSetMask = true>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                   const LocalTensor<T>& src0, const LocalTensor<T>& src1, SELMODE selMode,
                   uint64_t mask[], uint8_t repeatTimes, const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SelectRepeats(dst, selMask, src0, src1, selMode, mask, repeatTimes, repeatParams);
    }
}
template <typename T, typename U, bool isSetMask = true>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                   const LocalTensor<T>& src0, const LocalTensor<T>& src1, SELMODE selMode,
                   uint64_t mask, uint8_t repeatTimes, const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SelectRepeats(dst, selMask, src0, src1, selMode, mask, repeatTimes, repeatParams);
    }
}
template <typename T, typename U, bool isSetMask = true>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                   const LocalTensor<T>& src0, T src1, SELMODE selMode, uint64_t mask[],
                   uint8_t repeatTimes, const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SelectRepeats(dst, selMask, src0, src1, selMode, mask, repeatTimes, repeatParams);
    }
}
template <typename T, typename U, bool isSetMask = true>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                   const LocalTensor<T>& src0, T src1, SELMODE selMode, uint64_t mask,
                   uint8_t repeatTimes, const BinaryRepeatParams& repeatParams) {
    if (ASCEND_IS_AIV) {
        detail::SelectRepeats(dst, selMask, src0, src1, selMode, mask, repeatTimes, repeatParams);
    }
}

template <typename T, typename U>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                   const LocalTensor<T>& src0, const LocalTensor<T>& src1, SELMODE selMode,
                   uint32_t count) {
    detail::CheckSelectTypes<T, U>();
    if (ASCEND_IS_AIC) {
        return;
    }
    const NpuSelectMode mode = detail::TensorMode(selMode);
    detail::OnFirst("Select", count, [&] {
        if (mode == kNpuSelectByRegister) {
            NpuSetCompareMask(detail::UbAddress("Select", selMask));
            PipeBarrier<PIPE_V>();
        } else {
            NpuSetVectorMask(0, detail::kCmpMaskElements);
            detail::FillCmpMask<uint32_t>(detail::UbAddress("Select", selMask));
            NpuSetVectorMask(0, count);
        }
        detail::RunSelect(mode, dst, src0, src1, detail::ContiguousBinary<T, T>());
        PipeBarrier<PIPE_V>();
    });
}
template <typename T, typename U>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                   const LocalTensor<T>& src0, T src1, SELMODE selMode, uint32_t count) {
    detail::CheckSelectTypes<T, U>();
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::CheckScalarMode(selMode);
    detail::OnFirst("Select", count, [&] {
        NpuSetVectorMask(0, detail::kCmpMaskElements);
        detail::FillCmpMask<T>(src1);
        NpuSetVectorMask(0, count);
        detail::RunSelect(kNpuSelectScalar, dst, src0, selMask, detail::ContiguousBinary<T, T>());
    });
}

// Without mask and mode: mask and comparison register are what the caller has set.
template <typename T, SELMODE selMode>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<T>& src0,
                   const LocalTensor<T>& src1, uint8_t repeatTimes,
                   const BinaryRepeatParams& repeatParams) {
    static_assert(SupportType<T, half, float>(), "Select: T must be half or float");
    static_assert(selMode != SELMODE::VSEL_TENSOR_SCALAR_MODE,
                  "Select: selMode must not be VSEL_TENSOR_SCALAR_MODE where src1 is a tensor");
    if (ASCEND_IS_AIV) {
        detail::RunSelect(detail::TensorMode(selMode), dst, src0, src1,
                          detail::ToRepeat(repeatTimes, repeatParams));
    }
}
template <typename T, typename U>
inline void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask,
                   const LocalTensor<T>& src0, uint8_t repeatTimes,
                   const BinaryRepeatParams& repeatParams) {
    detail::CheckSelectTypes<T, U>();
    if (ASCEND_IS_AIV) {
        detail::RunSelect(kNpuSelectScalar, dst, src0, selMask,
                          detail::ToRepeat(repeatTimes, repeatParams));
    }
}

}  // namespace AscendC
