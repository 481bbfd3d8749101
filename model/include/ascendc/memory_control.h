// SPDX-License-Identifier: Apache-2.0
// Atomic stores, and the data cache of the scalar pipe.
#pragma once

#include "ascendc/tensor.h"

namespace AscendC {

namespace detail {

template <typename T>
constexpr bool kAtomicType = SupportType<T, float, half, bfloat16_t, int8_t, int16_t, int32_t>();

}  // namespace detail

// Stores from UB to GM add to, or take the maximum or minimum with, what is there.
#define NPU_ATOMIC(function, operation)                                                   \
    template <typename T>                                                                 \
    inline void function() {                                                              \
        static_assert(detail::kAtomicType<T>, #function                                   \
                      ": T must be float, half, bfloat16_t, int8_t, int16_t or int32_t"); \
        NpuSetAtomic(operation, TypeOf<T>());                                             \
    }
NPU_ATOMIC(SetAtomicAdd, kNpuAtomicAdd)
NPU_ATOMIC(SetAtomicMax, kNpuAtomicMax)
NPU_ATOMIC(SetAtomicMin, kNpuAtomicMin)
#undef NPU_ATOMIC

// The operation stays.
template <typename T>
inline void SetAtomicType() {
    static_assert(detail::kAtomicType<T>,
                  "SetAtomicType: T must be float, half, bfloat16_t, int8_t, int16_t or int32_t");
    NpuSetAtomicType(TypeOf<T>());
}
inline void SetAtomicNone() { NpuSetAtomic(kNpuAtomicNone, kNpuF32); }

enum class AtomicDtype {
    ATOMIC_NONE,
    ATOMIC_F32,
    ATOMIC_F16,
    ATOMIC_S16,
    ATOMIC_S32,
    ATOMIC_S8,
    ATOMIC_BF16,
};
enum class AtomicOp { ATOMIC_SUM };

// A register that only instructions outside this API read.
template <AtomicDtype type, AtomicOp op>
inline void SetStoreAtomicConfig() {
    NpuSetStoreAtomic(static_cast<uint64_t>(type) | static_cast<uint64_t>(op) << 4);
}
inline void GetStoreAtomicConfig(uint16_t& atomicType, uint16_t& atomicOp) {
    const uint64_t config = NpuStoreAtomic();
    atomicType = config & 0x7;
    atomicOp = config >> 4 & 0x3;
}

enum class CacheLine : uint64_t { SINGLE_CACHE_LINE, ENTIRE_DATA_CACHE };
enum class DcciDst : uint64_t { CACHELINE_ALL, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };

namespace detail {

inline void RequireCacheTarget(DcciDst given, DcciDst memory) {
    if (given != memory && given != DcciDst::CACHELINE_ALL) {
        FailArgument("DataCacheCleanAndInvalid", "dcciDst", static_cast<int64_t>(given),
                     memory == DcciDst::CACHELINE_UB
                         ? "be CACHELINE_UB or CACHELINE_ALL for a LocalTensor"
                         : "be CACHELINE_OUT or CACHELINE_ALL for a "
                           "GlobalTensor");
    }
}

}  // namespace detail

// Writes back and drops the line of 64 bytes, from the address on, or every line.
template <typename T, CacheLine entireType, DcciDst dcciDst>
inline void DataCacheCleanAndInvalid(const GlobalTensor<T>& dst) {
    detail::RequireCacheTarget(dcciDst, DcciDst::CACHELINE_OUT);
    NpuDataCacheCleanInvalid(reinterpret_cast<uint64_t>(dst.GetPhyAddr()),
                             entireType == CacheLine::ENTIRE_DATA_CACHE);
}
template <typename T, CacheLine entireType, DcciDst dcciDst>
inline void DataCacheCleanAndInvalid(const LocalTensor<T>& dst) {
    detail::RequireCacheTarget(dcciDst, DcciDst::CACHELINE_UB);
    if (dst.Memory() != kNpuUb) {
        detail::Fail(kNpuRulePosition, "DataCacheCleanAndInvalid", "position", dst.GetPosition(),
                     "be VECIN, VECCALC or VECOUT");
    }
    NpuDataCacheCleanInvalidUb(dst.Address(), entireType == CacheLine::ENTIRE_DATA_CACHE);
}
template <typename T, CacheLine entireType>
inline void DataCacheCleanAndInvalid(const GlobalTensor<T>& dst) {
    DataCacheCleanAndInvalid<T, entireType, DcciDst::CACHELINE_OUT>(dst);
}

// Loads the line of the byte at `cacheOffset`.
template <typename T>
inline void DataCachePreload(const GlobalTensor<uint64_t>& src, const T cacheOffset) {
    static_assert(SupportType<T, int16_t, int64_t>(),
                  "DataCachePreload: cacheOffset must be int16_t or int64_t");
    NpuDataCachePreload(reinterpret_cast<uint64_t>(src.GetPhyAddr()) +
                        static_cast<uint64_t>(int64_t{cacheOffset}));
}

}  // namespace AscendC
