// SPDX-License-Identifier: Apache-2.0
// Kernels that make one call of the vector API each, chosen by number: for comparing front ends.
//
// All of the memory comes from the input and goes to the output, so a call may use it as it likes.
#pragma once

#include "kernel_operator.h"

namespace probe {

using namespace AscendC;

constexpr uint32_t kAreaBytes = 4096;
constexpr uint32_t kAreas = 6;

// dst, src0, src1, work: any bits. offsets: byte offsets for Gather, multiples of 32 below 2048.
class Areas {
 public:
    explicit __aicore__ Areas(const LocalTensor<uint8_t>& all) : all_(all) {}
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

 private:
    template <class T>
    __aicore__ LocalTensor<T> At(uint32_t area) const {
        return all_[area * kAreaBytes].template ReinterpretCast<T>();
    }

    LocalTensor<uint8_t> all_;
};

struct Row {
    const char* name;
    void (*call)(const Areas&);
};

template <HardEvent event>
__aicore__ inline void Order(TPipe& pipe) {
    const TEventID id = pipe.AllocEventID<event>();
    SetFlag<event>(id);
    WaitFlag<event>(id);
    pipe.ReleaseEventID<event>(id);
}

// in, out: kAreas * kAreaBytes bytes. row: one int32.
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
    Order<HardEvent::MTE2_V>(pipe);
    Order<HardEvent::MTE2_S>(pipe);
    rows[number.GetValue(0)].call(Areas(all));
    Order<HardEvent::V_S>(pipe);
    Order<HardEvent::V_MTE3>(pipe);
    Order<HardEvent::S_MTE3>(pipe);
    GlobalTensor<uint8_t> to;
    to.SetGlobalBuffer(out);
    DataCopy(to, all, kAreas * kAreaBytes);
}

}  // namespace probe

// The kernel `name` over `rows`, and its row names for the test: null after the last.
#define PROBE_KERNEL(kernel, rows)                                                            \
    extern "C" __global__ __aicore__ void kernel(GM_ADDR in, GM_ADDR out, GM_ADDR row) {      \
        probe::RunRow(rows, in, out, row);                                                    \
    }                                                                                         \
    extern "C" __global__ const char* kernel##_row(size_t number) {                           \
        return number < sizeof(rows) / sizeof(rows[0]) ? rows[number].name : nullptr;         \
    }

// One row; `call` sees the areas as `u`.
#define PROBE_ROW(name, ...) {name, [](const probe::Areas& u) { __VA_ARGS__; }},
