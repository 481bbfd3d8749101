// SPDX-License-Identifier: Apache-2.0
// Probes of scalar types and plain structs: int4b_t, conversions of bfloat16_t, ShapeInfo.
#include "probe_answers.h"

using namespace AscendC;

// Elements of x, two in a byte, as int8_t.
extern "C" __global__ __aicore__ void probe_int4_unpack(GM_ADDR x, GM_ADDR out, GM_ADDR tiling) {
    const GlobalTensor<int4b_t> packed = probe::Gm<int4b_t>(x);
    GlobalTensor<int8_t> values = probe::Gm<int8_t>(out);
    for (int32_t i = 0; i < probe::Gm<int32_t>(tiling).GetValue(0); ++i) {
        values.SetValue(i, packed.GetValue(i));
    }
    DataCacheCleanAndInvalid<int8_t, CacheLine::ENTIRE_DATA_CACHE>(values);
}

// The way back, last element first.
extern "C" __global__ __aicore__ void probe_int4_pack(GM_ADDR x, GM_ADDR out, GM_ADDR tiling) {
    const GlobalTensor<int8_t> values = probe::Gm<int8_t>(x);
    GlobalTensor<int4b_t> packed = probe::Gm<int4b_t>(out);
    for (int32_t i = probe::Gm<int32_t>(tiling).GetValue(0) - 1; i >= 0; --i) {
        packed.SetValue(i, int4b_t(static_cast<int32_t>(values.GetValue(i))));
    }
    DataCacheCleanAndInvalid<int4b_t, CacheLine::ENTIRE_DATA_CACHE>(packed);
}

extern "C" __global__ __aicore__ void probe_int4_compare(GM_ADDR out) {
    const int4b_t low(-8);
    const int4b_t high(7);
    probe::Answers answers(out);
    answers.Add(sizeof(int4b_t));
    for (const bool holds : {low<high, low <= high, low> high, low >= high, low == high,
                             low != high, low == int4b_t(8)}) {
        answers.Add(holds ? 1 : 0);
    }
    answers.Send();
}

extern "C" __global__ __aicore__ void probe_int4_local(GM_ADDR out) {
    const LocalTensor<int4b_t> tensor = probe::Ub<int4b_t>(0, 32);
    probe::Ub<int8_t>(0, 32).SetValue(3, 0x5A);
    tensor.SetValue(6, int4b_t(-1));
    probe::Answers answers(out);
    answers.Add(tensor.GetSize());
    answers.Add(static_cast<int8_t>(tensor.GetValue(6)));
    answers.Add(static_cast<int8_t>(tensor.GetValue(7)));
    answers.Add(tensor[16].GetSize());
    answers.Add(tensor.ReinterpretCast<int8_t>().GetSize());
    answers.Send();
}

extern "C" __global__ __aicore__ void probe_int4_odd_offset() {
    static_cast<void>(probe::Ub<int4b_t>(0, 32)[3]);
}

// x: floats; bits: bfloat16 values; sums of neighbours of bits.
extern "C" __global__ __aicore__ void probe_bfloat16_scalar(GM_ADDR bits, GM_ADDR wide,
                                                            GM_ADDR sums, GM_ADDR tiling) {
    const GlobalTensor<bfloat16_t> from = probe::Gm<bfloat16_t>(bits);
    GlobalTensor<float> exact = probe::Gm<float>(wide);
    GlobalTensor<bfloat16_t> added = probe::Gm<bfloat16_t>(sums);
    const int32_t count = probe::Gm<int32_t>(tiling).GetValue(0);
    for (int32_t i = 0; i < count; ++i) {
        exact.SetValue(i, ToFloat(from.GetValue(i)));
        bfloat16_t sum = from.GetValue(i);
        sum += from.GetValue((i + 1) % count);
        added.SetValue(i, sum);
    }
    DataCacheCleanAndInvalid<float, CacheLine::ENTIRE_DATA_CACHE>(exact);
}

extern "C" __global__ __aicore__ void probe_to_bfloat16(GM_ADDR x, GM_ADDR narrow, GM_ADDR tiling) {
    GlobalTensor<bfloat16_t> rounded = probe::Gm<bfloat16_t>(narrow);
    const int32_t count = probe::Gm<int32_t>(tiling).GetValue(0);
    for (int32_t i = 0; i < count; ++i) {
        rounded.SetValue(i, ToBfloat16(probe::Gm<float>(x).GetValue(i)));
    }
    DataCacheCleanAndInvalid<bfloat16_t, CacheLine::ENTIRE_DATA_CACHE>(rounded);
}

namespace {

__aicore__ inline void AddShape(probe::Answers* answers, const ShapeInfo& info) {
    answers->Add(info.shapeDim);
    answers->Add(info.originalShapeDim);
    answers->Add(static_cast<int64_t>(info.dataFormat));
    answers->Add(static_cast<int64_t>(GetShapeSize(info)));
    for (uint8_t i = 0; i < info.originalShapeDim; ++i) {
        answers->Add(info.originalShape[i]);
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_shape_info(GM_ADDR out) {
    const uint32_t shape[] = {2, 3, 4};
    const uint32_t original[] = {6, 5};
    probe::Answers answers(out);
    AddShape(&answers, ShapeInfo(3, shape));
    AddShape(&answers, ShapeInfo(2, shape, DataFormat::NZ));
    AddShape(&answers, ShapeInfo(3, shape, 2, original, DataFormat::NHWC));
    answers.Send();
}

extern "C" __global__ __aicore__ void probe_shape_dims(GM_ADDR tiling) {
    const uint32_t shape[16] = {};
    const auto dims = static_cast<uint8_t>(probe::Gm<int32_t>(tiling).GetValue(0));
    static_cast<void>(ShapeInfo(dims, shape));
}

extern "C" __global__ __aicore__ void probe_enumerations(GM_ADDR out) {
    probe::Answers answers(out);
    for (const auto hardware :
         {Hardware::GM, Hardware::UB, Hardware::L1, Hardware::L0A, Hardware::L0B, Hardware::L0C,
          Hardware::BIAS, Hardware::FIXBUF, Hardware::MAX}) {
        answers.Add(static_cast<int64_t>(hardware));
    }
    answers.Add(static_cast<int64_t>(CacheLine::SINGLE_CACHE_LINE));
    answers.Add(static_cast<int64_t>(CacheLine::ENTIRE_DATA_CACHE));
    for (const auto target : {DcciDst::CACHELINE_ALL, DcciDst::CACHELINE_UB, DcciDst::CACHELINE_OUT,
                              DcciDst::CACHELINE_ATOMIC}) {
        answers.Add(static_cast<int64_t>(target));
    }
    answers.Add(static_cast<int64_t>(MaskMode::NORMAL));
    answers.Add(static_cast<int64_t>(MaskMode::COUNTER));
    answers.Add(static_cast<int64_t>(MASK_PLACEHOLDER + MASK_PLACEHOLDER_LIST[1]));
    answers.Send();
}
