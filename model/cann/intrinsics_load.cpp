// SPDX-License-Identifier: Apache-2.0
// Intrinsics that load fractals into L0A and L0B, the registers of image loads, constant fills.
#include "elements.h"

using npu_cann::Gm;
using npu_cann::kTypeOf;
using npu_cann::LocalAddress;

namespace {

uint32_t L1(const void* pointer) { return LocalAddress(kNpuL1, pointer); }

void LoadFractals(NpuMemory memory, const void* target, const void* source, NpuType type,
                  const NpuFractalLoad& load) {
    NpuLoadL1ToL0(memory, LocalAddress(memory, target), L1(source), type, &load);
}
void LoadGm(NpuMemory memory, const void* target, const void* source, NpuType type,
            const NpuFractalLoad& load, addr_cal_mode_t mode) {
    NpuLoadGm(memory, LocalAddress(memory, target), Gm(source), type, &load, mode == dec);
}
void LoadSquares(NpuMemory memory, const void* target, const void* source, NpuType type,
                 const NpuSquareLoad& load) {
    NpuLoadSquares(memory, LocalAddress(memory, target), L1(source), type, &load);
}
void LoadImage(NpuMemory memory, const void* target, const void* source, NpuType type,
               const NpuImageLoad& load) {
    NpuLoadImage(memory, LocalAddress(memory, target), L1(source), type, &load);
}

// `repeat` holds the three counts, 16 bits each.
template <class T>
void FillConstant(NpuMemory memory, const void* target, int64_t repeat, uint32_t value) {
    const auto field = [repeat](int first) { return static_cast<uint16_t>(repeat >> first); };
    const NpuConstantFill fill{field(0), field(16), field(32)};
    NpuFillConstant(memory, LocalAddress(memory, target), kTypeOf<T>, value, &fill);
}

}  // namespace

// The headers pass the direction of transposed squares as up always.
#define NPU_LOADS_TO(letter, memory, T)                                                            \
    void load_cbuf_to_c##letter(T* target, T* source, uint16_t first, uint8_t repeats,             \
                                uint16_t stride, uint16_t gap, uint8_t, bool transpose,            \
                                addr_cal_mode_t) {                                                 \
        LoadFractals(memory, target, source, kTypeOf<T>,                                           \
                     {first, repeats, stride, gap, transpose});                                    \
    }                                                                                              \
    void load_gm_to_c##letter(T* target, T* source, uint16_t first, uint8_t repeats,               \
                              uint16_t stride, uint16_t gap, uint8_t, addr_cal_mode_t mode) {      \
        LoadGm(memory, target, source, kTypeOf<T>, {first, repeats, stride, gap, false}, mode);    \
    }                                                                                              \
    void load_cbuf_to_c##letter##_transpose(T* target, T* source, uint16_t first, uint8_t repeats, \
                                            uint16_t stride, uint16_t gap, bool,                   \
                                            uint16_t partGap) {                                    \
        LoadSquares(memory, target, source, kTypeOf<T>, {first, repeats, stride, gap, partGap});   \
    }                                                                                              \
    void img2colv2_cbuf_to_c##letter(                                                              \
        T* target, T* source, uint16_t columns, uint16_t rows, uint16_t firstColumn,               \
        uint16_t firstRow, uint8_t strideWidth, uint8_t strideHeight, uint8_t filterWidth,         \
        uint8_t filterHeight, uint8_t dilationWidth, uint8_t dilationHeight, bool wider,           \
        bool higher, bool transpose, bool right, uint16_t channels) {                              \
        LoadImage(memory, target, source, kTypeOf<T>,                                              \
                  {columns, rows, firstColumn, firstRow, strideWidth, strideHeight, filterWidth,   \
                   filterHeight, dilationWidth, dilationHeight, wider, higher, transpose, right,   \
                   channels});                                                                     \
    }
#define NPU_LOADS(T)                                                                             \
    NPU_LOADS_TO(a, kNpuL0a, T)                                                                  \
    NPU_LOADS_TO(b, kNpuL0b, T)                                                                  \
    void load_gm_to_cbuf(T* target, T* source, uint16_t first, uint8_t repeats, uint16_t stride, \
                         uint16_t gap, uint8_t, addr_cal_mode_t mode) {                          \
        LoadGm(kNpuL1, target, source, kTypeOf<T>, {first, repeats, stride, gap, false}, mode);  \
    }
NPU_LOADS(int8_t)
NPU_LOADS(uint8_t)
NPU_LOADS(half)
NPU_LOADS(bfloat16_t)
NPU_LOADS(float)
NPU_LOADS(int32_t)
NPU_LOADS(uint32_t)

#define NPU_FILL(name, memory, T, Value)                                  \
    void name(T* target, int64_t repeat, Value value) {                   \
        FillConstant<T>(memory, target, repeat, npu_cann::BitsOf(value)); \
    }
#define NPU_FILLS(name, memory)                \
    NPU_FILL(name, memory, half, half)         \
    NPU_FILL(name, memory, int16_t, half)      \
    NPU_FILL(name, memory, uint16_t, half)     \
    NPU_FILL(name, memory, float, uint32_t)    \
    NPU_FILL(name, memory, int32_t, uint32_t)  \
    NPU_FILL(name, memory, uint32_t, uint32_t) \
    NPU_FILL(name##_bf16, memory, bfloat16_t, bfloat16_t)
NPU_FILLS(create_ca_matrix, kNpuL0a)
NPU_FILLS(create_cb_matrix, kNpuL0b)
NPU_FILLS(create_cbuf_matrix, kNpuL1)

void set_fmatrix(uint64_t config) { NpuSetFeatureMap(false, config); }
void set_fmatrix_b(uint64_t config) { NpuSetFeatureMap(true, config); }
void set_l1_3d_size(uint64_t bytes) { NpuSetImageBoundary(bytes); }
void set_padding(uint64_t value) { NpuSetImagePadding(value); }
void set_l3d_rpt(uint64_t config) { NpuSetImageRepeat(config); }
