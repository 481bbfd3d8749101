// SPDX-License-Identifier: Apache-2.0
// Probes of what a kernel can say: printf, DumpTensor, assertions, logs.
#include "probe_tensors.h"

using namespace AscendC;

extern "C" __global__ __aicore__ void probe_print_values() {
    AscendC::printf("%d %i %u %x %ld %llu\n", -1, 2, 3u, 255, int64_t{-5}, uint64_t{6});
    AscendC::printf("%f %F %s %%\n", half(1.5), bfloat16_t(2.0f), "text");
    AscendC::printf("100%%\n");
    PRINTF("%f\n", 0.25f);
}

// One text of `bytes` characters.
extern "C" __global__ __aicore__ void probe_print_long(GM_ADDR tiling) {
    AscendC::printf("%*s", probe::Gm<int32_t>(tiling).GetValue(0), "end");
}

// Loads `count` elements of x into UB and dumps them, and those of x itself, with number 5 and 6;
// then from element 16 on, with number 7 and 8. Waits for nothing.
#define PROBE_DUMP(T)                                                                     \
    extern "C" __global__ __aicore__ void probe_dump_##T(GM_ADDR x, GM_ADDR tiling) {     \
        const auto count = static_cast<uint32_t>(probe::Gm<int32_t>(tiling).GetValue(0)); \
        const GlobalTensor<T> values = probe::Gm<T>(x);                                   \
        const LocalTensor<T> tile = probe::Ub<T>(64, 1024);                               \
        DataCopy(tile.template ReinterpretCast<int8_t>(), probe::Gm<int8_t>(x), 512);     \
        DumpTensor(tile, 5, count);                                                       \
        DumpTensor(values, 6, count);                                                     \
        DumpAccChkPoint(tile, 7, 32, count);                                              \
        DumpAccChkPoint(values, 8, 32, count);                                            \
    }
PROBE_DUMP(bool)
PROBE_DUMP(int8_t)
PROBE_DUMP(uint8_t)
PROBE_DUMP(int16_t)
PROBE_DUMP(uint16_t)
PROBE_DUMP(int32_t)
PROBE_DUMP(uint32_t)
PROBE_DUMP(int64_t)
PROBE_DUMP(uint64_t)
PROBE_DUMP(half)
PROBE_DUMP(bfloat16_t)
PROBE_DUMP(float)

extern "C" __global__ __aicore__ void probe_dump_count(GM_ADDR x, GM_ADDR tiling) {
    DumpTensor(probe::Gm<int32_t>(x), 9,
               static_cast<uint32_t>(probe::Gm<int32_t>(tiling).GetValue(0)));
}

// The tiling holds the number of elements, of dimensions, and the dimensions.
extern "C" __global__ __aicore__ void probe_dump_shape(GM_ADDR x, GM_ADDR tiling) {
    const GlobalTensor<int32_t> job = probe::Gm<int32_t>(tiling);
    const auto count = static_cast<uint32_t>(job.GetValue(0));
    const auto dims = static_cast<uint8_t>(job.GetValue(1));
    uint32_t shape[8] = {};
    for (uint8_t i = 0; i < dims; ++i) {
        shape[i] = static_cast<uint32_t>(job.GetValue(2 + i));
    }
    const LocalTensor<int32_t> tile = probe::Ub<int32_t>(0, 256);
    DataCopy(tile, probe::Gm<int32_t>(x), 64);
    DumpTensor(tile, 1, count, ShapeInfo(dims, shape));
    DumpTensor(probe::Gm<int32_t>(x), 2, count, ShapeInfo(dims, shape));
}

// Each dumps what cannot be dumped.
#define PROBE_DUMP_FAULT(name, ...)                                                   \
    extern "C" __global__ __aicore__ void probe_dump_##name(GM_ADDR x) {              \
        const GlobalTensor<int32_t> values = probe::Gm<int32_t>(x);                   \
        const LocalTensor<int32_t> tile = probe::Ub<int32_t>(0, 256);                 \
        const uint32_t sizes[] = {2, 4};                                              \
        const ShapeInfo shape(2, sizes);                                              \
        static_cast<void>(values), static_cast<void>(tile), static_cast<void>(shape); \
        __VA_ARGS__;                                                                  \
    }
PROBE_DUMP_FAULT(unwritten, DumpTensor(tile, 1, 8))
PROBE_DUMP_FAULT(unwritten_shape, DumpTensor(tile, 1, 8, shape))
PROBE_DUMP_FAULT(unwritten_part, DumpAccChkPoint(tile, 1, 8, 8))
PROBE_DUMP_FAULT(beyond, DumpTensor(values, 1, 65))
PROBE_DUMP_FAULT(beyond_shape, DumpTensor(values, 1, 65, shape))
PROBE_DUMP_FAULT(beyond_part, DumpAccChkPoint(values, 1, 32, 33))
PROBE_DUMP_FAULT(unaligned, DumpAccChkPoint(tile, 1, 4, 8))
PROBE_DUMP_FAULT(position, TPipe pipe; TBuf<TPosition::A2> cube; pipe.InitBuffer(cube, 512);
                 DumpTensor(cube.Get<int32_t>(), 1, 8))

// x says which assertion fails: 0 none, then assert, assert with a text, ASSERT, ASCENDC_ASSERT.
extern "C" __global__ __aicore__ void probe_assertions(GM_ADDR x) {
    const int32_t value = probe::Gm<int32_t>(x).GetValue(0);
    assert(value != 1);
    assert(value != 2, "value is %d", value);
    ASSERT(value != 3);
    ASCENDC_ASSERT((value != 4), { KERNEL_LOG(KERNEL_ERROR, "value is %d", value); });
}

extern "C" __global__ __aicore__ void probe_logs() {
    KERNEL_LOG(KERNEL_DEBUG, "one");
    KERNEL_LOG(KERNEL_INFO, "two %d", 2);
    KERNEL_LOG(KERNEL_WARN, "three");
    KERNEL_LOG(KERNEL_ERROR, "four");
}
