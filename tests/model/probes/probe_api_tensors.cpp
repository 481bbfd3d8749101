// SPDX-License-Identifier: Apache-2.0
// Probes of what tensors carry besides elements, and of the ends of a local tensor.
#include "probe_answers.h"

using namespace AscendC;

namespace {

constexpr uint32_t kShape[] = {4, 8};

template <class Tensor>
__aicore__ inline void AddShapeOf(probe::Answers* answers, Tensor tensor) {
    tensor.SetShapeInfo(ShapeInfo(2, kShape, DataFormat::NCHW));
    const ShapeInfo info = tensor[8].GetShapeInfo();
    answers->Add(info.shapeDim);
    answers->Add(info.shape[0]);
    answers->Add(info.shape[1]);
    answers->Add(static_cast<int64_t>(info.dataFormat));
}

}  // namespace

extern "C" __global__ __aicore__ void probe_tensor_shapes(GM_ADDR x, GM_ADDR out) {
    probe::Answers answers(out);
    AddShapeOf(&answers, probe::Gm<int32_t>(x));
    AddShapeOf(&answers, probe::Ub<int32_t>(0, 128));
    answers.Send();
}

// Element references in expressions: 1, 7, 12, 3, 2.
extern "C" __global__ __aicore__ void probe_element_references(GM_ADDR out) {
    const LocalTensor<int32_t> tensor = probe::Ub<int32_t>(0, 64);
    tensor(0) = 1;
    tensor(1) = tensor(0) = tensor(0) + 6;
    tensor(0) -= 6;
    tensor(2) = 6;
    tensor(2) *= 2;
    tensor(3) = 3;
    tensor(4) = tensor(3);
    tensor(4) += tensor(0);
    tensor(4) /= 2;
    probe::Answers answers(out);
    for (uint32_t i = 0; i < 5; ++i) {
        answers.Add(tensor(i));
    }
    answers.Send();
}

// UB of an AIC: stores do nothing, loads give 0.
extern "C" __global__ __aicore__ void probe_ub_of_a_cube_core(GM_ADDR out) {
    const LocalTensor<int32_t> tensor = probe::Ub<int32_t>(0, 64);
    tensor.SetValue(0, 5);
    probe::Answers answers(out);
    answers.Add(tensor.GetValue(0));
    answers.Send();
}

namespace {

constexpr uint32_t kCount = 64;

// Loads x and y, makes `result` of them, and stores its first `bytes` bytes.
template <typename T, typename U, class Apply>
__aicore__ inline void RunOperator(GM_ADDR x, GM_ADDR y, GM_ADDR out, uint32_t bytes, Apply apply) {
    const LocalTensor<T> left = probe::Ub<T>(0, kCount * sizeof(T));
    const LocalTensor<T> right = probe::Ub<T>(1024, kCount * sizeof(T));
    LocalTensor<U> result = probe::Ub<U>(2048, kCount * sizeof(U));
    DataCopy(left, probe::Gm<T>(x), kCount);
    DataCopy(right, probe::Gm<T>(y), kCount);
    PipeBarrier<PIPE_ALL>();
    apply(result, left, right);
    PipeBarrier<PIPE_ALL>();
    DataCopyPad(probe::Gm<U>(out), result, DataCopyExtParams(1, bytes, 0, 0, 0));
}

}  // namespace

extern "C" __global__ __aicore__ void probe_operator_add(GM_ADDR x, GM_ADDR y, GM_ADDR out) {
    RunOperator<int32_t, int32_t>(x, y, out, kCount * sizeof(int32_t),
                                  [](LocalTensor<int32_t>& result, const LocalTensor<int32_t>& left,
                                     const LocalTensor<int32_t>& right) { result = left + right; });
}

extern "C" __global__ __aicore__ void probe_operator_less(GM_ADDR x, GM_ADDR y, GM_ADDR out) {
    RunOperator<float, uint8_t>(x, y, out, kCount / 8,
                                [](LocalTensor<uint8_t>& result, const LocalTensor<float>& left,
                                   const LocalTensor<float>& right) { result = left < right; });
}

// Each breaks a rule of a local tensor of 64 bytes at the start of UB.
#define PROBE_TENSOR(name, ...)                                   \
    extern "C" __global__ __aicore__ void probe_tensor_##name() { \
        LocalTensor<int32_t> tensor = probe::Ub<int32_t>(0, 64);  \
        static_cast<void>(tensor);                                \
        __VA_ARGS__;                                              \
    }
PROBE_TENSOR(slice_beyond, static_cast<void>(tensor[16]))
PROBE_TENSOR(size_beyond, tensor.SetSize(192 * 1024 / 4))
PROBE_TENSOR(set_tag, tensor.SetUserTag(1))
PROBE_TENSOR(get_tag, static_cast<void>(tensor.GetUserTag()))
PROBE_TENSOR(read_l1, TPipe pipe; TBuf<TPosition::A1> buffer; pipe.InitBuffer(buffer, 64);
             static_cast<void>(buffer.Get<int32_t>().GetValue(0)))
PROBE_TENSOR(unaligned_operator, LocalTensor<int32_t> left = tensor[1]; tensor = left + left)
