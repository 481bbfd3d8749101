// SPDX-License-Identifier: Apache-2.0
// Keywords of the kernel language, kernel types, tiling keys and tiling data.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "isa/isa.h"
#include "isa/kernel_types.h"

// Everything between a kernel entry and an instruction is inlined where the compiler can.
#define __aicore__
#define __global__ __attribute__((visibility("default")))
#define __gm__
#define __ubuf__
#define __cbuf__
#define __ca__
#define __cb__
#define __cc__
#define __fbuf__
#define __inout_pipe__(...)
#define __in_pipe__(...)
#define __out_pipe__(...)
#define __sync_alias__
#define __sync_noalias__

#define GM_ADDR uint8_t*

#define ASCEND_IS_AIV (NpuCurrentCoreKind() == kNpuAiv)
#define ASCEND_IS_AIC (NpuCurrentCoreKind() == kNpuAic)
#define ASCEND_IS_NOT_AIV (!ASCEND_IS_AIV)
#define ASCEND_IS_NOT_AIC (!ASCEND_IS_AIC)

// Values are private to the model; names are CANN's.
enum KernelMetaType {
    KERNEL_TYPE_AIV_ONLY,
    KERNEL_TYPE_AIC_ONLY,
    KERNEL_TYPE_MIX_AIV_1_0,
    KERNEL_TYPE_MIX_AIC_1_0,
    KERNEL_TYPE_MIX_AIC_1_1,
    KERNEL_TYPE_MIX_AIC_1_2,
};

// Rows lie in a section of the kernel library, whose bounds the linker names; a library without
// rows has no such section. Every source emits the reader; the linker keeps one a library.
extern "C" {
extern const NpuKernelTypeRow __start_npu_kernel_types[]
    __attribute__((weak, visibility("hidden")));
extern const NpuKernelTypeRow __stop_npu_kernel_types[] __attribute__((weak, visibility("hidden")));
__attribute__((used, visibility("default"))) inline void NpuKernelTypes(
    const NpuKernelTypeRow** begin, const NpuKernelTypeRow** end) {
    *begin = __start_npu_kernel_types;
    *end = __stop_npu_kernel_types;
}
}

// The alignment is explicit because compilers raise that of larger objects, which leaves gaps.
#define NPU_KERNEL_TYPE_ROW(key, type)                                                     \
    do {                                                                                   \
        __attribute__((                                                                    \
            section("npu_kernel_types"), used,                                             \
            aligned(alignof(NpuKernelTypeRow)))) static const NpuKernelTypeRow kNpuRow = { \
            __func__, key, type};                                                          \
        (void)kNpuRow;                                                                     \
    } while (false)
#define KERNEL_TASK_TYPE(key, type) NPU_KERNEL_TYPE_ROW(key, type)
#define KERNEL_TASK_TYPE_DEFAULT(type) NPU_KERNEL_TYPE_ROW(-1, type)

#define TILING_KEY_IS(key) (NpuTilingKey() == static_cast<uint64_t>(key))

// Tiling data lie in GM as the host wrote them; kernels work on a copy.
#define REGISTER_TILING_DEFAULT(Struct) static_assert(std::is_trivially_copyable_v<Struct>)
#define GET_TILING_DATA_WITH_STRUCT(Struct, name, address) \
    Struct name;                                           \
    ::AscendC::CopyTilingData(&name, address, sizeof(Struct))

namespace AscendC {

// Word by word through the scalar pipe, as the code that CANN generates does.
inline void CopyTilingData(void* target, const uint8_t* source, size_t bytes) {
    auto* to = static_cast<uint8_t*>(target);
    const auto from = reinterpret_cast<uint64_t>(source);
    for (size_t at = 0; at < bytes; at += sizeof(uint32_t)) {
        const auto word = static_cast<uint32_t>(NpuScalarLoadGm(from + at, sizeof(uint32_t)));
        std::memcpy(to + at, &word, bytes - at < sizeof(word) ? bytes - at : sizeof(word));
    }
}

}  // namespace AscendC
