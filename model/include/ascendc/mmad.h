// SPDX-License-Identifier: Apache-2.0
// Mmad and the registers that it reads.
#pragma once

#include "ascendc/data_copy.h"

namespace AscendC {

struct MmadParams {
    uint16_t m = 0;
    uint16_t n = 0;
    uint16_t k = 0;
    bool isBias = false;  // old name of "start from what dst holds"
    int32_t fmOffset = 0;
    bool enSsparse = false;
    bool enWinogradA = false;
    bool enWinogradB = false;
    uint8_t unitFlag = 0;
    bool kDirectionAlign = false;  // float: L0A holds ceil(k / 16) * 16 elements of k
    bool cmatrixSource = false;    // start from the bias table, else from dst
    bool cmatrixInitVal = true;    // start from 0, whatever cmatrixSource says

    MmadParams() = default;
    MmadParams(const uint16_t mIn, const uint16_t nIn, const uint16_t kIn, const bool isBiasIn,
               const int32_t fmOffsetIn, const bool enSsparseIn, const bool enWinogradAIn,
               const bool enWinogradBIn)
        : m(mIn),
          n(nIn),
          k(kIn),
          isBias(isBiasIn),
          fmOffset(fmOffsetIn),
          enSsparse(enSsparseIn),
          enWinogradA(enWinogradAIn),
          enWinogradB(enWinogradBIn) {}
    MmadParams(const uint16_t mIn, const uint16_t nIn, const uint16_t kIn, const uint8_t unitFlagIn,
               const bool cmatrixSourceIn, const bool cmatrixInitValIn)
        : m(mIn),
          n(nIn),
          k(kIn),
          unitFlag(unitFlagIn),
          cmatrixSource(cmatrixSourceIn),
          cmatrixInitVal(cmatrixInitValIn) {}
};

enum class HF32Mode { ENABLE, DISABLE };
enum class HF32TransMode { NEAREST_ZERO, NEAREST_EVEN };

namespace detail {

// Result, left and right of the products that Mmad has.
template <typename T, typename U, typename S>
constexpr bool kIsProduct =
    std::is_same_v<U, S> &&
    (std::is_same_v<T, float> ? SupportType<U, half, bfloat16_t, float>()
                              : std::is_same_v<T, int32_t> && std::is_same_v<U, int8_t>);

template <typename T>
uint32_t OperandAddress(const char* argument, const LocalTensor<T>& tensor, NpuMemory memory,
                        const char* must) {
    if (tensor.Memory() != memory) {
        Fail(kNpuRulePosition, "Mmad", argument, tensor.GetPosition(), must);
    }
    return tensor.Address();
}

template <typename T, typename U, typename S>
void Multiply(const LocalTensor<T>& dst, const LocalTensor<U>& fm, const LocalTensor<S>& filter,
              const MmadParams& params, NpuMadInitial initial, uint32_t initialAddress) {
    static_assert(kIsProduct<T, U, S>,
                  "Mmad: fm and filter must be half, bfloat16_t or float with dst float, or int8_t "
                  "with dst int32_t");
    const uint32_t target = OperandAddress("position of dst", dst, kNpuL0c, "be CO1");
    const uint32_t left = OperandAddress("position of fm", fm, kNpuL0a, "be A2");
    const uint32_t right = OperandAddress("position of filter", filter, kNpuL0b, "be B2");
    const NpuMadParams mad{
        params.m, params.k,      params.n, params.unitFlag, params.kDirectionAlign,
        initial,  initialAddress};
    NpuMad(TypeOf<U>(), target, left, right, &mad);
}

}  // namespace detail

// dst = fm x filter, starting from 0, dst or the first entries of the bias table.
template <typename T, typename U, typename S>
inline void Mmad(const LocalTensor<T>& dst, const LocalTensor<U>& fm, const LocalTensor<S>& filter,
                 const MmadParams& mmadParams) {
    if (!ASCEND_IS_AIC) {
        return;
    }
    if (mmadParams.cmatrixInitVal && !mmadParams.isBias) {
        detail::Multiply(dst, fm, filter, mmadParams, kNpuMadZero, 0);
    } else if (mmadParams.cmatrixSource) {
        detail::Multiply(dst, fm, filter, mmadParams, kNpuMadBias, 0);
    } else {
        detail::Multiply(dst, fm, filter, mmadParams, kNpuMadC, dst.Address());
    }
}
// The position of bias, C2 or CO1, says where the product starts from; cmatrixInitVal still starts
// from 0. In CO1, bias must be dst.
template <typename T, typename U, typename S, typename V>
inline void Mmad(const LocalTensor<T>& dst, const LocalTensor<U>& fm, const LocalTensor<S>& filter,
                 const LocalTensor<V>& bias, const MmadParams& mmadParams) {
    static_assert(std::is_same_v<T, V>, "Mmad: bias must have the type of dst");
    if (!ASCEND_IS_AIC) {
        return;
    }
    if (bias.Memory() != kNpuBias && bias.Memory() != kNpuL0c) {
        detail::Fail(kNpuRulePosition, "Mmad", "position of bias", bias.GetPosition(),
                     "be C2 or CO1");
    }
    const NpuMadInitial source = bias.Memory() == kNpuBias ? kNpuMadBias : kNpuMadC;
    detail::Multiply(dst, fm, filter, mmadParams, mmadParams.cmatrixInitVal ? kNpuMadZero : source,
                     bias.Address());
}

// Floats are rounded to HF32 before they are multiplied.
inline void SetHF32Mode(bool hf32Mode) { NpuSetHf32(hf32Mode); }
inline void SetHF32Mode(HF32Mode mode) { SetHF32Mode(mode == HF32Mode::ENABLE); }
// true: half way between two numbers goes to the one nearer to zero; false: to the even one.
inline void SetHF32TransMode(bool hf32TransMode) { NpuSetHf32TiesToZero(hf32TransMode); }
inline void SetHF32TransMode(HF32TransMode mode) {
    SetHF32TransMode(mode == HF32TransMode::NEAREST_ZERO);
}
// The direction in which results come about first.
inline void SetMMLayoutTransform(bool mmLayoutMode) { NpuSetMadRowMajor(mmLayoutMode); }
inline void SetMMRowMajor() { SetMMLayoutTransform(true); }
inline void SetMMColumnMajor() { SetMMLayoutTransform(false); }

}  // namespace AscendC
