// SPDX-License-Identifier: Apache-2.0
// Moves out of L0C: one row a call and type. L1 and L0C start as the input; GM takes what the call
// writes there, and all of L1 goes to the output afterwards, without an instruction.
#include <cstring>

#include "isa/isa.h"
#include "kernel_operator.h"

using namespace AscendC;

namespace {

constexpr uint32_t kInBytes = 16 * 1024;  // of L1, and what L0C holds
constexpr uint16_t kSide = 16;

struct Buffers {
    LocalTensor<uint8_t> l1, l0c, fixbuf;
    GlobalTensor<uint8_t> out;

    template <class T>
    __aicore__ LocalTensor<T> Source() const {
        return l0c.template ReinterpretCast<T>();
    }
    template <class T>
    __aicore__ LocalTensor<T> L1() const {
        return l1[kInBytes / 2].template ReinterpretCast<T>();
    }
    __aicore__ LocalTensor<uint64_t> Parameters() const {
        return l1.template ReinterpretCast<uint64_t>();
    }
    __aicore__ LocalTensor<uint64_t> Fixbuf() const {
        return fixbuf.template ReinterpretCast<uint64_t>();
    }
    template <class T>
    __aicore__ GlobalTensor<T> Gm() const {
        GlobalTensor<T> tensor;
        tensor.SetGlobalBuffer((__gm__ T*)out.GetPhyAddr());
        return tensor;
    }
};

struct Row {
    const char* name;
    void (*call)(const Buffers&);
};

constexpr uint64_t kScale = 0x3F000000ull | 5ull << 37 | 1ull << 46;  // 0.5, offset 5, signed

__aicore__ inline FixpipeParamsV220 New(uint16_t n, uint32_t stride, QuantMode_t quant) {
    return FixpipeParamsV220(n, 21, 32, stride, true, quant, static_cast<int64_t>(kScale), 1, 0, 0,
                             0);
}

template <class U>
__aicore__ inline FixpipeParams<U> Old(QuantMode_t quant, bool rows) {
    FixpipeParams<U> params(2, 32, 1, 40);
    params.quantParams = QuantParams(quant, kScale);
    params.nz2ndParams = Nz2NdParams(rows, 1, 0, 0, 31);
    return params;
}

__aicore__ inline DataCopyCO12DstParams Plain(QuantMode_t quant, bool rows) {
    return DataCopyCO12DstParams(32, 21, 70, 32, quant, 1, false, rows);
}

// Registers of DataCopy, the parameters of the columns in the second half of the Fixpipe buffer.
__aicore__ inline void SetRegisters(const Buffers& u) {
    SetFixpipeNz2ndFlag(2, 1, 2000);
    SetFixpipePreQuantFlag(kScale);
    DataCopy(u.Fixbuf()[128], u.Parameters(), DataCopyParams(1, 2, 0, 0));
    SetFixPipeConfig(u.Fixbuf()[128]);
    PipeBarrier<PIPE_FIX>();
}

// clang-format off
#define ROW(name, ...) {name, [](const Buffers& u) { __VA_ARGS__; }},
#define TO_GM(T, U, quant)                                                                       \
    ROW("gm.rows." #quant "." #T,                                                                \
        Fixpipe<T, U, CFG_ROW_MAJOR>(u.Gm<T>(), u.Source<U>(), New(35, 50, QuantMode_t::quant))) \
    ROW("gm.blocks." #quant "." #T,                                                              \
        Fixpipe<T, U, CFG_NZ>(u.Gm<T>(), u.Source<U>(), New(48, 90, QuantMode_t::quant)))        \
    ROW("gm.old." #quant "." #T,                                                                 \
        Fixpipe(u.Gm<T>(), u.Source<U>(), Old<U>(QuantMode_t::quant, false)))                    \
    ROW("gm.old.rows." #quant "." #T,                                                            \
        Fixpipe(u.Gm<T>(), u.Source<U>(), Old<U>(QuantMode_t::quant, true)))
#define TO_L1(T, U, quant)                                                                       \
    ROW("l1." #quant "." #T,                                                                     \
        Fixpipe<T, U, CFG_NZ>(u.L1<T>(), u.Source<U>(), New(48, 70, QuantMode_t::quant)))        \
    ROW("l1.old." #quant "." #T,                                                                 \
        Fixpipe(u.L1<T>(), u.Source<U>(), Old<U>(QuantMode_t::quant, false)))
#define BY_COLUMN(T, U, quant)                                                                   \
    ROW("gm.rows." #quant "." #T,                                                                \
        Fixpipe<T, U, CFG_ROW_MAJOR>(u.Gm<T>(), u.Source<U>(), u.Parameters(),                   \
                                     New(35, 50, QuantMode_t::quant)))                           \
    ROW("gm.steps." #quant "." #T,                                                               \
        Fixpipe<T, U, CFG_NZ>(u.Gm<T>(), u.Source<U>(), u.Parameters(),                          \
                              FixpipeParamsV220(272, 5, 5, 20, false, QuantMode_t::quant, 0, 1,  \
                                                0, 0, 0)))                                       \
    ROW("gm.old." #quant "." #T,                                                                 \
        Fixpipe(u.Gm<T>(), u.Source<U>(), u.Parameters(), Old<U>(QuantMode_t::quant, true)))
#define BY_COLUMN_L1(T, U, quant)                                                                \
    ROW("l1." #quant "." #T,                                                                     \
        Fixpipe<T, U, CFG_NZ>(u.L1<T>(), u.Source<U>(), u.Parameters(),                          \
                              New(48, 70, QuantMode_t::quant)))                                  \
    ROW("l1.old." #quant "." #T,                                                                 \
        Fixpipe(u.L1<T>(), u.Source<U>(), u.Parameters(), Old<U>(QuantMode_t::quant, false)))
#define COPIES(T, U, quant)                                                                      \
    ROW("copy.rows." #quant "." #T, SetRegisters(u);                                             \
        DataCopy(u.Gm<T>(), u.Source<U>(), Plain(QuantMode_t::quant, true)))                     \
    ROW("copy.blocks." #quant "." #T, SetRegisters(u);                                           \
        DataCopy(u.Gm<T>(), u.Source<U>(), Plain(QuantMode_t::quant, false)))
#define COPIES_L1(T, U, quant)                                                                   \
    ROW("copy.l1." #quant "." #T, SetRegisters(u);                                               \
        DataCopy(u.L1<T>(), u.Source<U>(), Plain(QuantMode_t::quant, false)))

const Row kRows[] = {
    TO_GM(float, float, NoQuant) TO_GM(half, float, F322F16) TO_GM(bfloat16_t, float, F322BF16)
    TO_GM(int8_t, float, QF322B8_PRE) TO_GM(uint8_t, float, QF322B8_PRE)
    TO_GM(int32_t, int32_t, NoQuant) TO_GM(half, int32_t, DEQF16) TO_GM(int8_t, int32_t, REQ8)
    TO_GM(uint8_t, int32_t, REQ8)
    TO_L1(half, float, F322F16) TO_L1(bfloat16_t, float, F322BF16)
    TO_L1(int8_t, float, QF322B8_PRE) TO_L1(half, int32_t, DEQF16) TO_L1(int8_t, int32_t, REQ8)
    TO_L1(uint8_t, int32_t, REQ8)
    BY_COLUMN(int8_t, float, VQF322B8_PRE) BY_COLUMN(half, int32_t, VDEQF16)
    BY_COLUMN(uint8_t, int32_t, VREQ8)
    BY_COLUMN_L1(int8_t, float, VQF322B8_PRE) BY_COLUMN_L1(half, int32_t, VDEQF16)
    BY_COLUMN_L1(uint8_t, int32_t, VREQ8)
    COPIES(float, float, NoQuant) COPIES(half, float, F322F16) COPIES(half, int32_t, DEQF16)
    COPIES(half, int32_t, VDEQF16) COPIES(int8_t, int32_t, VREQ8)
    COPIES(uint8_t, float, QF322B8_PRE)
    COPIES_L1(half, float, F322F16) COPIES_L1(int8_t, int32_t, VREQ8)
    ROW("gm.split",
        Fixpipe<float, float, CFG_NZ>(u.Gm<float>(), u.Source<float>(),
                                      FixpipeParamsV220(24, 21, 32, 40, false, QuantMode_t::NoQuant,
                                                        0, 1, 0, 0, 0, true)))
};
// clang-format on

}  // namespace

// in: parameters of quantisation, then accumulators; kInBytes. out: L1, then what calls write to
// GM. row: one int32.
extern "C" __global__ __aicore__ void probe_fixpipe(GM_ADDR in, GM_ADDR out, GM_ADDR row) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    TPipe pipe;
    TBuf<TPosition::A1> l1;
    TBuf<TPosition::A2> left;
    TBuf<TPosition::B2> right;
    TBuf<TPosition::CO1> l0c;
    TBuf<TPosition::C2PIPE2GM> fixbuf;
    pipe.InitBuffer(l1, 2 * kInBytes);
    pipe.InitBuffer(left, kInBytes);
    pipe.InitBuffer(right, kInBytes);
    pipe.InitBuffer(l0c, 8 * kInBytes);
    pipe.InitBuffer(fixbuf, 2048);
    Buffers buffers{l1.Get<uint8_t>(), l0c.Get<uint8_t>(), fixbuf.Get<uint8_t>(), {}};
    GlobalTensor<uint8_t> source;
    source.SetGlobalBuffer(in);
    buffers.out.SetGlobalBuffer(out + 2 * kInBytes);
    GlobalTensor<int32_t> number;
    number.SetGlobalBuffer((__gm__ int32_t*)row);
    DataCopy(buffers.l1, source, kInBytes);
    DataCopy(buffers.l1[kInBytes], source, kInBytes);
    PipeBarrier<PIPE_ALL>();
    // A product defines L0C; its bytes are those of the input.
    LoadData2DParams load;
    load.repeatTimes = kSide;
    load.srcStride = 1;
    LoadData(left.Get<half>(), buffers.l1.ReinterpretCast<half>(), load);
    LoadData(right.Get<half>(), buffers.l1.ReinterpretCast<half>(), load);
    PipeBarrier<PIPE_ALL>();
    MmadParams params;
    params.m = 128;
    params.n = 256;
    params.k = kSide;
    Mmad(buffers.Source<float>(), left.Get<half>(), right.Get<half>(), params);
    PipeBarrier<PIPE_ALL>();
    if ASCEND_IS_AIC {
        for (uint32_t part = 0; part < 8; ++part) {
            std::memcpy(NpuLocalHost(kNpuL0c) + part * kInBytes, in, kInBytes);
        }
    }
    kRows[number.GetValue(0)].call(buffers);
    PipeBarrier<PIPE_ALL>();
    if ASCEND_IS_AIC {
        std::memcpy(out, NpuLocalHost(kNpuL1), 2 * kInBytes);
    }
}
extern "C" __global__ const char* probe_fixpipe_row(size_t number) {
    return number < sizeof(kRows) / sizeof(kRows[0]) ? kRows[number].name : nullptr;
}
