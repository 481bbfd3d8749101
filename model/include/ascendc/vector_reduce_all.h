// SPDX-License-Identifier: Apache-2.0
// ReduceMax, ReduceMin and ReduceSum: a whole tensor to one value, in steps through a work tensor.
//
//   src --(a repeat each)--> pairs [value, lane] --(a repeat of pairs each)--> ... --> one pair
//
// Sums go the same way with single values. A pair keeps its lane as raw bits, so every step looks
// at each second element only.
#pragma once

#include "ascendc/pipe.h"
#include "ascendc/vector_reduce.h"

namespace AscendC {
namespace detail {

// After a scalar store of a result.
inline void PublishScalarStore() {
    OrderPipes<HardEvent::S_V>();
    OrderPipes<HardEvent::S_MTE3>();
}

struct LaneMask {
    uint64_t high;
    uint64_t low;
};

template <typename T>
inline LaneMask FirstLanesMask(uint32_t count) {
    const auto first = [](uint32_t n) { return n >= 64 ? kFullMask : (uint64_t{1} << n) - 1; };
    return {count > 64 ? first(count - 64) : 0, first(count)};
}

enum class ReduceKind : uint8_t { MAX, MIN, SUM };

inline const char* NameOf(ReduceKind kind) {
    return kind == ReduceKind::MAX   ? "ReduceMax"
           : kind == ReduceKind::MIN ? "ReduceMin"
                                     : "ReduceSum";
}

// What the user passed; the mask is that of every repeat.
template <typename T>
struct Reduction {
    ReduceKind kind;
    LocalTensor<T> dst, src, work;
    LaneMask mask;
    int32_t repeatTimes;
    int32_t srcRepStride;  // blocks
};

template <typename T>
constexpr uint32_t kPairsPerRepeat = static_cast<uint32_t>(kLanesPerRepeat<T> / 2);

// The value lanes of the first `pairs` pairs.
template <typename T>
inline LaneMask PairMask(uint32_t pairs) {
    const LaneMask all = FirstLanesMask<T>(2 * pairs);
    constexpr uint64_t kValues = 0x5555555555555555;
    return {all.high & kValues, all.low & kValues};
}

// One instruction: the result of each repeat goes right behind that of the one before.
template <typename T>
inline void ReduceStep(ReduceKind kind, const LocalTensor<T>& dst, const LocalTensor<T>& src,
                       const LaneMask& mask, int32_t repeatTimes, int32_t srcRepStride) {
    NpuSetVectorMask(mask.high, mask.low);
    const NpuReduceRepeat repeat = ToReduceRepeat(repeatTimes, 1, 1, srcRepStride);
    const uint32_t to = UbAddress(NameOf(kind), dst);
    const uint32_t from = UbAddress(NameOf(kind), src);
    if (kind == ReduceKind::SUM) {
        NpuVectorReduce(kNpuVcadd, TypeOf<T>(), to, from, &repeat);
    } else {
        NpuVectorExtreme(kind == ReduceKind::MAX, kNpuValueIndex, TypeOf<T>(), to, from, &repeat);
    }
}

// The repeats of the source, at most 255 an instruction.
template <typename T>
inline void ReduceSource(const Reduction<T>& job) {
    constexpr int32_t kMostRepeats = 255;
    const int32_t resultsPerRepeat = job.kind == ReduceKind::SUM ? 1 : 2;
    constexpr uint32_t kBlock = ONE_BLK_SIZE / sizeof(T);
    for (int32_t done = 0; done < job.repeatTimes; done += kMostRepeats) {
        if (done != 0) {
            PipeBarrier<PIPE_V>();  // the next results start in the block where the last ended
        }
        const int32_t rest = job.repeatTimes - done;
        const auto start = static_cast<uint32_t>(done * job.srcRepStride) * kBlock;
        ReduceStep(job.kind, job.work[static_cast<uint32_t>(done * resultsPerRepeat)],
                   job.src[start], job.mask, rest < kMostRepeats ? rest : kMostRepeats,
                   job.srcRepStride);
    }
}

// Reduces `pairs` pairs at `from` to pairs at `to`, which may be the same place.
template <typename T>
inline uint32_t ReducePairs(const Reduction<T>& job, uint32_t to, uint32_t from, uint32_t pairs) {
    const uint32_t whole = pairs / kPairsPerRepeat<T>;
    const uint32_t rest = pairs % kPairsPerRepeat<T>;
    if (whole != 0) {
        ReduceStep(job.kind, job.work[to], job.work[from], PairMask<T>(kPairsPerRepeat<T>),
                   static_cast<int32_t>(whole), DEFAULT_REPEAT_STRIDE);
    }
    if (rest != 0) {
        if (whole != 0) {
            PipeBarrier<PIPE_V>();  // in place, it writes where the step above has read
        }
        ReduceStep(job.kind, job.work[to + 2 * whole],
                   job.work[from + whole * 2 * kPairsPerRepeat<T>], PairMask<T>(rest), 1,
                   DEFAULT_REPEAT_STRIDE);
    }
    return whole + (rest != 0 ? 1 : 0);
}

template <typename T>
inline void StoreResult(const Reduction<T>& job) {
    OrderPipes<HardEvent::V_S>();
    job.dst.SetValue(0, job.work.GetValue(0));
    PublishScalarStore();
}

// Value only: every step works in place.
template <typename T>
inline void ReduceToValue(const Reduction<T>& job) {
    ReduceSource(job);
    if (job.repeatTimes > 1) {
        PipeBarrier<PIPE_V>();
        auto pairs = static_cast<uint32_t>(job.repeatTimes);
        do {
            pairs = ReducePairs(job, 0, 0, pairs);
            PipeBarrier<PIPE_V>();
        } while (pairs > kPairsPerRepeat<T>);
        ReducePairs(job, 0, 0, pairs);
    }
    StoreResult(job);
}

template <typename T>
constexpr uint32_t RoundUpToBlock(uint32_t elements) {
    constexpr uint32_t kBlock = ONE_BLK_SIZE / sizeof(T);
    return (elements + kBlock - 1) / kBlock * kBlock;
}

// Value and index: each step has its own place, so that the lanes can be traced back.
template <typename T>
inline void ReduceToValueAndIndex(const Reduction<T>& job) {
    if (job.repeatTimes == 1) {
        ReduceStep(job.kind, job.dst, job.src, job.mask, 1, job.srcRepStride);
        return;
    }
    using Bits = std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>;
    constexpr int kMostSteps = 8;
    uint32_t places[kMostSteps] = {0};  // of the results of each step, in elements of work
    int last = 0;
    auto pairs = static_cast<uint32_t>(job.repeatTimes);
    ReduceSource(job);
    PipeBarrier<PIPE_V>();
    do {
        places[last + 1] = places[last] + RoundUpToBlock<T>(2 * pairs);
        pairs = ReducePairs(job, places[last + 1], places[last], pairs);
        ++last;
        if (last == 1 || pairs > 1) {
            PipeBarrier<PIPE_V>();  // behind the first step even if it was the last, as in CANN
        }
    } while (pairs > 1);
    OrderPipes<HardEvent::V_S>();
    const LocalTensor<Bits> lanes = job.work.template ReinterpretCast<Bits>();
    const T value = job.work.GetValue(places[last]);
    uint32_t pair = 0;  // number of the winner among the results of a step
    for (int step = last; step > 0; --step) {
        pair = pair * kPairsPerRepeat<T> + lanes.GetValue(places[step] + 2 * pair + 1) / 2;
    }
    const uint32_t index =
        pair * static_cast<uint32_t>(job.srcRepStride) * (ONE_BLK_SIZE / sizeof(T)) +
        lanes.GetValue(2 * pair + 1);
    job.dst.SetValue(0, value);
    job.dst.SetValue(1, FromBits<T>(static_cast<Bits>(index)));
    PublishScalarStore();
}

// Elements of work that the steps of a reduction use.
template <typename T>
inline uint32_t WorkElements(const Reduction<T>& job, bool calIndex) {
    auto results = static_cast<uint32_t>(job.repeatTimes);
    if (job.kind == ReduceKind::SUM) {
        return RoundUpToBlock<T>(results);
    }
    if (calIndex && results == 1) {
        return 0;
    }
    uint32_t elements = RoundUpToBlock<T>(2 * results);
    while (calIndex && results > 1) {
        results = (results + kPairsPerRepeat<T> - 1) / kPairsPerRepeat<T>;
        elements += RoundUpToBlock<T>(2 * results);
    }
    return elements;
}

template <typename T>
inline void RequireTensors(const Reduction<T>& job, bool calIndex) {
    RequireUb(NameOf(job.kind), job.dst.Memory());
    const uint32_t needed = WorkElements(job, calIndex);
    if (job.work.GetSize() < needed) {
        char rule[80];
        std::snprintf(rule, sizeof(rule), "be at least %u elements", needed);
        FailArgument(NameOf(job.kind), "size of sharedTmpBuffer", job.work.GetSize(), rule);
    }
}

template <typename T>
inline void ReduceExtreme(const Reduction<T>& job, bool calIndex) {
    if (job.repeatTimes == 0) {
        return;
    }
    RequireTensors(job, calIndex);
    if (calIndex) {
        ReduceToValueAndIndex(job);
    } else {
        ReduceToValue(job);
    }
}

// Whole repeats first, then the elements left over, then the better of both.
template <typename T>
inline void ReduceExtremeOfFirst(ReduceKind kind, const LocalTensor<T>& dst,
                                 const LocalTensor<T>& src, const LocalTensor<T>& work,
                                 int32_t count, bool calIndex) {
    constexpr auto kLanes = static_cast<int32_t>(kLanesPerRepeat<T>);
    const int32_t whole = count / kLanes;
    const int32_t rest = count % kLanes;
    const auto reduce = [&](const LocalTensor<T>& from, int32_t lanes, int32_t repeatTimes) {
        ReduceExtreme<T>({kind, dst, from, work, FirstLanesMask<T>(static_cast<uint32_t>(lanes)),
                          repeatTimes, DEFAULT_REPEAT_STRIDE},
                         calIndex);
    };
    if (whole == 0 || rest == 0) {
        reduce(src, whole == 0 ? rest : kLanes, whole == 0 ? (rest != 0) : whole);
        return;
    }
    using Bits = std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>;
    const LocalTensor<Bits> result = dst.template ReinterpretCast<Bits>();
    reduce(src, kLanes, whole);
    OrderPipes<HardEvent::V_S>();
    const Bits body = result.GetValue(0);
    const Bits bodyIndex = calIndex ? result.GetValue(1) : Bits{0};
    OrderPipes<HardEvent::S_V>();
    reduce(src[static_cast<uint32_t>(whole * kLanes)], rest, 1);
    OrderPipes<HardEvent::V_S>();
    const Bits tail = result.GetValue(0);
    const auto tailIndex = static_cast<Bits>(
        whole * kLanes + (calIndex ? static_cast<int32_t>(result.GetValue(1)) : 0));
    const LocalTensor<Bits> both = work.template ReinterpretCast<Bits>();
    both.SetValue(0, body);
    both.SetValue(1, tail);
    OrderPipes<HardEvent::S_V>();
    reduce(work, 2, 1);
    if (calIndex) {
        OrderPipes<HardEvent::V_S>();
        result.SetValue(1, result.GetValue(1) == 1 ? tailIndex : bodyIndex);
        PublishScalarStore();
    }
}

template <typename T>
inline void ReduceSumOfRepeats(const Reduction<T>& job) {
    if (job.repeatTimes == 0) {
        return;
    }
    constexpr auto kLanes = static_cast<int32_t>(kLanesPerRepeat<T>);
    if (job.repeatTimes > kLanes * kLanes) {
        FailArgument("ReduceSum", "repeatTimes", job.repeatTimes,
                     "be at most the square of the elements of a repeat");
    }
    RequireTensors(job, false);
    ReduceSource(job);
    if (job.repeatTimes == 1) {
        StoreResult(job);
        return;
    }
    PipeBarrier<PIPE_V>();
    NpuSetMaskMode(true);
    ReduceStep(job.kind, job.work, job.work, {0, static_cast<uint64_t>(job.repeatTimes)}, 1,
               DEFAULT_REPEAT_STRIDE);
    NpuSetMaskMode(false);
    PipeBarrier<PIPE_V>();
    const int32_t left = (job.repeatTimes + kLanes - 1) / kLanes;
    if (left == 1) {
        StoreResult(job);
    } else {
        ReduceStep(job.kind, job.dst, job.work, FirstLanesMask<T>(static_cast<uint32_t>(left)), 1,
                   DEFAULT_REPEAT_STRIDE);
    }
}

inline LaneMask ToLaneMask(const uint64_t mask[]) { return {mask[1], mask[0]}; }

template <typename T>
inline LaneMask ToLaneMask(const char* function, int32_t mask) {
    if (mask < 0 || static_cast<uint64_t>(mask) > kLanesPerRepeat<T>) {
        FailArgument(function, "mask", mask, "be at most the number of elements of a repeat");
    }
    return FirstLanesMask<T>(static_cast<uint32_t>(mask));
}

inline void RequireRepeats(const char* function, int32_t repeatTimes, int32_t srcRepStride) {
    if (repeatTimes < 0) {
        FailArgument(function, "repeatTimes", repeatTimes, "not be negative");
    }
    if (srcRepStride < 0 || srcRepStride > UINT16_MAX) {
        FailArgument(function, "srcRepStride", srcRepStride, "be in 0..65535");
    }
}

inline void RequireCount(const char* function, int32_t count, size_t elementBytes) {
    if (count < 0 || static_cast<uint64_t>(count) * elementBytes > NpuLocalBytes(kNpuUb)) {
        FailArgument(function, "count", count, "be between 0 and what UB holds");
    }
}

}  // namespace detail

// dst[0] is the extreme and, with calIndex, dst[1] the bits of the first index that has it.
#define NPU_REDUCE_TENSOR_FUNCTION(name, kind)                                                    \
    template <typename T>                                                                         \
    inline void name(const LocalTensor<T>& dst, const LocalTensor<T>& src,                        \
                     const LocalTensor<T>& sharedTmpBuffer, const uint64_t mask[],                \
                     const int32_t repeatTimes, const int32_t srcRepStride, bool calIndex = 0) {  \
        static_assert(detail::kReducible<T>, #name ": T must be half or float");                  \
        if (ASCEND_IS_AIC) {                                                                      \
            return;                                                                               \
        }                                                                                         \
        detail::RequireRepeats(#name, repeatTimes, srcRepStride);                                 \
        detail::ReduceExtreme<T>({kind, dst, src, sharedTmpBuffer, detail::ToLaneMask(mask),      \
                                  repeatTimes, srcRepStride},                                     \
                                 calIndex);                                                       \
    }                                                                                             \
    template <typename T>                                                                         \
    inline void name(const LocalTensor<T>& dst, const LocalTensor<T>& src,                        \
                     const LocalTensor<T>& sharedTmpBuffer, const int32_t mask,                   \
                     const int32_t repeatTimes, const int32_t srcRepStride, bool calIndex = 0) {  \
        static_assert(detail::kReducible<T>, #name ": T must be half or float");                  \
        if (ASCEND_IS_AIC) {                                                                      \
            return;                                                                               \
        }                                                                                         \
        detail::RequireRepeats(#name, repeatTimes, srcRepStride);                                 \
        detail::ReduceExtreme<T>({kind, dst, src, sharedTmpBuffer,                                \
                                  detail::ToLaneMask<T>(#name, mask), repeatTimes, srcRepStride}, \
                                 calIndex);                                                       \
    }                                                                                             \
    template <typename T>                                                                         \
    inline void name(const LocalTensor<T>& dst, const LocalTensor<T>& src,                        \
                     const LocalTensor<T>& sharedTmpBuffer, const int32_t count,                  \
                     bool calIndex = 0) {                                                         \
        static_assert(detail::kReducible<T>, #name ": T must be half or float");                  \
        if (ASCEND_IS_AIC) {                                                                      \
            return;                                                                               \
        }                                                                                         \
        detail::RequireCount(#name, count, sizeof(T));                                            \
        detail::ReduceExtremeOfFirst(kind, dst, src, sharedTmpBuffer, count, calIndex);           \
    }
NPU_REDUCE_TENSOR_FUNCTION(ReduceMax, detail::ReduceKind::MAX)
NPU_REDUCE_TENSOR_FUNCTION(ReduceMin, detail::ReduceKind::MIN)
#undef NPU_REDUCE_TENSOR_FUNCTION

// A tree within each repeat, then a tree over the sums of the repeats.
template <typename T>
inline void ReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                      const LocalTensor<T>& sharedTmpBuffer, const uint64_t mask[],
                      const int32_t repeatTimes, const int32_t srcRepStride) {
    static_assert(detail::kReducible<T>, "ReduceSum: T must be half or float");
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireRepeats("ReduceSum", repeatTimes, srcRepStride);
    detail::ReduceSumOfRepeats<T>({detail::ReduceKind::SUM, dst, src, sharedTmpBuffer,
                                   detail::ToLaneMask(mask), repeatTimes, srcRepStride});
}
template <typename T>
inline void ReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                      const LocalTensor<T>& sharedTmpBuffer, const int32_t mask,
                      const int32_t repeatTimes, const int32_t srcRepStride) {
    static_assert(detail::kReducible<T>, "ReduceSum: T must be half or float");
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireRepeats("ReduceSum", repeatTimes, srcRepStride);
    detail::ReduceSumOfRepeats<T>({detail::ReduceKind::SUM, dst, src, sharedTmpBuffer,
                                   detail::ToLaneMask<T>("ReduceSum", mask), repeatTimes,
                                   srcRepStride});
}

// A tree within each repeat, and the sums of the repeats one after the other. The work tensor is
// not used. isSetMask = false: mode and mask, and so the count, are those of the caller.
template <typename T, bool isSetMask = true>
inline void ReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src,
                      [[maybe_unused]] const LocalTensor<T>& sharedTmpBuffer, const int32_t count) {
    static_assert(detail::kReducible<T>, "ReduceSum: T must be half or float");
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireCount("ReduceSum", count, sizeof(T));
    if (count == 0) {
        return;
    }
    if constexpr (isSetMask) {
        NpuSetMaskMode(true);
        NpuSetVectorMask(0, static_cast<uint64_t>(count));
    }
    const NpuReduceRepeat repeat = detail::ToReduceRepeat(1, 1, 1, DEFAULT_REPEAT_STRIDE);
    detail::RequireUb("ReduceSum", dst.Memory());
    NpuVectorAccumulate(TypeOf<T>(), detail::UbAddress("ReduceSum", src), &repeat);
    detail::OrderPipes<HardEvent::V_S>();
    dst.SetValue(0, GetAccVal<T>());
    detail::PublishScalarStore();
    if constexpr (isSetMask) {
        NpuSetMaskMode(false);
        NpuSetVectorMask(detail::kFullMask, detail::kFullMask);
    }
}

}  // namespace AscendC
