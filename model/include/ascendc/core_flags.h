// SPDX-License-Identifier: Apache-2.0
// Cores that wait for each other through words in GM: IBSet and IBWait, and turns in block order.
#pragma once

#include "ascendc/data_copy.h"
#include "ascendc/pipe.h"
#include "ascendc/system.h"
#include "ascendc/vector_fill.h"

namespace AscendC {
namespace detail {

// A core's flag is the first word of a block of 32 bytes.
constexpr uint32_t kFlagWords = ONE_BLK_SIZE / sizeof(int32_t);

inline void LoadFlags(const LocalTensor<int32_t>& target, const GlobalTensor<int32_t>& source,
                      int64_t flags) {
    NpuLoadGmFlags(target.Address(), GmAddress(source), static_cast<uint32_t>(flags));
}
inline void StoreFlags(const GlobalTensor<int32_t>& target, const LocalTensor<int32_t>& source,
                       int64_t flags) {
    NpuStoreGmFlags(GmAddress(target), source.Address(), static_cast<uint32_t>(flags));
}

// Waits until the flag of block `blockIdx` for `eventID` is `expected`, and replaces it.
template <bool isAIVOnly>
inline void PassFlag(const char* function, const GlobalTensor<int32_t>& gmWorkspace,
                     const LocalTensor<int32_t>& ubWorkspace, int32_t blockIdx, int32_t eventID,
                     int32_t expected, int32_t replacement) {
    if (ASCEND_IS_AIC) {
        return;
    }
    RequireUb(function, ubWorkspace.Memory());
    const int64_t cores = isAIVOnly ? GetBlockNum() : GetBlockNum() * 2;
    RequireRange(kNpuRuleArgument, function, "blockIdx", blockIdx, 0, cores - 1);
    RequireRange(kNpuRuleArgument, function, "eventID", eventID, 0, INT32_MAX);
    const GlobalTensor<int32_t> flag =
        gmWorkspace[static_cast<uint64_t>(cores * eventID + blockIdx) * kFlagWords];
    PipeBarrier<PIPE_ALL>();
    while (true) {
        LoadFlags(ubWorkspace, flag, 1);
        OrderPipes<HardEvent::MTE2_S>();
        if (ubWorkspace.GetValue(0) == expected) {
            break;
        }
        OrderPipes<HardEvent::S_MTE2>();
        NpuPollYield();
    }
    ubWorkspace.SetValue(0, replacement);
    OrderPipes<HardEvent::S_MTE3>();
    StoreFlags(flag, ubWorkspace, 1);
    PipeBarrier<PIPE_ALL>();
}

}  // namespace detail

// gmWorkspace is zero at first and has 32 bytes for every pair of a core and an event id.
template <bool isAIVOnly = true>
inline void IBSet(const GlobalTensor<int32_t>& gmWorkspace, const LocalTensor<int32_t>& ubWorkspace,
                  int32_t blockIdx, int32_t eventID) {
    detail::PassFlag<isAIVOnly>("IBSet", gmWorkspace, ubWorkspace, blockIdx, eventID, 0, 1);
}
template <bool isAIVOnly = true>
inline void IBWait(const GlobalTensor<int32_t>& gmWorkspace,
                   const LocalTensor<int32_t>& ubWorkspace, int32_t blockIdx, int32_t eventID) {
    detail::PassFlag<isAIVOnly>("IBWait", gmWorkspace, ubWorkspace, blockIdx, eventID, 1, 0);
}

// Turns in block order. gmWorkspace has one flag a block; ubWorkspace has room for as many, and
// behind them the number of the round.
inline void InitDetermineComputeWorkspace(GlobalTensor<int32_t>& gmWorkspace,
                                          LocalTensor<int32_t>& ubWorkspace) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireUb("InitDetermineComputeWorkspace", ubWorkspace.Memory());
    const int64_t blocks = GetBlockNum();
    PipeBarrier<PIPE_ALL>();
    if (GetBlockIdx() == 0) {
        Duplicate(ubWorkspace, 0, static_cast<int32_t>(blocks * detail::kFlagWords));
        detail::OrderPipes<HardEvent::V_MTE3>();
        detail::StoreFlags(gmWorkspace, ubWorkspace, blocks);
    }
    ubWorkspace.SetValue(static_cast<uint32_t>(blocks * detail::kFlagWords), 1);
    PipeBarrier<PIPE_ALL>();
}

namespace detail {

// Lower blocks have had their turn of this round, this one and the higher ones have not.
inline bool IsOwnTurn(const LocalTensor<int32_t>& ubWorkspace) {
    const int64_t blocks = GetBlockNum();
    const int32_t round = ubWorkspace.GetValue(static_cast<uint32_t>(blocks * kFlagWords));
    for (int64_t block = 0; block < blocks; ++block) {
        const int32_t expected = block < GetBlockIdx() ? round : 0;
        if (ubWorkspace.GetValue(static_cast<uint32_t>(block * kFlagWords)) != expected) {
            return false;
        }
    }
    return true;
}

}  // namespace detail

inline void WaitPreBlock(GlobalTensor<int32_t>& gmWorkspace, LocalTensor<int32_t>& ubWorkspace) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireUb("WaitPreBlock", ubWorkspace.Memory());
    PipeBarrier<PIPE_ALL>();
    while (true) {
        detail::LoadFlags(ubWorkspace, gmWorkspace, GetBlockNum());
        detail::OrderPipes<HardEvent::MTE2_S>();
        const bool own = detail::IsOwnTurn(ubWorkspace);
        detail::OrderPipes<HardEvent::S_MTE2>();
        if (own) {
            break;
        }
        NpuPollYield();
    }
    PipeBarrier<PIPE_ALL>();
}

// The last block ends the round.
inline void NotifyNextBlock(GlobalTensor<int32_t>& gmWorkspace, LocalTensor<int32_t>& ubWorkspace) {
    if (ASCEND_IS_AIC) {
        return;
    }
    detail::RequireUb("NotifyNextBlock", ubWorkspace.Memory());
    const int64_t blocks = GetBlockNum();
    const int64_t block = GetBlockIdx();
    const auto end = static_cast<uint32_t>(blocks * detail::kFlagWords);
    PipeBarrier<PIPE_ALL>();
    const int32_t round = ubWorkspace.GetValue(end);
    if (block + 1 == blocks) {
        Duplicate(ubWorkspace, 0, static_cast<int32_t>(end));
        detail::OrderPipes<HardEvent::V_MTE3>();
        detail::StoreFlags(gmWorkspace, ubWorkspace, blocks);
    } else {
        const auto own = static_cast<uint32_t>(block * detail::kFlagWords);
        detail::OrderPipes<HardEvent::S_V>();
        Duplicate(ubWorkspace[own], round, static_cast<int32_t>(detail::kFlagWords));
        detail::OrderPipes<HardEvent::V_MTE3>();
        detail::StoreFlags(gmWorkspace[own], ubWorkspace[own], 1);
    }
    ubWorkspace.SetValue(end, round + 1);
    PipeBarrier<PIPE_ALL>();
}

}  // namespace AscendC
