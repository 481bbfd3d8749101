// SPDX-License-Identifier: Apache-2.0
// Probes of GlobalTensor, LocalTensor and the scalar types: views, element access, conversions.
#include "probe_answers.h"

using namespace AscendC;

extern "C" __global__ __aicore__ void probe_global_views(GM_ADDR x, GM_ADDR out) {
    GlobalTensor<int32_t> sized;
    GlobalTensor<int32_t> open;
    sized.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(x), 40);
    open.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(x));
    sized.SetL2CacheHint(CacheMode::CACHE_MODE_NORMAL);
    const GlobalTensor<int32_t> moved = sized[8];

    probe::Answers answers(out);
    answers.Add(static_cast<int64_t>(sized.GetSize()));
    answers.Add(open.GetValue(7));
    answers.Add(static_cast<int64_t>(moved.GetSize()));
    answers.Add(reinterpret_cast<GM_ADDR>(sized.GetPhyAddr(0)) == x ? 1 : 0);
    answers.Add(sized.GetPhyAddr(3) - sized.GetPhyAddr());
    answers.Add(sized.GetValue(5));
    answers.Add(sized(6));
    answers.Add(moved.GetValue(1));
    answers.Send();
}

// Stores 1, 2 and the sum of both through the data cache.
extern "C" __global__ __aicore__ void probe_global_stores(GM_ADDR out) {
    GlobalTensor<int32_t> tensor = probe::Gm<int32_t>(out);
    tensor.SetValue(0, 1);
    tensor(1) = 2;
    tensor(2) = tensor(0) + tensor(1);
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(tensor);
}

// Reads element `index` of a tensor in GM.
extern "C" __global__ __aicore__ void probe_global_element(GM_ADDR x, GM_ADDR tiling) {
    const int64_t index = probe::Gm<int32_t>(tiling).GetValue(0);
    static_cast<void>(static_cast<int32_t>(probe::Gm<int32_t>(x)(static_cast<uint64_t>(index))));
}

extern "C" __global__ __aicore__ void probe_local_views(GM_ADDR out) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> space;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(space, 64);
    pipe.InitBuffer(buffer, 100);
    LocalTensor<int32_t> tensor = buffer.Get<int32_t>();
    const LocalTensor<int32_t> moved = tensor[4];
    LocalTensor<int32_t> shifted;
    shifted.SetAddrWithOffset(tensor, 2);

    probe::Answers answers(out);
    answers.Add(tensor.GetSize());
    answers.Add(tensor.GetLength());
    answers.Add(probe::AddressOf(tensor));
    answers.Add((int64_t)tensor.GetPhyAddr(3) - (int64_t)tensor.GetPhyAddr());
    answers.Add(tensor.GetPosition());
    answers.Add(moved.GetSize());
    answers.Add(probe::AddressOf(moved) - probe::AddressOf(tensor));
    answers.Add(probe::AddressOf(shifted) - probe::AddressOf(tensor));
    answers.Add(tensor.ReinterpretCast<half>().GetSize());
    tensor.SetSize(8);
    answers.Add(tensor.GetSize());
    tensor.SetUserTag(17);
    answers.Add(tensor.GetUserTag());
    answers.Send();
}

extern "C" __global__ __aicore__ void probe_local_elements(GM_ADDR out) {
    const LocalTensor<int32_t> tensor = probe::Ub<int32_t>(0, 64);
    tensor.SetValue(0, 1);
    tensor(1) = 2;
    tensor(2) = tensor(0) + tensor(1);
    probe::Answers answers(out);
    answers.Add(tensor.GetValue(0));
    answers.Add(tensor(1));
    answers.Add(tensor.GetValue(2));
    answers.Add(tensor.ReinterpretCast<int16_t>().GetValue(4));
    answers.Send();
}

// Element `index` of a tensor of 16 elements at the start of UB.
extern "C" __global__ __aicore__ void probe_local_get(GM_ADDR tiling) {
    const auto index = static_cast<uint32_t>(probe::Gm<int32_t>(tiling).GetValue(0));
    static_cast<void>(probe::Ub<int32_t>(0, 64).GetValue(index));
}
extern "C" __global__ __aicore__ void probe_local_set(GM_ADDR tiling) {
    const auto index = static_cast<uint32_t>(probe::Gm<int32_t>(tiling).GetValue(0));
    probe::Ub<int32_t>(0, 64).SetValue(index, 0);
}
extern "C" __global__ __aicore__ void probe_local_reference(GM_ADDR tiling) {
    const auto index = static_cast<uint32_t>(probe::Gm<int32_t>(tiling).GetValue(0));
    static_cast<void>(static_cast<int32_t>(probe::Ub<int32_t>(0, 64)(index)));
}

namespace {

// x and y hold `count` elements; out gets sum, difference, product and quotient.
template <class T>
__aicore__ inline void Arithmetic(GM_ADDR x, GM_ADDR y, GM_ADDR out, int32_t count) {
    const GlobalTensor<T> left = probe::Gm<T>(x);
    const GlobalTensor<T> right = probe::Gm<T>(y);
    GlobalTensor<T> results = probe::Gm<T>(out);
    for (int32_t i = 0; i < count; ++i) {
        const T a = left.GetValue(i);
        const T b = right.GetValue(i);
        const T values[] = {a + b, a - b, a * b, a / b};
        for (int32_t k = 0; k < 4; ++k) {
            results.SetValue(k * count + i, values[k]);
        }
    }
    DataCacheCleanAndInvalid<T, CacheLine::ENTIRE_DATA_CACHE>(results);
}

// out gets the elements of x as float; and y, floats, as T.
template <class T>
__aicore__ inline void Convert(GM_ADDR x, GM_ADDR y, GM_ADDR wide, GM_ADDR narrow, int32_t count) {
    GlobalTensor<float> floats = probe::Gm<float>(wide);
    GlobalTensor<T> rounded = probe::Gm<T>(narrow);
    for (int32_t i = 0; i < count; ++i) {
        floats.SetValue(i, static_cast<float>(probe::Gm<T>(x).GetValue(i)));
        rounded.SetValue(i, static_cast<T>(probe::Gm<float>(y).GetValue(i)));
    }
    DataCacheCleanAndInvalid<T, CacheLine::ENTIRE_DATA_CACHE>(rounded);
}

}  // namespace

extern "C" __global__ __aicore__ void probe_half_arithmetic(GM_ADDR x, GM_ADDR y, GM_ADDR out,
                                                            GM_ADDR tiling) {
    Arithmetic<half>(x, y, out, probe::Gm<int32_t>(tiling).GetValue(0));
}
extern "C" __global__ __aicore__ void probe_half_convert(GM_ADDR x, GM_ADDR y, GM_ADDR wide,
                                                         GM_ADDR narrow, GM_ADDR tiling) {
    Convert<half>(x, y, wide, narrow, probe::Gm<int32_t>(tiling).GetValue(0));
}
extern "C" __global__ __aicore__ void probe_bfloat16_convert(GM_ADDR x, GM_ADDR y, GM_ADDR wide,
                                                             GM_ADDR narrow, GM_ADDR tiling) {
    Convert<bfloat16_t>(x, y, wide, narrow, probe::Gm<int32_t>(tiling).GetValue(0));
}

extern "C" __global__ __aicore__ void probe_plain_types(GM_ADDR out) {
    const UnaryRepeatParams unary;
    const BinaryRepeatParams binary;
    const UnaryRepeatParams givenUnary(2, 3, 4, 5);
    const BinaryRepeatParams givenBinary(1, 2, 3, 4, 5, 6);
    probe::Answers answers(out);
    for (const auto position : {TPosition::GM, TPosition::VECIN, TPosition::VECOUT,
                                TPosition::VECCALC, TPosition::LCM, TPosition::MAX}) {
        answers.Add(static_cast<int64_t>(position));
    }
    for (const auto field : {unary.dstBlkStride, unary.srcBlkStride, givenUnary.dstBlkStride,
                             givenUnary.srcBlkStride}) {
        answers.Add(field);
    }
    for (const auto field :
         {unary.dstRepStride, unary.srcRepStride, givenUnary.dstRepStride, givenUnary.srcRepStride,
          binary.dstBlkStride, binary.src0BlkStride, binary.src1BlkStride, binary.dstRepStride,
          binary.src0RepStride, binary.src1RepStride, givenBinary.dstBlkStride,
          givenBinary.src0BlkStride, givenBinary.src1BlkStride, givenBinary.dstRepStride,
          givenBinary.src0RepStride, givenBinary.src1RepStride}) {
        answers.Add(field);
    }
    answers.Send();
}
