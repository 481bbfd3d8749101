// SPDX-License-Identifier: Apache-2.0
// Intrinsics that compare and select.
#include "elements.h"

using npu_cann::BitsOf;
using npu_cann::kTypeOf;
using npu_cann::Ub;

#define NPU_COMPARE_TO_MASK(letters, relation, T)                                        \
    void vcmp_##letters(T* source0, T* source1, NPU_BINARY_STRIDES) {                    \
        const NpuBinaryRepeat repeat NPU_BINARY_REPEAT;                                  \
        NpuVectorCompareToMask(relation, kTypeOf<T>, Ub(source0), Ub(source1), &repeat); \
    }
#define NPU_COMPARE(letters, relation, T)                                                      \
    void vcmpv_##letters(uint8_t* target, T* source0, T* source1, NPU_BINARY_STRIDES) {        \
        const NpuBinaryRepeat repeat NPU_BINARY_REPEAT;                                        \
        NpuVectorCompare(relation, kTypeOf<T>, Ub(target), Ub(source0), Ub(source1), &repeat); \
    }
#define NPU_COMPARE_SCALAR(letters, relation, T)                                               \
    void vcmpvs_##letters(uint8_t* target, T* source, T scalar, NPU_UNARY_STRIDES(uint16_t)) { \
        const NpuUnaryRepeat repeat NPU_UNARY_REPEAT;                                          \
        NpuVectorCompareScalar(relation, kTypeOf<T>, Ub(target), Ub(source), BitsOf(scalar),   \
                               &repeat);                                                       \
    }
#define NPU_COMPARES(letters, relation)                \
    NPU_FLOATS(NPU_COMPARE_TO_MASK, letters, relation) \
    NPU_FLOATS(NPU_COMPARE, letters, relation)         \
    NPU_FLOATS(NPU_COMPARE_SCALAR, letters, relation)
NPU_COMPARES(lt, kNpuLess)
NPU_COMPARES(gt, kNpuGreater)
NPU_COMPARES(eq, kNpuEqual)
NPU_COMPARES(le, kNpuLessEqual)
NPU_COMPARES(ge, kNpuGreaterEqual)
NPU_COMPARES(ne, kNpuNotEqual)
NPU_COMPARE(eq, kNpuEqual, int32_t)
NPU_COMPARE_SCALAR(eq, kNpuEqual, int32_t)

void get_cmpmask(void* target) { NpuGetCompareMask(Ub(target)); }

// For a selection by a tensor the CPU build of the headers stores the host address of its bits at
// `source`. On the device it fills 32 lanes there with the UB address, so this does the same.
void set_cmpmask(void* source) {
    constexpr uint32_t kLanes = 32;
    void* bits;
    std::memcpy(&bits, source, sizeof(bits));
    const uint32_t address = Ub(bits);
    if (address >= NpuLocalBytes(kNpuUb)) {
        NpuSetCompareMask(Ub(source));
        return;
    }
    NpuSetVectorMask(0, npu_cann::control.counterMode ? kLanes : (uint64_t{1} << kLanes) - 1);
    const NpuVectorStride stride{1, 8};
    NpuVectorFill(kNpuU32, Ub(source), address, 1, &stride);
    NpuPipeBarrier(kNpuPipeV);
    NpuSetCompareMask(Ub(source));
    NpuPipeBarrier(kNpuPipeV);
    NpuSetVectorMask(npu_cann::control.maskHigh, npu_cann::control.maskLow);
}

#define NPU_SELECT(T)                                                                           \
    void vsel(T* target, T* source0, T* source1, NPU_BINARY_STRIDES) {                          \
        const NpuBinaryRepeat repeat NPU_BINARY_REPEAT;                                         \
        NpuVectorSelect(kNpuSelectByRegister, kTypeOf<T>, Ub(target), Ub(source0), Ub(source1), \
                        &repeat);                                                               \
    }                                                                                           \
    void vsel(T* target, T* source0, T* source1, NPU_BINARY_STRIDES, uint8_t mode) {            \
        const NpuBinaryRepeat repeat NPU_BINARY_REPEAT;                                         \
        NpuVectorSelect(static_cast<NpuSelectMode>(mode), kTypeOf<T>, Ub(target), Ub(source0),  \
                        Ub(source1), &repeat);                                                  \
    }                                                                                           \
    void vsel(T* target, T* source0, void* bits, NPU_BINARY_STRIDES, uint8_t mode) {            \
        const NpuBinaryRepeat repeat NPU_BINARY_REPEAT;                                         \
        NpuVectorSelect(static_cast<NpuSelectMode>(mode), kTypeOf<T>, Ub(target), Ub(source0),  \
                        Ub(bits), &repeat);                                                     \
    }
NPU_SELECT(half)
NPU_SELECT(float)
