// SPDX-License-Identifier: Apache-2.0
// Element types, pipes, events, positions and parameter enums, named as in Ascend C.
#pragma once

#include <cstdint>
#include <type_traits>

#include "ascendc/half.h"
#include "ascendc/int4.h"
#include "ascendc/macros.h"

enum pipe_t : uint8_t {
    PIPE_S = kNpuPipeS,
    PIPE_V = kNpuPipeV,
    PIPE_M = kNpuPipeM,
    PIPE_MTE1 = kNpuPipeMte1,
    PIPE_MTE2 = kNpuPipeMte2,
    PIPE_MTE3 = kNpuPipeMte3,
    PIPE_FIX = kNpuPipeFix,
    PIPE_ALL = kNpuPipeAll,
};

enum event_t : int32_t {
    EVENT_ID0,
    EVENT_ID1,
    EVENT_ID2,
    EVENT_ID3,
    EVENT_ID4,
    EVENT_ID5,
    EVENT_ID6,
    EVENT_ID7,
};

namespace AscendC {

// Ids are also accepted as plain integers.
using TEventID = int8_t;
constexpr TEventID INVALID_TEVENTID = -1;

enum class TPosition : uint8_t {
    GM,
    A1,
    A2,
    B1,
    B2,
    C1,
    C2,
    CO1,
    CO2,
    VECIN,
    VECOUT,
    VECCALC,
    LCM = VECCALC,
    SPM,
    SHM = SPM,
    TSCM,
    C2PIPE2GM,
    C2PIPE2LOCAL,
    MAX,
};
using QuePosition = TPosition;

enum class Hardware : uint8_t { GM, UB, L1, L0A, L0B, L0C, BIAS, FIXBUF, MAX };

// Ordered pairs of pipes, source first.
// clang-format off
#define NPU_HARD_EVENTS(X)                                                                      \
    X(MTE2, MTE1) X(MTE1, MTE2) X(MTE1, M) X(M, MTE1) X(MTE2, V) X(V, MTE2) X(MTE3, V)          \
    X(V, MTE3) X(M, V) X(V, M) X(V, V) X(MTE3, MTE1) X(MTE1, MTE3) X(MTE1, V) X(MTE2, M)        \
    X(M, MTE2) X(V, MTE1) X(M, FIX) X(FIX, M) X(MTE3, MTE2) X(MTE2, MTE3) X(S, V) X(V, S)       \
    X(S, MTE2) X(MTE2, S) X(S, MTE3) X(MTE3, S) X(MTE2, FIX) X(FIX, MTE2) X(FIX, S) X(M, S)     \
    X(FIX, MTE3) X(MTE1, FIX) X(FIX, MTE1) X(FIX, FIX)
// clang-format on

enum class HardEvent : uint8_t {
#define NPU_HARD_EVENT(source, target) source##_##target,
    NPU_HARD_EVENTS(NPU_HARD_EVENT)
#undef NPU_HARD_EVENT
        MAX,
};

struct EventPipes {
    NpuPipe source;
    NpuPipe target;
};

constexpr EventPipes PipesOf(HardEvent event) {
    constexpr EventPipes kPipes[] = {
#define NPU_HARD_EVENT(source, target) \
    {static_cast<NpuPipe>(PIPE_##source), static_cast<NpuPipe>(PIPE_##target)},
        NPU_HARD_EVENTS(NPU_HARD_EVENT)
#undef NPU_HARD_EVENT
    };
    return kPipes[static_cast<uint8_t>(event)];
}

template <class T>
constexpr uint32_t kElementBits = 8 * sizeof(T);
template <>
constexpr uint32_t kElementBits<int4b_t> = 4;

template <class T>
constexpr NpuType TypeOf() {
    if constexpr (std::is_same_v<T, half>) {
        return kNpuF16;
    } else if constexpr (std::is_same_v<T, int4b_t>) {
        return kNpuS4;
    } else if constexpr (std::is_same_v<T, bfloat16_t>) {
        return kNpuBf16;
    } else if constexpr (std::is_same_v<T, float>) {
        return kNpuF32;
    } else if constexpr (std::is_same_v<T, double>) {
        static_assert(!std::is_same_v<T, double>, "the AI Core has no double");
    } else {
        static_assert(std::is_integral_v<T>, "not an element type of the AI Core");
        constexpr bool kSigned = std::is_signed_v<T>;
        return sizeof(T) == 1   ? (kSigned ? kNpuS8 : kNpuU8)
               : sizeof(T) == 2 ? (kSigned ? kNpuS16 : kNpuU16)
               : sizeof(T) == 4 ? (kSigned ? kNpuS32 : kNpuU32)
                                : (kSigned ? kNpuS64 : kNpuU64);
    }
}

template <class T, class... Allowed>
constexpr bool SupportType() {
    return (std::is_same_v<T, Allowed> || ...);
}

constexpr NpuMemory MemoryOf(TPosition position) {
    switch (position) {
        case TPosition::A1:
        case TPosition::B1:
        case TPosition::C1:
        case TPosition::SPM:
        case TPosition::TSCM:
            return kNpuL1;
        case TPosition::A2:
            return kNpuL0a;
        case TPosition::B2:
            return kNpuL0b;
        case TPosition::C2:
            return kNpuBias;
        case TPosition::CO1:
            return kNpuL0c;
        case TPosition::C2PIPE2GM:
            return kNpuFixbuf;
        case TPosition::VECIN:
        case TPosition::VECOUT:
        case TPosition::VECCALC:
            return kNpuUb;
        default:
            return kNpuGm;
    }
}

enum class RoundMode : uint8_t {
    CAST_NONE,
    CAST_RINT,
    CAST_FLOOR,
    CAST_CEIL,
    CAST_ROUND,
    CAST_TRUNC,
    CAST_ODD,
};

enum class CMPMODE : uint8_t { LT, GT, EQ, LE, GE, NE };

enum class SELMODE : uint8_t {
    VSEL_CMPMASK_SPR,
    VSEL_TENSOR_SCALAR_MODE,
    VSEL_TENSOR_TENSOR_MODE,
};

enum class ReduceOrder : uint8_t {
    ORDER_VALUE_INDEX,
    ORDER_INDEX_VALUE,
    ORDER_ONLY_VALUE,
    ORDER_ONLY_INDEX,
};

enum class MaskMode : uint8_t { NORMAL, COUNTER };

enum class CacheMode {
    CACHE_MODE_DISABLE = 0,
    CACHE_MODE_NORMAL = 1,
    CACHE_MODE_LAST = 2,
    CACHE_MODE_PERSISTENT = 4,
};
enum class CacheRwMode { READ = 1, WRITE = 2, RW = 3 };

constexpr uint32_t ONE_BLK_SIZE = 32;
constexpr int32_t DEFAULT_BLK_NUM = 8;
constexpr int32_t DEFAULT_BLK_STRIDE = 1;
constexpr int32_t DEFAULT_REPEAT_STRIDE = 8;
// For mask arguments that have no effect (isSetMask = false).
constexpr uint64_t MASK_PLACEHOLDER = 0;
constexpr uint64_t MASK_PLACEHOLDER_LIST[2] = {0, 0};

// Strides count blocks. The other fields exist for the layout of CANN's struct; nothing reads them.
struct UnaryRepeatParams {
    uint32_t blockNumber = DEFAULT_BLK_NUM;
    uint16_t dstBlkStride = DEFAULT_BLK_STRIDE;
    uint16_t srcBlkStride = DEFAULT_BLK_STRIDE;
    uint8_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t srcRepStride = DEFAULT_REPEAT_STRIDE;
    bool repeatStrideMode = false;
    bool strideSizeMode = false;
    bool halfBlock = false;

    UnaryRepeatParams() = default;
    UnaryRepeatParams(uint16_t dstBlock, uint16_t srcBlock, uint8_t dstRepeat, uint8_t srcRepeat)
        : dstBlkStride(dstBlock),
          srcBlkStride(srcBlock),
          dstRepStride(dstRepeat),
          srcRepStride(srcRepeat) {}
    UnaryRepeatParams(uint16_t dstBlock, uint16_t srcBlock, uint8_t dstRepeat, uint8_t srcRepeat,
                      bool half)
        : UnaryRepeatParams(dstBlock, srcBlock, dstRepeat, srcRepeat) {
        halfBlock = half;
    }
};

struct BinaryRepeatParams {
    uint32_t blockNumber = DEFAULT_BLK_NUM;
    uint8_t dstBlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src0BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src1BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src0RepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src1RepStride = DEFAULT_REPEAT_STRIDE;
    bool repeatStrideMode = false;
    bool strideSizeMode = false;

    BinaryRepeatParams() = default;
    BinaryRepeatParams(uint8_t dstBlock, uint8_t src0Block, uint8_t src1Block, uint8_t dstRepeat,
                       uint8_t src0Repeat, uint8_t src1Repeat)
        : dstBlkStride(dstBlock),
          src0BlkStride(src0Block),
          src1BlkStride(src1Block),
          dstRepStride(dstRepeat),
          src0RepStride(src0Repeat),
          src1RepStride(src1Repeat) {}
};

}  // namespace AscendC
