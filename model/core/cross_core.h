// SPDX-License-Identifier: Apache-2.0
// Flags between cores: counters that a hardware scheduler counts up once all partners have set.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "core/clock.h"

namespace npu_model {

class Core;

// The counter of one flag on one core, with what each pending count brings along.
class CrossCoreFlag {
 public:
    static constexpr size_t kMostPending = 15;

    size_t Pending() const { return arrivals_.size(); }
    void Arrive(std::shared_ptr<const RemoteClock> clock) { arrivals_.push_back(std::move(clock)); }
    std::shared_ptr<const RemoteClock> Take() {
        auto clock = std::move(arrivals_.front());
        arrivals_.pop_front();
        return clock;
    }

 private:
    std::deque<std::shared_ptr<const RemoteClock>> arrivals_;
};

// Collects the sets of one group of cores and counts up the targets when the group is complete.
class CrossCoreScheduler {
 public:
    explicit CrossCoreScheduler(size_t cores) : cores_(cores) {}

    // `ordersNothing` takes the edge away and keeps the counting, for mutation tests.
    void Set(Core& setter, const std::vector<Core*>& group, const std::vector<Core*>& targets,
             NpuPipe pipe, int32_t mode, int32_t flag, bool ordersNothing);

 private:
    struct Round {
        std::vector<std::deque<std::shared_ptr<const RemoteClock>>> waiting;  // by group member
    };
    size_t cores_;
    // Key: mode, flag and the first core of the group.
    std::map<std::array<int64_t, 4>, Round> rounds_;
};

}  // namespace npu_model
