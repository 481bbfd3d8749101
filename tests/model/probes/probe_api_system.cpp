// SPDX-License-Identifier: Apache-2.0
// Probes of atomics, the data cache, system variables, scalar functions and the workspace.
#include "probe_answers.h"

using namespace AscendC;

namespace {

constexpr uint32_t kCount = 32;

// Combines x with out, as `prepare` says, on every core.
template <typename T, class Prepare>
__aicore__ inline void Combine(GM_ADDR x, GM_ADDR out, Prepare prepare) {
    const LocalTensor<T> tile = probe::Ub<T>(0, kCount * sizeof(T));
    DataCopy(tile, probe::Gm<T>(x + GetBlockIdx() * kCount * sizeof(T)), kCount);
    SetFlag<HardEvent::MTE2_MTE3>(EVENT_ID0);
    WaitFlag<HardEvent::MTE2_MTE3>(EVENT_ID0);
    prepare();
    DataCopy(probe::Gm<T>(out), tile, kCount);
    SetAtomicNone();
}

}  // namespace

#define PROBE_ATOMIC(T)                                                                   \
    extern "C" __global__ __aicore__ void probe_atomic_add_##T(GM_ADDR x, GM_ADDR out) {  \
        Combine<T>(x, out, [] { SetAtomicAdd<T>(); });                                    \
    }                                                                                     \
    extern "C" __global__ __aicore__ void probe_atomic_max_##T(GM_ADDR x, GM_ADDR out) {  \
        Combine<T>(x, out, [] { SetAtomicMax<T>(); });                                    \
    }                                                                                     \
    extern "C" __global__ __aicore__ void probe_atomic_min_##T(GM_ADDR x, GM_ADDR out) {  \
        Combine<T>(x, out, [] { SetAtomicMin<T>(); });                                    \
    }                                                                                     \
    /* The type of SetAtomicType counts, the operation is that of before. */              \
    extern "C" __global__ __aicore__ void probe_atomic_type_##T(GM_ADDR x, GM_ADDR out) { \
        Combine<T>(x, out, [] {                                                           \
            SetAtomicAdd<std::conditional_t<std::is_same_v<T, float>, int32_t, float>>(); \
            SetAtomicType<T>();                                                           \
        });                                                                               \
    }
PROBE_ATOMIC(float)
PROBE_ATOMIC(half)
PROBE_ATOMIC(bfloat16_t)
PROBE_ATOMIC(int8_t)
PROBE_ATOMIC(int16_t)
PROBE_ATOMIC(int32_t)

// Leaves one of the atomic modes on.
extern "C" __global__ __aicore__ void probe_atomic_left_on(GM_ADDR tiling) {
    probe::Gm<int32_t>(tiling).GetValue(0) == 0 ? SetAtomicMax<float>() : SetAtomicMin<float>();
}

extern "C" __global__ __aicore__ void probe_store_atomic_config(GM_ADDR out) {
    probe::Answers answers(out);
    const auto add = [&answers] {
        uint16_t type = 99;
        uint16_t operation = 99;
        GetStoreAtomicConfig(type, operation);
        answers.Add(type);
        answers.Add(operation);
    };
    add();
    SetStoreAtomicConfig<AtomicDtype::ATOMIC_BF16, AtomicOp::ATOMIC_SUM>();
    add();
    SetStoreAtomicConfig<AtomicDtype::ATOMIC_NONE, AtomicOp::ATOMIC_SUM>();
    add();
    answers.Send();
}

namespace {

// Stores 1 .. 16 into a line of out and cleans it from element `first` on.
template <class Clean>
__aicore__ inline void StoreAndClean(GM_ADDR out, GM_ADDR tiling, Clean clean) {
    GlobalTensor<int32_t> line = probe::Gm<int32_t>(out);
    for (int32_t i = 0; i < 16; ++i) {
        line.SetValue(i, i + 1);
    }
    for (int32_t i = 1; i <= probe::Gm<int32_t>(tiling).GetValue(0); ++i) {
        clean(line[probe::Gm<int32_t>(tiling).GetValue(i)]);
    }
}

}  // namespace

// The tiling holds a number of elements and their places: the line is cleaned from each on.
extern "C" __global__ __aicore__ void probe_clean(GM_ADDR out, GM_ADDR tiling) {
    StoreAndClean(out, tiling, [](const GlobalTensor<int32_t>& from) {
        DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE>(from);
    });
}
extern "C" __global__ __aicore__ void probe_clean_all(GM_ADDR out, GM_ADDR tiling) {
    StoreAndClean(out, tiling, [](const GlobalTensor<int32_t>& from) {
        DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_ALL>(
            from);
    });
}
extern "C" __global__ __aicore__ void probe_clean_atomic(GM_ADDR out, GM_ADDR tiling) {
    StoreAndClean(out, tiling, [](const GlobalTensor<int32_t>& from) {
        DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_ATOMIC>(
            from);
    });
}

// The cache keeps nothing of UB: what a scalar stored is there before and after.
extern "C" __global__ __aicore__ void probe_clean_ub(GM_ADDR out) {
    const LocalTensor<int32_t> tensor = probe::Ub<int32_t>(64, 64);
    tensor.SetValue(1, 5);
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_UB>(tensor);
    DataCacheCleanAndInvalid<int32_t, CacheLine::ENTIRE_DATA_CACHE, DcciDst::CACHELINE_ALL>(tensor);
    probe::Answers answers(out);
    answers.Add(tensor.GetValue(1));
    answers.Send();
}
extern "C" __global__ __aicore__ void probe_clean_ub_beyond() {
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_UB>(
        probe::Ub<int32_t>(192 * 1024, 64));
}
extern "C" __global__ __aicore__ void probe_clean_ub_as_gm() {
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(
        probe::Ub<int32_t>(0, 64));
}

// Preloads the line of byte `offset`, has MTE3 overwrite it, and reads its first element.
extern "C" __global__ __aicore__ void probe_preload(GM_ADDR x, GM_ADDR out, GM_ADDR tiling) {
    const LocalTensor<int32_t> tile = probe::Ub<int32_t>(0, 64);
    DataCopy(tile, probe::Gm<int32_t>(out), 16);
    PipeBarrier<PIPE_ALL>();
    DataCachePreload(probe::Gm<uint64_t>(x), int64_t{probe::Gm<int32_t>(tiling).GetValue(0)});
    DataCachePreload(probe::Gm<uint64_t>(x), int16_t{8});
    DataCopy(probe::Gm<int32_t>(x), tile, 16);
    SetFlag<HardEvent::MTE3_S>(EVENT_ID0);
    WaitFlag<HardEvent::MTE3_S>(EVENT_ID0);
    if (probe::Gm<int32_t>(tiling).GetValue(1) != 0) {
        static_cast<void>(probe::Gm<int32_t>(x).GetValue(0));
    }
}

// Whether the cycle counter goes on, and constants: 64 bytes a vector core.
extern "C" __global__ __aicore__ void probe_system_variables(GM_ADDR out) {
    if (ASCEND_IS_AIC) {
        return;
    }
    uint32_t version = 0;
    GetArchVersion(version);
    const int64_t cycle = GetSystemCycle();
    probe::Answers answers(out + GetBlockIdx() * 64);
    answers.Add(GetTaskRation());
    answers.Add(GetSystemCycle() >= cycle ? 1 : 0);
    answers.Add(version);
    answers.Add(GetDataBlockSizeInBytes());
    answers.Send();
}

// GetTaskRation and GetSubBlockNum of a cube core, which has no UB: 64 bytes a block.
extern "C" __global__ __aicore__ void probe_cube_ratio(GM_ADDR out) {
    if (ASCEND_IS_AIV) {
        return;
    }
    probe::Answers answers(out + GetBlockIdx() * 64);
    answers.Add(GetTaskRation());
    answers.Add(GetSubBlockNum());
    answers.Add(GetSubBlockIdx());
    answers.Send();
}

extern "C" __global__ __aicore__ void probe_trap(GM_ADDR x) {
    if (probe::Gm<int32_t>(x).GetValue(0) != 0) {
        Trap();
    }
}

// Ones, zeros, leading zeros, sign bits, first one, first zero of `count` values.
extern "C" __global__ __aicore__ void probe_bits(GM_ADDR x, GM_ADDR out, GM_ADDR tiling) {
    const GlobalTensor<uint64_t> values = probe::Gm<uint64_t>(x);
    probe::Answers answers(out);
    for (int32_t i = 0; i < probe::Gm<int32_t>(tiling).GetValue(0); ++i) {
        const uint64_t value = values.GetValue(i);
        answers.Add(ScalarGetCountOfValue<1>(value));
        answers.Add(ScalarGetCountOfValue<0>(value));
        answers.Add(ScalarCountLeadingZero(value));
        answers.Add(CountBitsCntSameAsSignBit(static_cast<int64_t>(value)));
        answers.Add(ScalarGetSFFValue<1>(value));
        answers.Add(ScalarGetSFFValue<0>(value));
    }
    answers.Send();
}

// CAST_ODD to half; CAST_RINT, CAST_FLOOR, CAST_CEIL, CAST_ROUND to int32_t: rows of `count`.
extern "C" __global__ __aicore__ void probe_scalar_cast(GM_ADDR x, GM_ADDR halves, GM_ADDR integers,
                                                        GM_ADDR tiling) {
    const GlobalTensor<float> values = probe::Gm<float>(x);
    GlobalTensor<half> odd = probe::Gm<half>(halves);
    GlobalTensor<int32_t> rows = probe::Gm<int32_t>(integers);
    const int32_t count = probe::Gm<int32_t>(tiling).GetValue(0);
    for (int32_t i = 0; i < count; ++i) {
        const float value = values.GetValue(i);
        odd.SetValue(i, ScalarCast<float, half, RoundMode::CAST_ODD>(value));
        rows.SetValue(i, ScalarCast<float, int32_t, RoundMode::CAST_RINT>(value));
        rows.SetValue(count + i, ScalarCast<float, int32_t, RoundMode::CAST_FLOOR>(value));
        rows.SetValue(2 * count + i, ScalarCast<float, int32_t, RoundMode::CAST_CEIL>(value));
        rows.SetValue(3 * count + i, ScalarCast<float, int32_t, RoundMode::CAST_ROUND>(value));
    }
    DataCacheCleanAndInvalid<int32_t, CacheLine::ENTIRE_DATA_CACHE>(rows);
}

// Distances in bytes from the workspace.
extern "C" __global__ __aicore__ void probe_workspace(GM_ADDR workspace, GM_ADDR out) {
    probe::Answers answers(out);
    answers.Add(GetSysWorkSpacePtr() == nullptr ? 1 : 0);
    answers.Add(GetUserWorkspace(workspace) - workspace);
    SetSysWorkspace(workspace + 512);
    SetSysWorkspace(workspace);
    answers.Add(GetSysWorkSpacePtr() - workspace);
    answers.Add(GetUserWorkspace(workspace) - workspace);
    SetSysWorkspaceForce(workspace + 1024);
    answers.Add(GetSysWorkSpacePtr() - workspace);
    answers.Send();
}
extern "C" __global__ __aicore__ void probe_set_workspace(GM_ADDR workspace) {
    SetSysWorkspace(workspace);
}
extern "C" __global__ __aicore__ void probe_user_workspace(GM_ADDR workspace) {
    GetUserWorkspace(workspace);
}

// Fills `size` elements from element `first` on with 3; the kernel has taken `taken` bytes of UB.
#define PROBE_INIT_OUTPUT(T)                                                                   \
    extern "C" __global__ __aicore__ void probe_init_output_##T(GM_ADDR out, GM_ADDR tiling) { \
        const GlobalTensor<int32_t> job = probe::Gm<int32_t>(tiling);                          \
        TPipe pipe;                                                                            \
        TBuf<TPosition::VECCALC> taken;                                                        \
        pipe.InitBuffer(taken, static_cast<uint32_t>(job.GetValue(2)));                        \
        InitOutput(probe::Gm<T>(out)[job.GetValue(0)], static_cast<uint32_t>(job.GetValue(1)), \
                   T(3));                                                                      \
    }
PROBE_INIT_OUTPUT(half)
PROBE_INIT_OUTPUT(int16_t)
PROBE_INIT_OUTPUT(uint16_t)
PROBE_INIT_OUTPUT(int32_t)
PROBE_INIT_OUTPUT(uint32_t)
PROBE_INIT_OUTPUT(float)
