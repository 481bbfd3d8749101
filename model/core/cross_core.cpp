// SPDX-License-Identifier: Apache-2.0
// The scheduler of cross-core flags. Source: CrossCoreSetFlag, Ascend C API, modes 0, 1 and 2.
#include "core/cross_core.h"

#include <algorithm>

#include "core/core.h"
#include "core/raise.h"

namespace npu_model {

void CrossCoreScheduler::Set(Core& setter, const std::vector<Core*>& group,
                             const std::vector<Core*>& targets, NpuPipe pipe, int32_t mode,
                             int32_t flag, bool ordersNothing) {
    Round& round = rounds_[{mode, flag, group.front()->Number(), setter.Kind()}];
    round.waiting.resize(group.size());

    std::shared_ptr<const RemoteClock> clock;
    if (!ordersNothing) {
        clock = ToRemote(setter.CompletionClock(pipe), setter.Number(), cores_);
    }
    const auto member =
        static_cast<size_t>(std::find(group.begin(), group.end(), &setter) - group.begin());
    round.waiting[member].push_back(std::move(clock));

    const auto arrived = [](const auto& queue) { return !queue.empty(); };
    if (!std::all_of(round.waiting.begin(), round.waiting.end(), arrived)) {
        return;
    }
    Clock joined;
    for (auto& queue : round.waiting) {
        joined.JoinRemote(queue.front());
        queue.pop_front();
    }
    for (Core* target : targets) {
        CrossCoreFlag& counter = target->crossCoreFlags[static_cast<size_t>(flag)];
        if (counter.Pending() == CrossCoreFlag::kMostPending) {
            Raise(FaultKind::kCrossCore,
                  "cross-core flag " + std::to_string(flag) +
                      " must be waited for before it was set more than 15 times",
                  "Ascend C API, CrossCoreSetFlag: the counter holds 15");
        }
        counter.Arrive(joined.remote);
    }
}

}  // namespace npu_model
