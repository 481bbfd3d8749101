// SPDX-License-Identifier: Apache-2.0
// Vector clocks over the pipes of all cores: which instructions have completed before which.
//
// A clock says, for every pipe, up to which instruction number everything is complete. Clocks of
// other cores change at cross-core flags only, so they are shared, immutable and compared by
// pointer. Epochs instead of full clocks in the shadow memory: Flanagan and Freund, FastTrack,
// 2009.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "isa/isa.h"

namespace npu_model {

using LocalClock = std::array<uint32_t, kNpuPipeCount>;
using RemoteClock = std::vector<LocalClock>;  // by core number

struct Clock {
    LocalClock local{};                         // pipes of the own core
    std::shared_ptr<const RemoteClock> remote;  // pipes of all cores, null for "nothing known"

    void Join(const Clock& other) {
        JoinLocal(other.local);
        JoinRemote(other.remote);
    }

    void JoinLocal(const LocalClock& other) {
        for (int pipe = 0; pipe < kNpuPipeCount; ++pipe) {
            local[pipe] = local[pipe] > other[pipe] ? local[pipe] : other[pipe];
        }
    }

    void JoinRemote(const std::shared_ptr<const RemoteClock>& other);

    // True when instruction `number` of `pipe` on `core` completed before; `self` is this core.
    bool Covers(int32_t self, int32_t core, NpuPipe pipe, uint32_t number) const {
        if (core == self) {
            return number <= local[pipe];
        }
        return remote != nullptr && number <= (*remote)[static_cast<size_t>(core)][pipe];
    }
};

inline void Clock::JoinRemote(const std::shared_ptr<const RemoteClock>& other) {
    if (other == nullptr || other == remote) {
        return;
    }
    if (remote == nullptr) {
        remote = other;
        return;
    }
    auto joined = std::make_shared<RemoteClock>(*remote);
    for (size_t core = 0; core < joined->size(); ++core) {
        for (size_t pipe = 0; pipe < kNpuPipeCount; ++pipe) {
            uint32_t& mine = (*joined)[core][pipe];
            mine = mine > (*other)[core][pipe] ? mine : (*other)[core][pipe];
        }
    }
    remote = std::move(joined);
}

// What other cores take over from a clock of `core`, one of `cores`.
inline std::shared_ptr<const RemoteClock> ToRemote(const Clock& clock, int32_t core, size_t cores) {
    auto remote = clock.remote ? std::make_shared<RemoteClock>(*clock.remote)
                               : std::make_shared<RemoteClock>(cores);
    LocalClock& own = (*remote)[static_cast<size_t>(core)];
    for (size_t pipe = 0; pipe < own.size(); ++pipe) {
        own[pipe] = own[pipe] > clock.local[pipe] ? own[pipe] : clock.local[pipe];
    }
    return remote;
}

}  // namespace npu_model
