// SPDX-License-Identifier: Apache-2.0
// Intrinsics of the scalar pipe: flags, barriers, mask and control registers, bit operations.
#include "core_state.h"

using npu_cann::control;
using npu_cann::Gm;
using npu_cann::KeepCore;

namespace {

NpuPipe PipeOf(pipe_t pipe) {
    switch (pipe) {
        case PIPE_S:
            return kNpuPipeS;
        case PIPE_V:
            return kNpuPipeV;
        case PIPE_M:
            return kNpuPipeM;
        case PIPE_MTE1:
            return kNpuPipeMte1;
        case PIPE_MTE2:
            return kNpuPipeMte2;
        case PIPE_MTE3:
            return kNpuPipeMte3;
        case PIPE_FIX:
            return kNpuPipeFix;
        case PIPE_ALL:
            return kNpuPipeAll;
        default:
            NpuFrontEndFault(kNpuRuleArgument, "pipe_t", "pipe must be one of the 910B");
    }
}

void SetAtomic(NpuAtomic operation, NpuType type) {
    control.atomic = operation;
    control.atomicType = type;
    NpuSetAtomic(operation, type);
}

}  // namespace

void set_flag(pipe_t source, pipe_t target, event_t event) {
    NpuSetFlag(PipeOf(source), PipeOf(target), event);
}
void set_flag(pipe_t source, pipe_t target, uint64_t event) {
    NpuSetFlag(PipeOf(source), PipeOf(target), static_cast<int32_t>(event));
}
void wait_flag(pipe_t source, pipe_t target, event_t event) {
    NpuWaitFlag(PipeOf(source), PipeOf(target), event);
}
void wait_flag(pipe_t source, pipe_t target, uint64_t event) {
    NpuWaitFlag(PipeOf(source), PipeOf(target), static_cast<int32_t>(event));
}
void pipe_barrier(pipe_t pipe) { NpuPipeBarrier(PipeOf(pipe)); }
// All memory is coherent once an instruction has completed, which the flags order.
void dsb(mem_dsb_t) {}

// config: bits 4, 5 the mode, bits 8 to 11 the flag.
void ffts_cross_core_sync(pipe_t pipe, uint64_t config) {
    NpuCrossCoreSet(PipeOf(pipe), static_cast<int32_t>(config >> 4 & 3),
                    static_cast<int32_t>(config >> 8 & 15));
}
void wait_flag_dev(int64_t flag) {
    const KeepCore keep;
    NpuCrossCoreWait(static_cast<int32_t>(flag));
}
void set_ffts_base_addr(uint64_t) {}

// The headers call these before and after a function whose cores wait for each other through GM.
void __sync_all_stub(int32_t, bool) { npu_cann::MoveFlags(!control.movesFlags); }
void __ib_set_stub(int32_t, int32_t, bool) { npu_cann::MoveFlags(!control.movesFlags); }
void __ib_wait_stub(int32_t, int32_t, bool) { npu_cann::MoveFlags(!control.movesFlags); }

int64_t get_block_idx() { return NpuBlockIdx(); }
int64_t get_block_num() { return NpuBlockCount(); }
int64_t get_subblockid() { return NpuSubBlockIdx(); }
int64_t get_subblockdim() { return g_taskRation; }
int64_t get_arch_ver() { return static_cast<int64_t>(NpuArchVersion()); }
int64_t get_pc() { return reinterpret_cast<int64_t>(__builtin_return_address(0)); }

void set_vector_mask(uint64_t high, uint64_t low) {
    control.maskHigh = high;
    control.maskLow = low;
    NpuSetVectorMask(high, low);
}
void set_mask_count() {
    control.counterMode = true;
    NpuSetMaskMode(true);
}
void set_mask_norm() {
    control.counterMode = false;
    NpuSetMaskMode(false);
}
void set_mov_pad_val(uint64_t value) { NpuSetPadValue(value); }

void set_atomic_none() { SetAtomic(kNpuAtomicNone, kNpuF32); }
void set_atomic_add() { SetAtomic(kNpuAtomicAdd, control.atomicType); }
void set_atomic_max() { SetAtomic(kNpuAtomicMax, control.atomicType); }
void set_atomic_min() { SetAtomic(kNpuAtomicMin, control.atomicType); }
void set_atomic_f32() { SetAtomic(control.atomic, kNpuF32); }
void set_atomic_f16() { SetAtomic(control.atomic, kNpuF16); }
void set_atomic_bf16() { SetAtomic(control.atomic, kNpuBf16); }
void set_atomic_s8() { SetAtomic(control.atomic, kNpuS8); }
void set_atomic_s16() { SetAtomic(control.atomic, kNpuS16); }
void set_atomic_s32() { SetAtomic(control.atomic, kNpuS32); }

// Bits 0 to 2 the type, bits 4 and 5 the operation. Only ld_dev and st_dev obey it.
void set_st_atomic_cfg(atomic_type_t type, atomic_op_t operation) {
    control.scalarAtomic = static_cast<int64_t>(type) | static_cast<int64_t>(operation) << 4;
}
int64_t get_st_atomic_cfg() { return control.scalarAtomic; }

void dcci(void* address, uint64_t entireCache) {
    const KeepCore keep;  // the instruction may let other cores run
    NpuDataCacheCleanInvalid(Gm(address), entireCache != 0);
}
void dcci(void* address, uint64_t entireCache, uint64_t) {
    const KeepCore keep;  // the instruction may let other cores run
    NpuDataCacheCleanInvalid(Gm(address), entireCache != 0);
}
void dc_preload(uint64_t*, int16_t) {}
void dc_preload(uint64_t*, int64_t) {}

void trap() { NpuFrontEndFault(kNpuRuleAssert, "trap", "the kernel gave up"); }

uint64_t sbitset0(uint64_t value, int64_t bit) { return value & ~(uint64_t{1} << bit); }
uint64_t sbitset1(uint64_t value, int64_t bit) { return value | uint64_t{1} << bit; }
int64_t sff1(uint64_t value) { return value == 0 ? -1 : __builtin_ctzll(value); }
int64_t sff0(uint64_t value) { return sff1(~value); }
int64_t bcnt1(uint64_t value) { return __builtin_popcountll(value); }
int64_t bcnt0(uint64_t value) { return bcnt1(~value); }
int64_t clz(uint64_t value) { return value == 0 ? 64 : __builtin_clzll(value); }
// 0 and -1 have no other bit.
int64_t sflbits(int64_t value) { return value == 0 || value == -1 ? -1 : __builtin_clrsbll(value); }

#define NPU_SCALAR_TO_INTEGER(letter, rounding)                                  \
    int64_t conv_f322s32##letter(float value) {                                  \
        return static_cast<int32_t>(NpuScalarConvert(kNpuS32, rounding, value)); \
    }
NPU_SCALAR_TO_INTEGER(a, kNpuRoundAway)
NPU_SCALAR_TO_INTEGER(c, kNpuRoundCeil)
NPU_SCALAR_TO_INTEGER(f, kNpuRoundFloor)
NPU_SCALAR_TO_INTEGER(r, kNpuRoundRint)
half conv_f322f16o(float value) {
    half rounded;
    rounded.val = static_cast<uint16_t>(NpuScalarConvert(kNpuF16, kNpuRoundOdd, value));
    return rounded;
}
