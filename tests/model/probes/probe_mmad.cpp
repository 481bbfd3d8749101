// SPDX-License-Identifier: Apache-2.0
// A list of steps around Mmad on images of L0A, L0B and the bias table, and the whole of L0C after
// it. tests/model/mmad_case.py builds the list and knows the same operations.
#include "cube_image.h"

using namespace AscendC;

namespace {

enum Operation : int32_t {
    kMmad,
    kMmadBias,        // with a tensor
    kBarrier,         // of pipe M
    kHf32Mode,        // m: on
    kHf32TransMode,   // m: ties to zero
    kLayoutTransform  // m: rows first
};

enum Type : int32_t { kHalf, kBfloat16, kFloat, kInt8 };

struct Step {
    int32_t operation;
    int32_t type;
    int32_t m;
    int32_t k;
    int32_t n;
    int32_t unitFlag;
    int32_t kDirectionAlign;
    int32_t isBias;
    int32_t cmatrixSource;
    int32_t cmatrixInitVal;
    int32_t constructor;  // 1, 2: parameters by the constructors with 8 and 6 arguments
    uint32_t dst;         // byte addresses
    uint32_t fm;
    uint32_t filter;
    uint32_t bias;
    int32_t positions[4];  // of dst, fm, filter, bias
};

constexpr int32_t kMostSteps = 12;

struct MmadCase {
    uint32_t fmBytes;  // of the images, from address 0 on
    uint32_t filterBytes;
    uint32_t biasBytes;
    int32_t count;
    Step steps[kMostSteps];
};

constexpr uint32_t kL0Bytes = 64 * 1024;
constexpr uint32_t kL0cBytes = 128 * 1024;
constexpr uint32_t kTensorBytes = 1u << 20;  // the instruction checks the range, not the tensor

template <class T>
__aicore__ inline LocalTensor<T> Operand(const Step& step, int32_t operand, uint32_t address) {
    return probe::Local<T>(static_cast<TPosition>(step.positions[operand]), address, kTensorBytes);
}

__aicore__ inline MmadParams ToParams(const Step& step) {
    const auto m = static_cast<uint16_t>(step.m);
    const auto n = static_cast<uint16_t>(step.n);
    const auto k = static_cast<uint16_t>(step.k);
    const auto unitFlag = static_cast<uint8_t>(step.unitFlag);
    if (step.constructor == 1) {
        return MmadParams(m, n, k, step.isBias != 0, 0, false, false, false);
    }
    if (step.constructor == 2) {
        return MmadParams(m, n, k, unitFlag, step.cmatrixSource != 0, step.cmatrixInitVal != 0);
    }
    MmadParams params;
    params.m = m;
    params.n = n;
    params.k = k;
    params.unitFlag = unitFlag;
    params.kDirectionAlign = step.kDirectionAlign != 0;
    params.isBias = step.isBias != 0;
    params.cmatrixSource = step.cmatrixSource != 0;
    params.cmatrixInitVal = step.cmatrixInitVal != 0;
    return params;
}

template <class T, class U>
__aicore__ inline void Multiply(const Step& step) {
    const auto dst = Operand<T>(step, 0, step.dst);
    const auto fm = Operand<U>(step, 1, step.fm);
    const auto filter = Operand<U>(step, 2, step.filter);
    if (step.operation == kMmad) {
        Mmad(dst, fm, filter, ToParams(step));
    } else {
        Mmad(dst, fm, filter, Operand<T>(step, 3, step.bias), ToParams(step));
    }
}

__aicore__ inline void MultiplyTyped(const Step& step) {
    switch (step.type) {
        case kHalf:
            return Multiply<float, half>(step);
        case kBfloat16:
            return Multiply<float, bfloat16_t>(step);
        case kFloat:
            return Multiply<float, float>(step);
        default:
            return Multiply<int32_t, int8_t>(step);
    }
}

__aicore__ inline void Run(const Step& step) {
    switch (step.operation) {
        case kBarrier:
            PipeBarrier<PIPE_M>();
            break;
        case kHf32Mode:
            SetHF32Mode(step.m != 0);
            break;
        case kHf32TransMode:
            SetHF32TransMode(step.m != 0);
            break;
        case kLayoutTransform:
            SetMMLayoutTransform(step.m != 0);
            break;
        default:
            MultiplyTyped(step);
    }
}

// Fills L0A or L0B with whole fractals, by way of L1.
__aicore__ inline void LoadImage(TPosition position, GM_ADDR image, uint32_t bytes) {
    if (bytes == 0) {
        return;
    }
    probe::LoadL1(image, 0, bytes);
    LoadData2DParams params;
    params.repeatTimes = static_cast<uint8_t>(bytes / 512);
    params.srcStride = 1;
    LoadData(
        probe::Local<half>(position, 0, kL0Bytes),
        probe::Local<half>(position == TPosition::A2 ? TPosition::A1 : TPosition::B1, 0, kL0Bytes),
        params);
    PipeBarrier<PIPE_ALL>();
}

__aicore__ inline void LoadBias(GM_ADDR image, uint32_t bytes) {
    if (bytes == 0) {
        return;
    }
    probe::LoadL1(image, 0, bytes);
    const DataCopyParams params(1, static_cast<uint16_t>(bytes / 64), 0, 0);
    DataCopy(probe::Local<int32_t>(TPosition::C2, 0, bytes),
             probe::Local<int32_t>(TPosition::C1, 0, bytes), params);
    PipeBarrier<PIPE_ALL>();
}

}  // namespace

extern "C" __global__ __aicore__ void probe_mmad(GM_ADDR fm, GM_ADDR filter, GM_ADDR bias,
                                                 GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    GET_TILING_DATA_WITH_STRUCT(MmadCase, test, tiling);
    LoadImage(TPosition::A2, fm, test.fmBytes);
    LoadImage(TPosition::B2, filter, test.filterBytes);
    LoadBias(bias, test.biasBytes);
    for (int32_t i = 0; i < test.count; ++i) {
        Run(test.steps[i]);
    }
    probe::StoreLocal(out, kNpuL0c, 0, kL0cBytes);
}

// On a vector core, which has no cube.
extern "C" __global__ __aicore__ void probe_mmad_aiv(GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    GET_TILING_DATA_WITH_STRUCT(MmadCase, test, tiling);
    for (int32_t i = 0; i < test.count; ++i) {
        Run(test.steps[i]);
    }
    probe::StoreLocal(out, kNpuL0c, 0, kL0cBytes);
}
