// SPDX-License-Identifier: Apache-2.0
// A kernel that interprets a list of steps, so that a test can write any sequence of accesses,
// flags and barriers. tests/model/program.py builds the list and knows the same operations.
#include "cube_image.h"

using namespace AscendC;

namespace {

// On an AIC, UB stands for L1 and MTE2 and MTE3 move between L1 and GM.
enum Operation : int32_t {
    kLoad,           // MTE2: UB[a] <- in[b], c bytes
    kLoadOut,        // MTE2: UB[a] <- out[b], c bytes
    kMove,           // V: UB[a] <- UB[b], c bytes
    kStore,          // MTE3: out[a] <- UB[b], c bytes
    kStoreIn,        // MTE3: in[a] <- UB[b], c bytes
    kScalarLoad,     // S: reads int32 UB[a]
    kScalarStore,    // S: int32 UB[a] <- b
    kScalarLoadGm,   // S: reads int32 out[a]
    kScalarStoreGm,  // S: int32 out[a] <- b
    kClean,          // dcci of the line of out[a], or with b = 1 of every line
    kSetFlag,        // event a, id b
    kWaitFlag,       // event a, id b
    kBarrier,        // pipe a
    kSyncAll,
    kSetAtomic,     // a = 0: none, 1: add, 2: max of int32; 3: add of float
    kSetMaskMode,   // a = 1: counter; 0: normal
    kOnBlock,       // what follows is for block a only; -1: for every block
    kOnCore,        // what follows is for kind a (0: AIC, 1: AIV) and index b, -1: all of the kind
    kCrossSet,      // mode a, pipe b, flag c
    kCrossWait,     // flag a, mode b
    kSyncAllKinds,  // AIC and AIV
};

struct Step {
    int32_t operation;
    int32_t a;
    int32_t b;
    int32_t c;
};

constexpr int32_t kMostSteps = 128;

struct Program {
    int32_t count;
    Step steps[kMostSteps];
};

// clang-format off
#define PROBE_EVENTS(X)                                     \
    X(MTE2_V) X(V_MTE2) X(MTE3_V) X(V_MTE3) X(MTE3_MTE2)    \
    X(MTE2_MTE3) X(S_V) X(V_S) X(S_MTE2) X(MTE2_S)          \
    X(S_MTE3) X(MTE3_S) X(V_V) X(M_V) X(MTE1_M)
// clang-format on

__aicore__ inline void Flag(bool set, int32_t event, int32_t id) {
    switch (static_cast<HardEvent>(event)) {
#define PROBE_EVENT(name)                                                   \
    case HardEvent::name:                                                   \
        set ? SetFlag<HardEvent::name>(id) : WaitFlag<HardEvent::name>(id); \
        break;
        PROBE_EVENTS(PROBE_EVENT)
#undef PROBE_EVENT
        default:
            ASSERT(false);
    }
}

__aicore__ inline void Barrier(int32_t pipe) {
    switch (pipe) {
#define PROBE_PIPE(name)     \
    case name:               \
        PipeBarrier<name>(); \
        break;
        PROBE_PIPE(PIPE_S)
        PROBE_PIPE(PIPE_V)
        PROBE_PIPE(PIPE_MTE2)
        PROBE_PIPE(PIPE_MTE3)
        PROBE_PIPE(PIPE_ALL)
#undef PROBE_PIPE
        default:
            ASSERT(false);
    }
}

template <uint8_t mode>
__aicore__ inline void CrossSet(int32_t pipe, uint16_t flag) {
    switch (pipe) {
#define PROBE_PIPE(name)                    \
    case name:                              \
        CrossCoreSetFlag<mode, name>(flag); \
        break;
        PROBE_PIPE(PIPE_S)
        PROBE_PIPE(PIPE_V)
        PROBE_PIPE(PIPE_M)
        PROBE_PIPE(PIPE_MTE1)
        PROBE_PIPE(PIPE_MTE2)
        PROBE_PIPE(PIPE_MTE3)
        PROBE_PIPE(PIPE_FIX)
        PROBE_PIPE(PIPE_ALL)
#undef PROBE_PIPE
        default:
            ASSERT(false);
    }
}

__aicore__ inline void CrossSet(const Step& step) {
    const auto flag = static_cast<uint16_t>(step.c);
    switch (step.a) {
        case 0:
            CrossSet<0>(step.b, flag);
            break;
        case 1:
            CrossSet<1>(step.b, flag);
            break;
        case 2:
            CrossSet<2>(step.b, flag);
            break;
        default:
            CrossSet<4>(step.b, flag);
    }
}

__aicore__ inline void CrossWait(const Step& step) {
    const auto flag = static_cast<uint16_t>(step.a);
    switch (step.b) {
        case 0:
            CrossCoreWaitFlag(flag);
            break;
        case 2:
            CrossCoreWaitFlag<2, PIPE_V>(flag);
            break;
        default:
            CrossCoreWaitFlag<4>(flag);
    }
}

class Interpreter {
 public:
    __aicore__ Interpreter(GM_ADDR in, GM_ADDR out) : in_(in), out_(out) {}

    __aicore__ void Run(const Program& program) {
        bool mine = true;
        for (int32_t i = 0; i < program.count; ++i) {
            const Step& step = program.steps[i];
            if (step.operation == kOnBlock) {
                mine = step.a < 0 || step.a == GetBlockIdx();
            } else if (step.operation == kOnCore) {
                mine = step.a == (ASCEND_IS_AIC ? 0 : 1) && (step.b < 0 || step.b == GetBlockIdx());
            } else if (mine) {
                step.operation <= kStoreIn ? Copy(step) : Do(step);
            }
        }
    }

 private:
    template <typename T>
    __aicore__ LocalTensor<T> Local(uint32_t address, uint32_t bytes) {
        if (ASCEND_IS_AIV) {
            return probe::Ub<T>(address, bytes);
        }
        return probe::Local<T>(TPosition::A1, address, bytes);
    }

    __aicore__ void Copy(const Step& step) {
        const auto bytes = static_cast<uint32_t>(step.c);
        const auto a = static_cast<uint32_t>(step.a);
        const auto b = static_cast<uint32_t>(step.b);
        switch (step.operation) {
            case kLoad:
                DataCopy(Local<int8_t>(a, bytes), probe::Gm<int8_t>(in_ + b), bytes);
                break;
            case kLoadOut:
                DataCopy(Local<int8_t>(a, bytes), probe::Gm<int8_t>(out_ + b), bytes);
                break;
            case kMove:
                DataCopy(probe::Ub<int8_t>(a, bytes), probe::Ub<int8_t>(b, bytes), bytes);
                break;
            case kStore:
                DataCopy(probe::Gm<int32_t>(out_ + a), Local<int32_t>(b, bytes), bytes / 4);
                break;
            default:
                DataCopy(probe::Gm<int8_t>(in_ + a), probe::Ub<int8_t>(b, bytes), bytes);
        }
    }

    __aicore__ void Do(const Step& step) {
        const auto a = static_cast<uint32_t>(step.a);
        switch (step.operation) {
            case kScalarLoad:
                static_cast<void>(probe::Ub<int32_t>(a, 4).GetValue(0));
                break;
            case kScalarStore:
                probe::Ub<int32_t>(a, 4).SetValue(0, step.b);
                break;
            case kScalarLoadGm:
                static_cast<void>(probe::Gm<int32_t>(out_ + a).GetValue(0));
                break;
            case kScalarStoreGm:
                probe::Gm<int32_t>(out_ + a).SetValue(0, step.b);
                break;
            case kClean:
                Clean(step);
                break;
            case kSetFlag:
            case kWaitFlag:
                Flag(step.operation == kSetFlag, step.a, step.b);
                break;
            case kBarrier:
                Barrier(step.a);
                break;
            case kSyncAll:
                SyncAll();
                break;
            case kSetAtomic:
                SetAtomic(step.a);
                break;
            case kSetMaskMode:
                step.a != 0 ? SetMaskCount() : SetMaskNorm();
                break;
            case kCrossSet:
                CrossSet(step);
                break;
            case kCrossWait:
                CrossWait(step);
                break;
            case kSyncAllKinds:
                SyncAll<false>();
                break;
            default:
                ASSERT(false);
        }
    }

    __aicore__ void SetAtomic(int32_t kind) {
        switch (kind) {
            case 0:
                SetAtomicNone();
                break;
            case 1:
                SetAtomicAdd<int32_t>();
                break;
            case 2:
                SetAtomicMax<int32_t>();
                break;
            default:
                SetAtomicAdd<float>();
        }
    }

    __aicore__ void Clean(const Step& step) {
        const GlobalTensor<int32_t> target = probe::Gm<int32_t>(out_ + step.a);
        if (step.b != 0) {
            DataCacheCleanAndInvalid<int32_t, CacheLine::ENTIRE_DATA_CACHE>(target);
        } else {
            DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE>(target);
        }
    }

    GM_ADDR in_;
    GM_ADDR out_;
};

}  // namespace

// Key 0 is AIV_ONLY, key 1 has flags between cores.
extern "C" __global__ __aicore__ void probe_program(GM_ADDR in, GM_ADDR out, GM_ADDR tiling) {
    REGISTER_TILING_DEFAULT(Program);
    GET_TILING_DATA_WITH_STRUCT(Program, program, tiling);
    if (TILING_KEY_IS(0)) {
        KERNEL_TASK_TYPE(0, KERNEL_TYPE_AIV_ONLY);
    }
    if (TILING_KEY_IS(1)) {
        KERNEL_TASK_TYPE(1, KERNEL_TYPE_MIX_AIV_1_0);
    }
    Interpreter(in, out).Run(program);
}
