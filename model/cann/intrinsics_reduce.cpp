// SPDX-License-Identifier: Apache-2.0
// Intrinsics that reduce, broadcast, gather, compress and transpose.
#include "elements.h"

using npu_cann::kTypeOf;
using npu_cann::Ub;

#define NPU_REDUCE_STRIDES \
    uint8_t repeats, uint16_t targetStep, uint16_t sourceBlock, uint16_t sourceStep
#define NPU_REDUCE_REPEAT {repeats, targetStep, sourceBlock, sourceStep}

#define NPU_REDUCE(name, op, T)                                           \
    void name(T* target, T* source, NPU_REDUCE_STRIDES) {                 \
        const NpuReduceRepeat repeat NPU_REDUCE_REPEAT;                   \
        NpuVectorReduce(op, kTypeOf<T>, Ub(target), Ub(source), &repeat); \
    }
NPU_FLOATS(NPU_REDUCE, vcgadd, kNpuVcgadd)
NPU_FLOATS(NPU_REDUCE, vcgmax, kNpuVcgmax)
NPU_FLOATS(NPU_REDUCE, vcgmin, kNpuVcgmin)
NPU_FLOATS(NPU_REDUCE, vcpadd, kNpuVcpadd)

#define NPU_SUM(T)                                                                   \
    void vcadd(T* target, T* source, NPU_REDUCE_STRIDES, bool intoRegister) {        \
        const NpuReduceRepeat repeat NPU_REDUCE_REPEAT;                              \
        if (intoRegister) {                                                          \
            NpuVectorAccumulate(kTypeOf<T>, Ub(source), &repeat);                    \
        } else {                                                                     \
            NpuVectorReduce(kNpuVcadd, kTypeOf<T>, Ub(target), Ub(source), &repeat); \
        }                                                                            \
    }
NPU_SUM(half)
NPU_SUM(float)

// Order_t counts as NpuExtremeOrder does.
#define NPU_EXTREME(name, largest, T)                                                          \
    void name(T* target, T* source, NPU_REDUCE_STRIDES, Order_t order) {                       \
        const NpuReduceRepeat repeat NPU_REDUCE_REPEAT;                                        \
        NpuVectorExtreme(largest, static_cast<NpuExtremeOrder>(order), kTypeOf<T>, Ub(target), \
                         Ub(source), &repeat);                                                 \
    }
NPU_FLOATS(NPU_EXTREME, vcmax, true)
NPU_FLOATS(NPU_EXTREME, vcmin, false)

int64_t get_acc_val() { return static_cast<int64_t>(NpuAccumulator()); }
int64_t get_max_min_cnt() { return static_cast<int64_t>(NpuExtremeResult()); }
int64_t get_rsvd_cnt() { return static_cast<int64_t>(NpuCompressedCount()); }

#define NPU_BROADCAST(T)                                                                           \
    void vbrcb(T* target, T* source, uint16_t targetBlock, uint16_t targetStep, uint8_t repeats) { \
        const NpuBroadcastRepeat repeat{repeats, targetBlock, targetStep};                         \
        NpuVectorBroadcast(kTypeOf<T>, Ub(target), Ub(source), &repeat);                           \
    }
NPU_BROADCAST(uint16_t)
NPU_BROADCAST(uint32_t)

namespace AscendC {

// Tells the simulator of CANN what a gather may read; the instruction checks the range of UB.
void SetModelGatherbSrc0Tensor(uint64_t, uint32_t) {}

}  // namespace AscendC

namespace {

// The intrinsic gets the low half of a host address.
uint64_t GatherBase(uint32_t lowHalf) {
    return lowHalf - static_cast<uint32_t>(reinterpret_cast<uintptr_t>(NpuLocalHost(kNpuUb)));
}

}  // namespace

#define NPU_GATHER(T)                                                                        \
    void vgather(T* target, uint32_t* offsets, uint32_t base, uint16_t targetStep,           \
                 uint8_t repeats) {                                                          \
        NpuVectorGather(kTypeOf<T>, Ub(target), Ub(offsets), GatherBase(base), repeats,      \
                        targetStep);                                                         \
    }                                                                                        \
    void vgatherb(T* target, uint32_t* offsets, uint32_t base, uint16_t targetStep,          \
                  uint8_t targetBlock, uint8_t repeats) {                                    \
        NpuVectorGatherBlock(kTypeOf<T>, Ub(target), Ub(offsets), GatherBase(base), repeats, \
                             {targetBlock, targetStep});                                     \
    }                                                                                        \
    void vreducev2(T* target, T* source, T* mask, uint16_t repeats, uint8_t sourceBlock,     \
                   uint8_t pattern, uint16_t sourceStep, uint8_t maskStep) {                 \
        const NpuCompressRepeat repeat{repeats, {sourceBlock, sourceStep}, maskStep};        \
        NpuVectorCompress(kTypeOf<T>, Ub(target), Ub(source), Ub(mask), pattern, &repeat);   \
    }
NPU_GATHER(uint16_t)
NPU_GATHER(uint32_t)

void vtranspose(uint16_t* target, uint16_t* source) { NpuVectorTranspose(Ub(target), Ub(source)); }

void set_va_reg_sb(ub_addr8_t number, uint64_t* pointers) {
    constexpr int kAddresses = 8;
    uint64_t addresses[kAddresses];
    for (int i = 0; i < kAddresses; ++i) {
        addresses[i] = Ub(reinterpret_cast<const void*>(pointers[i]));
    }
    NpuSetAddressRegister(number, addresses);
}
void vld_va_reg(ub_addr8_t number, uint64_t* source, vpart_t half) {
    NpuLoadAddressRegister(number, Ub(source), half == H128);
}

void scatter_vnchwconv_b8(ub_addr8_t, ub_addr8_t, uint8_t repeats, uint16_t targetStep,
                          uint16_t sourceStep, bool targetHigh, bool sourceHigh) {
    const NpuRearrangeRepeat repeat{repeats, targetStep, sourceStep, targetHigh, sourceHigh};
    NpuVectorRearrange(1, &repeat);
}
void scatter_vnchwconv_b16(ub_addr8_t, ub_addr8_t, uint8_t repeats, uint16_t targetStep,
                           uint16_t sourceStep) {
    const NpuRearrangeRepeat repeat{repeats, targetStep, sourceStep, false, false};
    NpuVectorRearrange(2, &repeat);
}
void scatter_vnchwconv_b32(ub_addr8_t, ub_addr8_t, uint8_t repeats, uint16_t targetStep,
                           uint16_t sourceStep) {
    const NpuRearrangeRepeat repeat{repeats, targetStep, sourceStep, false, false};
    NpuVectorRearrange(4, &repeat);
}
