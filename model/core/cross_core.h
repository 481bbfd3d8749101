// SPDX-License-Identifier: Apache-2.0
// Flags between cores: counters that a hardware scheduler counts up once all partners have set.
// Source: CrossCoreSetFlag, Ascend C API, modes 0, 1 and 2.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/fault.h"

namespace npu_model {

class Core;
class Issue;

// One set, as an instruction of its core, and what had completed before it took effect.
struct CrossCoreSet {
    const Core* core;
    NpuPipe pipe;
    uint32_t number;
    std::shared_ptr<const RemoteClock> clock;  // null for "orders nothing"
};

// The counter of one flag on one core, with what each pending count brings along.
class CrossCoreFlag {
 public:
    static constexpr size_t kMostPending = 15;

    struct Arrival {
        int32_t mode;
        std::shared_ptr<const std::vector<CrossCoreSet>> sets;  // one of every member of the group
        std::shared_ptr<const RemoteClock> clock;
    };

    size_t Pending() const { return arrivals_.size(); }
    const Arrival& First() const { return arrivals_.front(); }
    // A pending count, or a set of this core that its partners have not completed, has another
    // mode.
    bool BusyInOtherMode(int32_t mode) const {
        return (!arrivals_.empty() && arrivals_.front().mode != mode) ||
               (incompleteSets != 0 && incompleteMode != mode);
    }
    void Arrive(Arrival arrival);
    std::shared_ptr<const RemoteClock> Take();

    // Of this core's own sets: how many wait for their partners, and in which mode.
    uint32_t incompleteSets = 0;
    int32_t incompleteMode = 0;

 private:
    std::deque<Arrival> arrivals_;
};

// The cores that have to set a flag, and those whose counters go up then.
struct CrossCoreGroup {
    int32_t mode;
    int32_t flag;
    std::vector<Core*> members;
    std::vector<Core*> targets;
};

// Collects the sets of groups of cores and counts up the targets when a group is complete.
class CrossCoreScheduler {
 public:
    explicit CrossCoreScheduler(size_t cores) : cores_(cores) {}

    // `ordersNothing` takes the edge away and keeps the counting, for mutation tests.
    void Set(const Issue& issue, NpuPipe pipe, const CrossCoreGroup& group, bool ordersNothing);

    uint64_t Sets() const { return sets_; }  // so far
    // For the report of a deadlock: who has set the flag that `waiter` waits for, and who has not.
    std::string Missing(const Core& waiter) const;
    // The first set that no core waited for, or whose partners are missing, once all cores have
    // ended.
    std::optional<Fault> FindLeftover(const std::vector<std::unique_ptr<Core>>& cores) const;

 private:
    struct Round {
        CrossCoreGroup group;
        std::vector<std::deque<CrossCoreSet>> waiting;  // by group member
    };
    void Complete(const Issue& issue, Round& round);

    size_t cores_;
    uint64_t sets_ = 0;
    // Key: mode, flag, and the first core of the group.
    std::map<std::array<int32_t, 3>, Round> rounds_;
};

}  // namespace npu_model
