// SPDX-License-Identifier: Apache-2.0
// The scheduler of cross-core flags.
#include "core/cross_core.h"

#include <algorithm>

#include "core/issue.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, CrossCoreSetFlag";

using ClockPointer = std::shared_ptr<const RemoteClock>;

// What both clocks say.
ClockPointer Meet(const ClockPointer& one, const ClockPointer& other) {
    if (one == nullptr || other == nullptr) {
        return nullptr;
    }
    auto common = std::make_shared<RemoteClock>(*one);
    for (size_t core = 0; core < common->size(); ++core) {
        for (size_t pipe = 0; pipe < kNpuPipeCount; ++pipe) {
            (*common)[core][pipe] = std::min((*common)[core][pipe], (*other)[core][pipe]);
        }
    }
    return common;
}

bool SamePipes(const CrossCoreFlag::Arrival& one, const CrossCoreFlag::Arrival& other) {
    return std::equal(
        one.sets->begin(), one.sets->end(), other.sets->begin(), other.sets->end(),
        [](const CrossCoreSet& a, const CrossCoreSet& b) { return a.pipe == b.pipe; });
}

std::string Place(const Core& core) {
    return "block " + std::to_string(core.Block()) + " " + core.Name();
}

// "block 0 AIV 0, block 0 AIV 1 (ended)"; at most four by name.
std::string Places(const std::vector<const Core*>& cores) {
    constexpr size_t kMostNames = 4;
    std::string text;
    for (size_t i = 0; i < std::min(cores.size(), kMostNames); ++i) {
        text += (i == 0 ? "" : ", ") + Place(*cores[i]);
        text += cores[i]->fiber == nullptr || cores[i]->fiber->Finished() ? " (ended)" : "";
    }
    if (cores.size() > kMostNames) {
        text += " and " + std::to_string(cores.size() - kMostNames) + " more";
    }
    return text;
}

Fault LeftoverFault(const CrossCoreSet& set, std::string rule) {
    Fault fault{};
    fault.kind = FaultKind::kCrossCore;
    fault.block = set.core->Block();
    fault.core = set.core->Number();
    fault.coreName = set.core->Name();
    fault.instruction = set.core->Record(set.pipe, set.number);
    fault.rule = std::move(rule);
    fault.source = kSource;
    return fault;
}

void RequireMode(const Issue& issue, const Core& core, const CrossCoreGroup& group) {
    if (core.crossCoreFlags[static_cast<size_t>(group.flag)].BusyInOtherMode(group.mode)) {
        issue.Fail(FaultKind::kCrossCore, "flag " + std::to_string(group.flag),
                   "must not be used in mode " + std::to_string(group.mode) +
                       " before all sets and waits of another mode are done on " + Place(core),
                   kSource);
    }
}

}  // namespace

void CrossCoreFlag::Arrive(Arrival arrival) {
    const bool ordered =
        std::all_of(arrivals_.begin(), arrivals_.end(),
                    [&](const Arrival& earlier) { return SamePipes(earlier, arrival); });
    if (!ordered) {
        // The hardware does not keep the order of sets by different pipes: until the last of them
        // is taken, only what all of them bring along is certain.
        Clock all;
        all.JoinRemote(arrival.clock);
        for (Arrival& earlier : arrivals_) {
            all.JoinRemote(earlier.clock);
            earlier.clock = Meet(earlier.clock, arrival.clock);
        }
        arrival.clock = all.remote;
    }
    arrivals_.push_back(std::move(arrival));
}

std::shared_ptr<const RemoteClock> CrossCoreFlag::Take() {
    auto clock = std::move(arrivals_.front().clock);
    arrivals_.pop_front();
    return clock;
}

void CrossCoreScheduler::Set(const Issue& issue, NpuPipe pipe, const CrossCoreGroup& group,
                             bool ordersNothing) {
    Core& setter = issue.core;
    RequireMode(issue, setter, group);
    ++sets_;
    Round& round = rounds_[{group.mode, group.flag, group.members.front()->Number()}];
    if (round.waiting.empty()) {
        round.group = group;
        round.waiting.resize(group.members.size());
    }
    const auto& members = round.group.members;
    if (members.size() != group.members.size()) {
        issue.Fail(FaultKind::kCrossCore, "number of cores",
                   "(" + std::to_string(group.members.size()) +
                       ") must be that of earlier calls (" + std::to_string(members.size()) + ")",
                   "Ascend C API, SyncAll");
    }
    const auto member =
        static_cast<size_t>(std::find(members.begin(), members.end(), &setter) - members.begin());
    if (round.waiting[member].size() == CrossCoreFlag::kMostPending) {
        issue.Fail(FaultKind::kCrossCore, "flag " + std::to_string(group.flag),
                   "must not be set more than 15 times ahead of its partners", kSource);
    }
    CrossCoreSet set{&setter, pipe, setter.LastNumber(pipe), nullptr};
    if (!ordersNothing) {
        set.clock = ToRemote(setter.CompletionClock(pipe), setter.Number(), cores_);
    }
    round.waiting[member].push_back(std::move(set));
    CrossCoreFlag& own = setter.crossCoreFlags[static_cast<size_t>(group.flag)];
    own.incompleteMode = group.mode;
    ++own.incompleteSets;

    const auto arrived = [](const auto& queue) { return !queue.empty(); };
    if (std::all_of(round.waiting.begin(), round.waiting.end(), arrived)) {
        Complete(issue, round);
    }
}

void CrossCoreScheduler::Complete(const Issue& issue, Round& round) {
    const auto flag = static_cast<size_t>(round.group.flag);
    auto sets = std::make_shared<std::vector<CrossCoreSet>>();
    Clock joined;
    for (size_t member = 0; member < round.waiting.size(); ++member) {
        auto& queue = round.waiting[member];
        joined.JoinRemote(queue.front().clock);
        sets->push_back(std::move(queue.front()));
        queue.pop_front();
        --round.group.members[member]->crossCoreFlags[flag].incompleteSets;
    }
    for (Core* target : round.group.targets) {
        RequireMode(issue, *target, round.group);
        CrossCoreFlag& counter = target->crossCoreFlags[flag];
        if (counter.Pending() == CrossCoreFlag::kMostPending) {
            issue.Fail(FaultKind::kCrossCore, "flag " + std::to_string(flag),
                       "must be waited for by " + Place(*target) +
                           " before it is set more than 15 times: the counter holds 15",
                       kSource);
        }
        counter.Arrive({round.group.mode, sets, joined.remote});
    }
}

std::string CrossCoreScheduler::Missing(const Core& waiter) const {
    std::string text;
    for (const auto& entry : rounds_) {
        const Round& round = entry.second;
        const auto& targets = round.group.targets;
        if (round.group.flag != waiter.waitFlag ||
            std::find(targets.begin(), targets.end(), &waiter) == targets.end()) {
            continue;
        }
        std::vector<const Core*> set;
        std::vector<const Core*> missing;
        for (size_t member = 0; member < round.waiting.size(); ++member) {
            auto& list = round.waiting[member].empty() ? missing : set;
            list.push_back(round.group.members[member]);
        }
        if (!set.empty()) {
            text += " (set by " + Places(set) + "; not by " + Places(missing) + ")";
        }
    }
    return text.empty() ? " (no set of it is left)" : text;
}

std::optional<Fault> CrossCoreScheduler::FindLeftover(
    const std::vector<std::unique_ptr<Core>>& cores) const {
    for (const auto& core : cores) {
        for (size_t id = 0; id < core->crossCoreFlags.size(); ++id) {
            const CrossCoreFlag& flag = core->crossCoreFlags[id];
            if (flag.Pending() != 0) {
                return LeftoverFault(
                    flag.First().sets->front(),
                    "cross-core flag " + std::to_string(id) +
                        " must be waited for as often as it is set: " + Place(*core) + " has " +
                        std::to_string(flag.Pending()) + " left at the end");
            }
        }
    }
    for (const auto& entry : rounds_) {
        const Round& round = entry.second;
        const auto left = std::find_if(round.waiting.begin(), round.waiting.end(),
                                       [](const auto& queue) { return !queue.empty(); });
        if (left == round.waiting.end()) {
            continue;
        }
        std::vector<const Core*> missing;
        for (size_t member = 0; member < round.waiting.size(); ++member) {
            if (round.waiting[member].empty()) {
                missing.push_back(round.group.members[member]);
            }
        }
        return LeftoverFault(left->front(), "cross-core flag " + std::to_string(round.group.flag) +
                                                " must be set by " + Places(missing) +
                                                " as often as by this core");
    }
    return std::nullopt;
}

}  // namespace npu_model
