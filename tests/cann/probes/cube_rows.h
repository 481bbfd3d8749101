// SPDX-License-Identifier: Apache-2.0
// Kernels that make one call of the cube API each, chosen by number: for comparing front ends.
//
// L1 is loaded from the input. A row fills what else it needs; afterwards the start of every local
// memory is copied to the output byte by byte, undefined bytes included (0 before the call).
#pragma once

#include <cstring>

#include "kernel_operator.h"

namespace probe {

using namespace AscendC;

// What a row may use of each memory, in bytes. In the output they follow each other in this order.
constexpr uint32_t kL1Bytes = 32 * 1024;
constexpr uint32_t kL0Bytes = 16 * 1024;  // of L0A and of L0B
constexpr uint32_t kL0cBytes = 32 * 1024;
constexpr uint32_t kBiasBytes = 1024;
constexpr uint32_t kFixBytes = 2048;
constexpr uint32_t kGmBytes = 32 * 1024;  // behind the image of L1 in the input, and of the output
constexpr uint32_t kLocalBytes = kL1Bytes + 2 * kL0Bytes + kL0cBytes + kBiasBytes + kFixBytes;

class CubeMemories {
 public:
    __aicore__ CubeMemories(GM_ADDR in, GM_ADDR out) : in_(in), out_(out) {
        pipe_.InitBuffer(a1_, kL1Bytes);
        pipe_.InitBuffer(a2_, kL0Bytes);
        pipe_.InitBuffer(b2_, kL0Bytes);
        pipe_.InitBuffer(co1_, kL0cBytes);
        pipe_.InitBuffer(c2_, kBiasBytes);
        pipe_.InitBuffer(fix_, kFixBytes);
        // The CPU build of the headers fills buffers with values of its own.
        ForEachMemory(
            [](NpuMemory memory, uint32_t bytes) { std::memset(NpuLocalHost(memory), 0, bytes); });
        DataCopy(L1<uint8_t>(), Global<uint8_t>(in_), kL1Bytes);
        PipeBarrier<PIPE_ALL>();
    }

    // Tensors from a byte offset on.
    template <class T>
    __aicore__ LocalTensor<T> L1(uint32_t offset = 0) const {
        return At<T>(a1_, offset);
    }
    template <class T>
    __aicore__ LocalTensor<T> A(uint32_t offset = 0) const {
        return At<T>(a2_, offset);
    }
    template <class T>
    __aicore__ LocalTensor<T> B(uint32_t offset = 0) const {
        return At<T>(b2_, offset);
    }
    template <class T>
    __aicore__ LocalTensor<T> C(uint32_t offset = 0) const {
        return At<T>(co1_, offset);
    }
    template <class T>
    __aicore__ LocalTensor<T> Bias(uint32_t offset = 0) const {
        return At<T>(c2_, offset);
    }
    template <class T>
    __aicore__ LocalTensor<T> Fix(uint32_t offset = 0) const {
        return At<T>(fix_, offset);
    }
    template <class T>
    __aicore__ GlobalTensor<T> In() const {
        return Global<T>(in_ + kL1Bytes);
    }
    template <class T>
    __aicore__ GlobalTensor<T> Out() const {
        return Global<T>(out_ + kLocalBytes);
    }

    // L0A and L0B: 16 fractals each, from the first and the second 8 KiB of L1.
    template <class T>
    __aicore__ void FillL0() const {
        LoadData(A<T>(), L1<T>(), LoadData2DParams(0, 16, 1, 0, 0, false, 0));
        LoadData(B<T>(), L1<T>(8192), LoadData2DParams(0, 16, 1, 0, 0, false, 0));
        PipeBarrier<PIPE_ALL>();
    }
    // The start of the bias table, from 16 KiB of L1 on.
    template <class T>
    __aicore__ void FillBias() const {
        DataCopy(Bias<T>(), L1<T>(16384), DataCopyParams(1, 4, 0, 0));
        PipeBarrier<PIPE_ALL>();
    }
    // L0C: a product of [64, k] and [k, 64], where 64 rows of k elements take 8 KiB.
    template <class C, class T>
    __aicore__ void FillC() const {
        FillL0<T>();
        Mmad(this->C<C>(), A<T>(), B<T>(), MmadParams(64, 64, 128 / sizeof(T), 0, false, true));
        PipeBarrier<PIPE_ALL>();
    }

    __aicore__ void StoreAll() const {
        PipeBarrier<PIPE_ALL>();
        GM_ADDR to = out_;
        ForEachMemory([&to](NpuMemory memory, uint32_t bytes) {
            std::memcpy(to, NpuLocalHost(memory), bytes);
            to += bytes;
        });
    }

 private:
    template <class Visit>
    static __aicore__ void ForEachMemory(const Visit& visit) {
        visit(kNpuL1, kL1Bytes);
        visit(kNpuL0a, kL0Bytes);
        visit(kNpuL0b, kL0Bytes);
        visit(kNpuL0c, kL0cBytes);
        visit(kNpuBias, kBiasBytes);
        visit(kNpuFixbuf, kFixBytes);
    }
    template <class T, class Buffer>
    static __aicore__ LocalTensor<T> At(Buffer& buffer, uint32_t offset) {
        return buffer.template Get<uint8_t>()[offset].template ReinterpretCast<T>();
    }
    template <class T>
    static __aicore__ GlobalTensor<T> Global(GM_ADDR address) {
        GlobalTensor<T> tensor;
        tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address));
        return tensor;
    }

    GM_ADDR in_;
    GM_ADDR out_;
    TPipe pipe_;
    // Get is not const.
    mutable TBuf<TPosition::A1> a1_;
    mutable TBuf<TPosition::A2> a2_;
    mutable TBuf<TPosition::B2> b2_;
    mutable TBuf<TPosition::CO1> co1_;
    mutable TBuf<TPosition::C2> c2_;
    mutable TBuf<TPosition::C2PIPE2GM> fix_;
};

struct CubeRow {
    const char* name;
    void (*call)(const CubeMemories&);
};

template <size_t kCount>
__aicore__ inline void RunCubeRow(const CubeRow (&rows)[kCount], GM_ADDR in, GM_ADDR out,
                                  GM_ADDR row) {
    GlobalTensor<int32_t> number;
    number.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(row));
    const CubeMemories memories(in, out);
    rows[number.GetValue(0)].call(memories);
    memories.StoreAll();
}

}  // namespace probe

// The kernel `name` over `rows`, and its row names for the test: null after the last.
#define CUBE_PROBE_KERNEL(kernel, rows)                                                  \
    extern "C" __global__ __aicore__ void kernel(GM_ADDR in, GM_ADDR out, GM_ADDR row) { \
        probe::RunCubeRow(rows, in, out, row);                                           \
    }                                                                                    \
    extern "C" __global__ const char* kernel##_row(size_t number) {                      \
        return number < sizeof(rows) / sizeof(rows[0]) ? rows[number].name : nullptr;    \
    }

// One row; `call` sees the memories as `u`.
#define CUBE_ROW(name, ...) {name, [](const probe::CubeMemories& u) { __VA_ARGS__; }},
