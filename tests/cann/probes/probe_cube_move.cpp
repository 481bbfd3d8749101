// SPDX-License-Identifier: Apache-2.0
// Moves that fill and empty L1: one row a call and type. L1, the bias table and the Fixpipe buffer
// start as the input and all that they hold afterwards goes to the output, without an instruction.
#include <cstring>

#include "isa/isa.h"
#include "kernel_operator.h"

using namespace AscendC;

namespace {

constexpr uint32_t kL1Bytes = 16 * 1024;
constexpr uint32_t kBiasBytes = 1024;
constexpr uint32_t kFixbufBytes = 2048;

struct Buffers {
    LocalTensor<uint8_t> l1, bias, fixbuf;
    GlobalTensor<uint8_t> in, out;

    template <class T>
    __aicore__ LocalTensor<T> L1() const {
        return l1.template ReinterpretCast<T>();
    }
    template <class T>
    __aicore__ LocalTensor<T> Bias() const {
        return bias.template ReinterpretCast<T>();
    }
    template <class T>
    __aicore__ LocalTensor<T> Fixbuf() const {
        return fixbuf.template ReinterpretCast<T>();
    }
    template <class T>
    __aicore__ GlobalTensor<T> In() const {
        return As<T>(in);
    }
    template <class T>
    __aicore__ GlobalTensor<T> Out() const {
        return As<T>(out);
    }

 private:
    template <class T>
    __aicore__ static GlobalTensor<T> As(const GlobalTensor<uint8_t>& bytes) {
        GlobalTensor<T> tensor;
        tensor.SetGlobalBuffer((__gm__ T*)bytes.GetPhyAddr());
        return tensor;
    }
};

struct Row {
    const char* name;
    void (*call)(const Buffers&);
};

// clang-format off
#define ROW(name, ...) {name, [](const Buffers& u) { __VA_ARGS__; }},
#define MOVES(T)                                                                                 \
    ROW("gm_l1.count." #T, DataCopy(u.L1<T>(), u.In<T>()[32], 256))                              \
    ROW("gm_l1.params." #T, DataCopy(u.L1<T>(), u.In<T>()[32], DataCopyParams(3, 2, 1, 4)))      \
    ROW("gm_l1.enhanced." #T, DataCopy(u.L1<T>(), u.In<T>()[32], DataCopyParams(2, 3, 0, 1),     \
                                       DataCopyEnhancedParams()))                                \
    ROW("l1_gm.count." #T, DataCopy(u.Out<T>(), u.L1<T>(), 256))                                 \
    ROW("l1_gm.params." #T, DataCopy(u.Out<T>(), u.L1<T>(), DataCopyParams(3, 2, 1, 4)))         \
    ROW("l1_gm.enhanced." #T, DataCopy(u.Out<T>(), u.L1<T>(), DataCopyParams(2, 3, 0, 1),        \
                                       DataCopyEnhancedParams()))
#define FRACTALS(T)                                                                              \
    ROW("nd2nz.ragged." #T, DataCopy(u.L1<T>(), u.In<T>(),                                       \
                                     Nd2NzParams(1, 13, 21, 0, 24, 16, 1, 0)))                   \
    ROW("nd2nz.matrices." #T, DataCopy(u.L1<T>(), u.In<T>(),                                     \
                                       Nd2NzParams(2, 4, 40, 256, 48, 17, 2, 1536)))
#define TABLES(T)                                                                                \
    ROW("l1_bt.count." #T, DataCopy(u.Bias<T>(), u.L1<T>()[64], 64))                             \
    ROW("l1_bt.params." #T, DataCopy(u.Bias<T>(), u.L1<T>()[64], DataCopyParams(2, 3, 1, 2)))

const Row kRows[] = {
    MOVES(int8_t) MOVES(half) MOVES(bfloat16_t) MOVES(float) MOVES(uint32_t) MOVES(uint64_t)
    FRACTALS(int8_t) FRACTALS(uint8_t) FRACTALS(int16_t) FRACTALS(uint16_t) FRACTALS(half)
    FRACTALS(bfloat16_t) FRACTALS(int32_t) FRACTALS(uint32_t) FRACTALS(float)
    TABLES(float) TABLES(int32_t)
    ROW("l1_bt.convert", DataCopy(u.Bias<float>(), u.L1<half>()[64], DataCopyParams(2, 2, 1, 1)))
    ROW("l1_fb.count", DataCopy(u.Fixbuf<uint64_t>(), u.L1<uint64_t>()[64], 64))
    ROW("l1_fb.params", DataCopy(u.Fixbuf<uint64_t>(), u.L1<uint64_t>()[64],
                                 DataCopyParams(2, 3, 1, 2)))
};
// clang-format on

}  // namespace

// in: kL1Bytes. out: L1, bias table, Fixpipe buffer, then what calls write to GM. row: one int32.
extern "C" __global__ __aicore__ void probe_cube_move(GM_ADDR in, GM_ADDR out, GM_ADDR row) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    TPipe pipe;
    TBuf<TPosition::A1> l1;
    TBuf<TPosition::C2> bias;
    TBuf<TPosition::C2PIPE2GM> fixbuf;
    pipe.InitBuffer(l1, kL1Bytes);
    pipe.InitBuffer(bias, kBiasBytes);
    pipe.InitBuffer(fixbuf, kFixbufBytes);
    Buffers buffers{l1.Get<uint8_t>(), bias.Get<uint8_t>(), fixbuf.Get<uint8_t>(), {}, {}};
    buffers.in.SetGlobalBuffer(in);
    buffers.out.SetGlobalBuffer(out + kL1Bytes + kBiasBytes + kFixbufBytes);
    GlobalTensor<int32_t> number;
    number.SetGlobalBuffer((__gm__ int32_t*)row);
    DataCopy(buffers.l1, buffers.in, kL1Bytes);
    PipeBarrier<PIPE_ALL>();
    // The CPU build of the headers fills buffers with values of its own.
    DataCopy(buffers.Bias<float>(), buffers.L1<float>(), kBiasBytes / sizeof(float));
    DataCopy(buffers.Fixbuf<uint64_t>(), buffers.L1<uint64_t>(), kFixbufBytes / sizeof(uint64_t));
    PipeBarrier<PIPE_ALL>();
    kRows[number.GetValue(0)].call(buffers);
    PipeBarrier<PIPE_ALL>();
    if ASCEND_IS_AIC {
        std::memcpy(out, NpuLocalHost(kNpuL1), kL1Bytes);
        std::memcpy(out + kL1Bytes, NpuLocalHost(kNpuBias), kBiasBytes);
        std::memcpy(out + kL1Bytes + kBiasBytes, NpuLocalHost(kNpuFixbuf), kFixbufBytes);
    }
}
extern "C" __global__ const char* probe_cube_move_row(size_t number) {
    return number < sizeof(kRows) / sizeof(kRows[0]) ? kRows[number].name : nullptr;
}
