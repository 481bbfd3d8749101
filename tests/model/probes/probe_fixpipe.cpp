// SPDX-License-Identifier: Apache-2.0
// A list of steps around Fixpipe on images of L0C and L1, and L1 after it.
// tests/model/fixpipe_case.py builds the list and knows the same operations.
#include <type_traits>

#include "cube_image.h"

using namespace AscendC;

namespace {

enum Operation : int32_t {
    kProduct,  // Mmad of any values: [m, n] of L0C becomes defined
    kPlace,    // L0C as its image, without an instruction
    kFixpipe,
    kFixpipeWorkspace,
    kFixpipeOld,
    kFixpipeOldWorkspace,
    kDataCopy,
    kLoadParameters,  // L1 to the Fixpipe buffer; n: 128-byte units
    kSetMatrices,
    kSetQuant,
    kSetConfig,         // the Fixpipe buffer at `to`; unitFlag: puts flags down
    kSetConfigBoth,     // the form with two tensors
    kSetConfigOfFlags,  // with a tensor in L0C
    kProductToFixpipe,  // event
    kFixpipeToProduct,
    kFixpipeToLoad,
    kBarrierFix,
    kBarrierM,
    kBarrierAll,
    kSetAtomicAdd,
    kSetAtomicMax,
    kSetAtomicNone,
};
enum Type : int32_t { kHalf, kBfloat16, kFloat, kInt8, kUint8, kInt32 };
enum Layout : int32_t { kRows, kBlocks, kDefault };

struct Step {
    uint64_t scalar;
    int32_t operation;
    int32_t source;  // Type
    int32_t target;
    int32_t intoL1;
    int32_t layout;
    int32_t constructor;  // 1, 2, 3: with 5, 11, 12 arguments; otherwise field by field
    int32_t n;
    int32_t m;
    int32_t srcStride;
    uint32_t dstStride;
    int32_t quant;
    int32_t ndNum;
    int32_t srcNdStride;
    int32_t dstNdStride;
    int32_t relu;
    int32_t unitFlag;
    int32_t split;
    int32_t nz2nd;
    int32_t originalN;
    uint32_t from;  // bytes in L0C
    uint32_t to;    // in GM, L1 or the Fixpipe buffer
    uint32_t workspace;
    int32_t positions[3];  // of source, target, workspace; 0: the usual ones
};

constexpr int32_t kMostSteps = 16;

struct FixpipeCase {
    uint32_t l1Bytes;     // of the image, from address 0 on
    uint32_t storeBytes;  // of L1
    int32_t loops;        // runs the steps so often
    int32_t count;
    Step steps[kMostSteps];
};

// Whether a pair of types can be named in a move: the headers of CANN refuse the others when they
// are compiled, ours when they run.
template <class T, class U>
constexpr bool CanMove(bool intoL1) {
#ifdef PROBE_CANN
    constexpr bool kByteOfFloat = std::is_same_v<T, uint8_t> && std::is_same_v<U, float>;
    constexpr bool kBfloatOfInteger = std::is_same_v<T, bfloat16_t> && std::is_same_v<U, int32_t>;
    return intoL1 ? sizeof(T) < sizeof(U) && !kByteOfFloat && !kBfloatOfInteger
                  : std::is_same_v<T, U> || (sizeof(T) < sizeof(U) && !kBfloatOfInteger);
#else
    static_cast<void>(intoL1);
    return true;
#endif
}

constexpr uint32_t kL0cBytes = 128 * 1024;
constexpr uint32_t kTensorBytes = 1u << 20;  // the instruction checks the range, not the tensor

template <class T>
__aicore__ inline LocalTensor<T> Tensor(int32_t chosen, TPosition usual, uint32_t address) {
    return probe::Local<T>(chosen == 0 ? usual : static_cast<TPosition>(chosen), address,
                           kTensorBytes);
}

__aicore__ inline FixpipeParamsV220 NewParams(const Step& step) {
    const auto n = static_cast<uint16_t>(step.n);
    const auto m = static_cast<uint16_t>(step.m);
    const auto srcStride = static_cast<uint16_t>(step.srcStride);
    const auto quant = static_cast<QuantMode_t>(step.quant);
    const auto scalar = static_cast<int64_t>(step.scalar);
    const auto ndNum = static_cast<uint16_t>(step.ndNum);
    const auto srcNd = static_cast<uint16_t>(step.srcNdStride);
    const auto dstNd = static_cast<uint16_t>(step.dstNdStride);
    const auto flag = static_cast<uint8_t>(step.unitFlag);
    switch (step.constructor) {
        case 1:
            return FixpipeParamsV220(n, m, srcStride, step.dstStride, step.relu != 0);
        case 2:
            return FixpipeParamsV220(n, m, srcStride, step.dstStride, step.relu != 0, quant, scalar,
                                     ndNum, srcNd, dstNd, flag);
        case 3:
            return FixpipeParamsV220(n, m, srcStride, step.dstStride, step.relu != 0, quant, scalar,
                                     ndNum, srcNd, dstNd, flag, step.split != 0);
        default:
            break;
    }
    FixpipeParamsV220 params;
    params.nSize = n;
    params.mSize = m;
    params.srcStride = srcStride;
    params.dstStride = step.dstStride;
    params.quantPre = quant;
    params.deqScalar = step.scalar;
    params.ndNum = ndNum;
    params.srcNdStride = srcNd;
    params.dstNdStride = dstNd;
    params.reluEn = step.relu != 0;
    params.unitFlag = flag;
    params.isChannelSplit = step.split != 0;
    return params;
}

// n and m count bursts and blocks of 32 bytes here.
template <class U>
__aicore__ inline FixpipeParams<U> OldParams(const Step& step) {
    FixpipeParams<U> params(static_cast<uint16_t>(step.n), static_cast<uint16_t>(step.m),
                            static_cast<uint16_t>(step.srcStride), step.dstStride);
    params.quantParams = QuantParams(static_cast<QuantMode_t>(step.quant), step.scalar);
    params.reluEn = step.relu != 0;
    params.unitFlag = static_cast<uint8_t>(step.unitFlag);
    params.nz2ndParams = Nz2NdParams(
        step.nz2nd != 0, static_cast<uint16_t>(step.ndNum), static_cast<uint16_t>(step.srcNdStride),
        static_cast<uint16_t>(step.dstNdStride), static_cast<uint16_t>(step.originalN));
    return params;
}

__aicore__ inline DataCopyCO12DstParams CopyParams(const Step& step) {
    const auto n = static_cast<uint16_t>(step.n);
    const auto m = static_cast<uint16_t>(step.m);
    const auto srcStride = static_cast<uint16_t>(step.srcStride);
    const auto quant = static_cast<QuantMode_t>(step.quant);
    const auto relu = static_cast<uint8_t>(step.relu);
    if (step.constructor == 1) {
        return DataCopyCO12DstParams(n, m, step.dstStride, srcStride, quant, relu, step.split != 0,
                                     step.nz2nd != 0);
    }
    DataCopyCO12DstParams params;
    params.nSize = n;
    params.mSize = m;
    params.dstStride = step.dstStride;
    params.srcStride = srcStride;
    params.unitFlag = static_cast<uint8_t>(step.unitFlag);
    params.quantPre = quant;
    params.reluPre = relu;
    params.channelSplit = step.split != 0;
    params.nz2ndEn = step.nz2nd != 0;
    return params;
}

template <class T, class U, class Target>
__aicore__ inline void MoveTo(const Step& step, const Target& target) {
    const auto source = Tensor<U>(step.positions[0], TPosition::CO1, step.from);
    const auto workspace = Tensor<uint64_t>(step.positions[2], TPosition::C1, step.workspace);
    switch (step.operation) {
        case kFixpipe:
            if (step.layout == kRows) {
                return Fixpipe<T, U, CFG_ROW_MAJOR>(target, source, NewParams(step));
            }
            if (step.layout == kBlocks) {
                return Fixpipe<T, U, CFG_NZ>(target, source, NewParams(step));
            }
            return Fixpipe(target, source, NewParams(step));
        case kFixpipeWorkspace:
            if (step.layout == kRows) {
                return Fixpipe<T, U, CFG_ROW_MAJOR>(target, source, workspace, NewParams(step));
            }
            if (step.layout == kBlocks) {
                return Fixpipe<T, U, CFG_NZ>(target, source, workspace, NewParams(step));
            }
            return Fixpipe(target, source, workspace, NewParams(step));
        case kFixpipeOld:
            return Fixpipe(target, source, OldParams<U>(step));
        case kFixpipeOldWorkspace:
            return Fixpipe(target, source, workspace, OldParams<U>(step));
        default:
            return DataCopy(target, source, CopyParams(step));
    }
}

template <class T, class U>
__aicore__ inline void Move(const Step& step, GM_ADDR gm) {
    if (step.intoL1 != 0) {
        if constexpr (CanMove<T, U>(true)) {
            return MoveTo<T, U>(step, Tensor<T>(step.positions[1], TPosition::A1, step.to));
        }
    } else if constexpr (CanMove<T, U>(false)) {
        return MoveTo<T, U>(step, probe::Gm<T>(gm + step.to));
    }
    probe::Refuse();
}

template <class U>
__aicore__ inline void MoveFrom(const Step& step, GM_ADDR gm) {
    switch (step.target) {
        case kHalf:
            return Move<half, U>(step, gm);
        case kBfloat16:
            return Move<bfloat16_t, U>(step, gm);
        case kFloat:
            return Move<float, U>(step, gm);
        case kInt8:
            return Move<int8_t, U>(step, gm);
        case kUint8:
            return Move<uint8_t, U>(step, gm);
        default:
            return Move<int32_t, U>(step, gm);
    }
}

// [16 k, m] and [16 k, n] of whatever L1 holds, into L0A and L0B, and their product.
__aicore__ inline void Product(const Step& step) {
    constexpr uint16_t kSide = 16;
    const auto m = static_cast<uint16_t>(step.m);
    const auto n = static_cast<uint16_t>(step.n);
    MmadParams params(m, n, kSide, static_cast<uint8_t>(step.unitFlag), false, true);
    Mmad(probe::Local<float>(TPosition::CO1, step.from, kTensorBytes),
         probe::Local<half>(TPosition::A2, 0, kTensorBytes),
         probe::Local<half>(TPosition::B2, 0, kTensorBytes), params);
}

template <HardEvent event>
__aicore__ inline void Flag() {
    SetFlag<event>(EVENT_ID0);
    WaitFlag<event>(EVENT_ID0);
}

__aicore__ inline void Atomic(const Step& step, bool maximum) {
    switch (step.target) {
        case kHalf:
            return maximum ? SetAtomicMax<half>() : SetAtomicAdd<half>();
        case kBfloat16:
            return maximum ? SetAtomicMax<bfloat16_t>() : SetAtomicAdd<bfloat16_t>();
        case kFloat:
            return maximum ? SetAtomicMax<float>() : SetAtomicAdd<float>();
        case kInt8:
            return maximum ? SetAtomicMax<int8_t>() : SetAtomicAdd<int8_t>();
        default:
            return maximum ? SetAtomicMax<int32_t>() : SetAtomicAdd<int32_t>();
    }
}

__aicore__ inline void Configure(const Step& step) {
    const auto buffer = Tensor<uint64_t>(step.positions[1], TPosition::C2PIPE2GM, step.to);
    const auto matrices = [&step](int32_t value) { return static_cast<uint16_t>(value); };
    switch (step.operation) {
        case kLoadParameters:
            return DataCopy(buffer, Tensor<uint64_t>(0, TPosition::C1, step.workspace),
                            DataCopyParams(1, static_cast<uint16_t>(step.n), 0, 0));
        case kSetMatrices:
            return SetFixpipeNz2ndFlag(matrices(step.ndNum), matrices(step.srcNdStride),
                                       matrices(step.dstNdStride));
        case kSetQuant:
            return SetFixpipePreQuantFlag(step.scalar);
        case kSetConfig:
            return SetFixPipeConfig(buffer, step.unitFlag != 0);
        case kSetConfigBoth:
            return SetFixPipeConfig(buffer, buffer, step.unitFlag != 0);
        default:
            return SetFixPipeConfig(Tensor<uint64_t>(0, TPosition::CO1, step.from), true);
    }
}

__aicore__ inline void Run(const Step& step, GM_ADDR l0c, GM_ADDR gm) {
    switch (step.operation) {
        case kProduct:
            return Product(step);
        case kPlace:
            if (ASCEND_IS_AIC) {
                std::memcpy(NpuLocalHost(kNpuL0c), l0c, kL0cBytes);
            }
            return;
        case kProductToFixpipe:
            return Flag<HardEvent::M_FIX>();
        case kFixpipeToProduct:
            return Flag<HardEvent::FIX_M>();
        case kFixpipeToLoad:
            return Flag<HardEvent::FIX_MTE2>();
        case kBarrierFix:
            return PipeBarrier<PIPE_FIX>();
        case kBarrierM:
            return PipeBarrier<PIPE_M>();
        case kBarrierAll:
            return PipeBarrier<PIPE_ALL>();
        case kSetAtomicAdd:
        case kSetAtomicMax:
            return Atomic(step, step.operation == kSetAtomicMax);
        case kSetAtomicNone:
            return SetAtomicNone();
        case kFixpipe:
        case kFixpipeWorkspace:
        case kFixpipeOld:
        case kFixpipeOldWorkspace:
        case kDataCopy:
            return step.source == kInt32 ? MoveFrom<int32_t>(step, gm) : MoveFrom<float>(step, gm);
        default:
            return Configure(step);
    }
}

__aicore__ inline void LoadFactors() {
    LoadData2DParams params;
    params.repeatTimes = 16;
    params.srcStride = 1;
    LoadData(probe::Local<half>(TPosition::A2, 0, kTensorBytes),
             probe::Local<half>(TPosition::A1, 0, kTensorBytes), params);
    LoadData(probe::Local<half>(TPosition::B2, 0, kTensorBytes),
             probe::Local<half>(TPosition::B1, 0, kTensorBytes), params);
    PipeBarrier<PIPE_ALL>();
}

}  // namespace

// Tiling key 1: on vector cores.
extern "C" __global__ __aicore__ void probe_fixpipe(GM_ADDR l0c, GM_ADDR l1, GM_ADDR gm,
                                                    GM_ADDR out, GM_ADDR tiling) {
    REGISTER_TILING_DEFAULT(FixpipeCase);
    GET_TILING_DATA_WITH_STRUCT(FixpipeCase, test, tiling);
    if (TILING_KEY_IS(0)) {
        KERNEL_TASK_TYPE(0, KERNEL_TYPE_AIC_ONLY);
    }
    if (TILING_KEY_IS(1)) {
        KERNEL_TASK_TYPE(1, KERNEL_TYPE_AIV_ONLY);
    }
    if (ASCEND_IS_AIC) {
        probe::LoadL1(l1, 0, test.l1Bytes);
        LoadFactors();
    }
    for (int32_t loop = 0; loop < test.loops; ++loop) {
        for (int32_t i = 0; i < test.count; ++i) {
            Run(test.steps[i], l0c, gm);
        }
    }
    PipeBarrier<PIPE_ALL>();
    if (ASCEND_IS_AIC && test.storeBytes > 0) {
        probe::StoreLocal(out, kNpuL1, 0, test.storeBytes);
    }
}
