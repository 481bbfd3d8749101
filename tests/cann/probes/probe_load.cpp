// SPDX-License-Identifier: Apache-2.0
// Loads into L0A and L0B and constant fills: one row a call and type. L1 comes from the input; all
// that L0A and L0B hold afterwards goes to the output, without an instruction.
#include <cstring>

#include "isa/isa.h"
#include "kernel_operator.h"

using namespace AscendC;

namespace {

constexpr uint32_t kL1Bytes = 16 * 1024;
constexpr uint32_t kL0Bytes = 16 * 1024;
constexpr IsResetLoad3dConfig kAsSet = {false, false};

struct Buffers {
    LocalTensor<uint8_t> l1, l0a, l0b;
    GlobalTensor<uint8_t> gm;

    template <class T>
    __aicore__ LocalTensor<T> L1() const {
        return l1.template ReinterpretCast<T>();
    }
    template <class T>
    __aicore__ LocalTensor<T> A() const {
        return l0a.template ReinterpretCast<T>();
    }
    template <class T>
    __aicore__ LocalTensor<T> B() const {
        return l0b.template ReinterpretCast<T>();
    }
    template <class T>
    __aicore__ GlobalTensor<T> Gm() const {
        GlobalTensor<T> tensor;
        tensor.SetGlobalBuffer((__gm__ T*)gm.GetPhyAddr());
        return tensor;
    }
};

// 4 x 8 pixels and three blocks of channels.
template <class T>
__aicore__ LoadData3DParamsV2<T> Image(bool transpose) {
    constexpr uint16_t kBlock = 32 / sizeof(T);
    const uint8_t pads[4] = {1, 0, 2, 1};
    return LoadData3DParamsV2<T>(pads, 4, 8, 3 * kBlock, 2 * kBlock, 16, kBlock, 3, 2, 1, 1, 2, 1,
                                 2, transpose, false, static_cast<T>(3));
}

template <class T>
__aicore__ LoadData3DParamsV2Pro ImagePro() {
    constexpr uint64_t kBlock = 32 / sizeof(T);
    LoadData3DParamsV2Pro params;
    params.channelSize = 3 * kBlock;
    params.extConfig = kBlock << 32 | uint64_t{32} << 16 | kBlock;
    return params;
}

__aicore__ inline void Describe(FmatrixMode mode) {
    const uint8_t pads[4] = {0, 0, 0, 255};
    SetFmatrix(32, 1, pads, mode);
    SetLoadDataBoundary(2048);
    SetLoadDataRepeat({1, 2, 1});
}

struct Row {
    const char* name;
    void (*call)(const Buffers&);
};

// clang-format off
#define ROW(name, ...) {name, [](const Buffers& u) { __VA_ARGS__; }},
#define FRACTALS(T)                                                                             \
    ROW("LoadData." #T ".l0a", LoadData(u.A<T>(), u.L1<T>(),                                    \
                                        LoadData2DParams(1, 5, 3, 0, 1, false, 0)))             \
    ROW("LoadData." #T ".l0b", LoadData(u.B<T>(), u.L1<T>(),                                    \
                                        LoadData2DParams(0, 9, 1, 0, 0, false, 0)))             \
    ROW("LoadData." #T ".gm_l0a", LoadData(u.A<T>(), u.Gm<T>(),                                 \
                                           LoadData2DParams(1, 4, 2, 0, 1, false, 0)))          \
    ROW("LoadData." #T ".gm_l0b", LoadData(u.B<T>(), u.Gm<T>(),                                 \
                                           LoadData2DParams(0, 4, 1, 0, 0, false, 0)))          \
    ROW("LoadDataWithTranspose." #T ".l0a",                                                     \
        LoadDataWithTranspose(u.A<T>(), u.L1<T>(), LoadData2dTransposeParams(1, 3, 2, 0, 2)))   \
    ROW("LoadDataWithTranspose." #T ".l0b",                                                     \
        LoadDataWithTranspose(u.B<T>(), u.L1<T>(), LoadData2dTransposeParams(0, 3, 1, 1, 0, 0)))
#define TRANSPOSED(T)                                                                            \
    ROW("LoadData." #T ".l0a.transposed", LoadData(u.A<T>(), u.L1<T>(),                          \
                                                   LoadData2DParams(0, 4, 2, 0, 0, true, 0)))    \
    ROW("LoadData." #T ".l0b.transposed", LoadData(u.B<T>(), u.L1<T>(),                          \
                                                   LoadData2DParams(1, 4, 1, 0, 2, true, 0)))
#define IMAGES(T)                                                                     \
    ROW("LoadImage." #T ".l0a", LoadData(u.A<T>(), u.L1<T>(), Image<T>(false)))       \
    ROW("LoadImage." #T ".pro", Describe(FmatrixMode::FMATRIX_LEFT);                  \
        LoadData(u.A<T>(), u.L1<T>(), ImagePro<T>()))
#define TRANSPOSED_IMAGES(T)                                                                \
    ROW("LoadImage." #T ".transposed", LoadData(u.A<T>(), u.L1<T>(), Image<T>(true)))       \
    ROW("LoadImage." #T ".l0b", LoadData(u.B<T>(), u.L1<T>(), Image<T>(false)))             \
    ROW("LoadImage." #T ".registers", Describe(FmatrixMode::FMATRIX_RIGHT);                 \
        SetLoadDataPaddingValue<T>(static_cast<T>(5)); LoadData3DParamsV2<T> params;        \
        params.l1H = params.l1W = 1; params.channelSize = 96 / sizeof(T);                  \
        params.kExtension = 32 / sizeof(T);                                                 \
        params.mExtension = 48; params.fMatrixCtrl = true;                                  \
        LoadData<T, kAsSet>(u.B<T>(), u.L1<T>(), params))
#define FILLS(T, value)                                                                        \
    ROW("InitConstValue." #T ".l0a", InitConstValue(u.A<T>(),                                  \
                                                    InitConstValueParams<T>(3, 2, 1, value)))  \
    ROW("InitConstValue." #T ".l0b", InitConstValue(u.B<T>(),                                  \
                                                    InitConstValueParams<T>(2, 3, 0, value)))  \
    ROW("InitConstValue." #T ".l1", InitConstValue(u.L1<T>(),                                  \
                                                   InitConstValueParams<T>(4, 2, 1, value));   \
        PipeBarrier<PIPE_ALL>();                                                               \
        LoadData(u.A<T>(), u.L1<T>(), LoadData2DParams(0, 2, 1, 0, 0, false, 0)))

const Row kRows[] = {
    FRACTALS(int8_t) FRACTALS(uint8_t) FRACTALS(half) FRACTALS(bfloat16_t) FRACTALS(float)
    FRACTALS(int32_t) FRACTALS(uint32_t)
    TRANSPOSED(half) TRANSPOSED(bfloat16_t)
    IMAGES(int8_t) IMAGES(uint8_t) IMAGES(half) IMAGES(bfloat16_t) IMAGES(float)
    IMAGES(int32_t) IMAGES(uint32_t)
    TRANSPOSED_IMAGES(half) TRANSPOSED_IMAGES(bfloat16_t) TRANSPOSED_IMAGES(float)
    TRANSPOSED_IMAGES(int32_t) TRANSPOSED_IMAGES(uint32_t)
    FILLS(half, half(1.5f)) FILLS(float, 2.5f) FILLS(int32_t, -7) FILLS(uint32_t, 9)
};
// clang-format on

}  // namespace

// in: kL1Bytes. out: what L0A and L0B hold. row: one int32.
extern "C" __global__ __aicore__ void probe_load(GM_ADDR in, GM_ADDR out, GM_ADDR row) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    TPipe pipe;
    TBuf<TPosition::A1> l1;
    TBuf<TPosition::A2> l0a;
    TBuf<TPosition::B2> l0b;
    pipe.InitBuffer(l1, kL1Bytes);
    pipe.InitBuffer(l0a, kL0Bytes);
    pipe.InitBuffer(l0b, kL0Bytes);
    Buffers buffers{l1.Get<uint8_t>(), l0a.Get<uint8_t>(), l0b.Get<uint8_t>(), {}};
    buffers.gm.SetGlobalBuffer(in);
    GlobalTensor<int32_t> number;
    number.SetGlobalBuffer((__gm__ int32_t*)row);
    LoadData(buffers.l1, buffers.gm, LoadData2DParams(0, kL1Bytes / 512, 1, 0, 0, false, 0));
    // The CPU build of the headers fills buffers with values of its own.
    const InitConstValueParams<half> all(1, kL0Bytes / 512, 0, half(0.0f));
    InitConstValue(buffers.A<half>(), all);
    InitConstValue(buffers.B<half>(), all);
    PipeBarrier<PIPE_ALL>();
    kRows[number.GetValue(0)].call(buffers);
    PipeBarrier<PIPE_ALL>();
    if ASCEND_IS_AIC {
        std::memcpy(out, NpuLocalHost(kNpuL0a), kL0Bytes);
        std::memcpy(out + kL0Bytes, NpuLocalHost(kNpuL0b), kL0Bytes);
    }
}
extern "C" __global__ const char* probe_load_row(size_t number) {
    return number < sizeof(kRows) / sizeof(kRows[0]) ? kRows[number].name : nullptr;
}
