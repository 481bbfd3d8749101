// SPDX-License-Identifier: Apache-2.0
// Kernels that make one call of the vector API each, chosen by number: for comparing front ends.
//
// All of the memory comes from the input and goes to the output, so a call may use it as it likes.
// The input and the output have one more area, for moves of the call's own.
#pragma once

#include "kernel_operator.h"

namespace probe {

using namespace AscendC;

constexpr uint32_t kAreaBytes = 4096;
constexpr uint32_t kAreas = 6;

// dst, src0, src1, work: any bits. offsets: byte offsets for Gather, multiples of 32 below 2048.
class Areas {
 public:
    __aicore__ Areas(const LocalTensor<uint8_t>& all, GM_ADDR in, GM_ADDR out)
        : all_(all), in_(in + kAreas * kAreaBytes), out_(out + kAreas * kAreaBytes) {}
    template <class T>
    __aicore__ LocalTensor<T> Dst() const {
        return At<T>(0);
    }
    template <class T>
    __aicore__ LocalTensor<T> Src0() const {
        return At<T>(1);
    }
    template <class T>
    __aicore__ LocalTensor<T> Src1() const {
        return At<T>(2);
    }
    template <class T>
    __aicore__ LocalTensor<T> Work() const {
        return At<T>(3);
    }
    __aicore__ LocalTensor<uint32_t> Offsets() const { return At<uint32_t>(4); }
    // What scalar results are stored to.
    __aicore__ LocalTensor<uint64_t> Results() const { return At<uint64_t>(5); }

    template <class T>
    __aicore__ GlobalTensor<T> In() const {
        return Global<T>(in_);
    }
    template <class T>
    __aicore__ GlobalTensor<T> Out() const {
        return Global<T>(out_);
    }

 private:
    template <class T>
    __aicore__ LocalTensor<T> At(uint32_t area) const {
        return all_[area * kAreaBytes].template ReinterpretCast<T>();
    }
    template <class T>
    static __aicore__ GlobalTensor<T> Global(GM_ADDR address) {
        GlobalTensor<T> tensor;
        tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address));
        return tensor;
    }

    LocalTensor<uint8_t> all_;
    GM_ADDR in_;
    GM_ADDR out_;
};

struct Row {
    const char* name;
    void (*call)(const Areas&);
};

// in, out: kAreas + 1 areas. row: one int32.
template <size_t kCount>
__aicore__ inline void RunRow(const Row (&rows)[kCount], GM_ADDR in, GM_ADDR out, GM_ADDR row) {
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, kAreas * kAreaBytes);
    const LocalTensor<uint8_t> all = buffer.Get<uint8_t>();
    GlobalTensor<int32_t> number;
    number.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(row));
    GlobalTensor<uint8_t> from;
    from.SetGlobalBuffer(in);
    DataCopy(all, from, kAreas * kAreaBytes);
    PipeBarrier<PIPE_ALL>();
    rows[number.GetValue(0)].call(Areas(all, in, out));
    PipeBarrier<PIPE_ALL>();
    GlobalTensor<uint8_t> to;
    to.SetGlobalBuffer(out);
    DataCopy(to, all, kAreas * kAreaBytes);
}

}  // namespace probe

// The kernel `name` over `rows`, and its row names for the test: null after the last.
#define PROBE_KERNEL(kernel, rows)                                                       \
    extern "C" __global__ __aicore__ void kernel(GM_ADDR in, GM_ADDR out, GM_ADDR row) { \
        probe::RunRow(rows, in, out, row);                                               \
    }                                                                                    \
    extern "C" __global__ const char* kernel##_row(size_t number) {                      \
        return number < sizeof(rows) / sizeof(rows[0]) ? rows[number].name : nullptr;    \
    }

// One row; `call` sees the areas as `u`.
#define PROBE_ROW(name, ...) {name, [](const probe::Areas& u) { __VA_ARGS__; }},
