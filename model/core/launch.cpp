// SPDX-License-Identifier: Apache-2.0
// Running a launch: cores as fibers, scheduling orders, deadlocks, reports.
#include "core/launch.h"

#include <algorithm>
#include <cstdio>
#include <random>

#include "core/invoke.h"
#include "core/launch_state.h"
#include "core/raise.h"

namespace npu_model {
namespace {

// Rounds in which every core that can run polls GM and none changes it.
constexpr int kMostIdlePolls = 10000;

size_t CoreCount(const LaunchRequest& request) {
    const int32_t perBlock = request.type == KernelType::kMixAic12   ? 3
                             : request.type == KernelType::kMixAic11 ? 2
                                                                     : 1;
    return static_cast<size_t>(std::max(request.blocks, 0) * perBlock);
}

CallChain ChainOf(const Fiber& fiber, const void* frame) {
    return WalkFrames(frame, fiber.StackBegin(), fiber.StackEnd());
}

}  // namespace

// The frames below the call are the model's own.
CallChain CallersOf(const void* frame, uint64_t address) {
    const CallChain chain = ChainOf(*CurrentCore().fiber, frame);
    const auto entry = std::find(chain.begin(), chain.end(), address);
    return entry == chain.end() ? CallChain{address} : CallChain(entry, chain.end());
}

void Raise(Fault fault) {
    Core& core = CurrentCore();
    LaunchState& launch = core.Launch();
    fault.kernel = launch.Request().kernel;
    fault.block = core.Block();
    fault.core = core.Number();
    fault.coreName = core.Name();
    std::vector<uint64_t>& addresses = fault.instruction.addresses;
    if (!addresses.empty()) {
        addresses = CallersOf(__builtin_frame_address(0), addresses.front());
    }
    launch.SetFault(std::move(fault));
    core.fiber->Leave();
}

void Raise(FaultKind kind, std::string rule, std::string source) {
    Raise(kind, InstructionRecord{}, std::move(rule), std::move(source));
}

void Raise(FaultKind kind, const InstructionRecord& instruction, std::string rule,
           std::string source) {
    Fault fault{};
    fault.kind = kind;
    fault.instruction = instruction;
    fault.rule = std::move(rule);
    fault.source = std::move(source);
    Raise(std::move(fault));
}

LaunchState::LaunchState(const LaunchRequest& request)
    : request_(request),
      crossCore_(CoreCount(request)),
      mutated_(request.mutatedSites.begin(), request.mutatedSites.end()) {}

std::vector<Core*> LaunchState::CoresOfKind(NpuCoreKind kind) const {
    std::vector<Core*> found;
    for (const auto& core : cores_) {
        if (core->Kind() == kind) {
            found.push_back(core.get());
        }
    }
    return found;
}

std::vector<Core*> LaunchState::CoresOfBlock(int64_t block, NpuCoreKind kind) const {
    std::vector<Core*> found;
    for (const auto& core : cores_) {
        if (core->Block() == block && core->Kind() == kind) {
            found.push_back(core.get());
        }
    }
    return found;
}

void LaunchState::Print(const char* text) {
    printed_ += text;
    if (request_.echo) {
        std::fputs(text, stdout);
    }
}

bool LaunchState::VisitSite(const char* kind, const std::string& detail, const void* frame) {
    if (!request_.collectSites && mutated_.empty()) {
        return false;
    }
    CallChain chain = ChainOf(*CurrentCore().fiber, frame);
    const bool mutated = mutated_.count(chain) != 0;
    if (request_.collectSites) {
        Site& site = sites_[chain];
        if (site.hits++ == 0) {
            site.kind = kind;
            site.detail = detail;
            site.chain = std::move(chain);
        }
    }
    return mutated;
}

void LaunchState::MakeCores() {
    const bool hasAic =
        request_.type != KernelType::kAivOnly && request_.type != KernelType::kMixAiv10;
    const int vectorCores =
        request_.type == KernelType::kAicOnly || request_.type == KernelType::kMixAic10 ? 0
        : request_.type == KernelType::kMixAic12                                        ? 2
                                                                                        : 1;
    int32_t number = 0;
    for (int64_t block = 0; block < request_.blocks; ++block) {
        if (hasAic) {
            cores_.push_back(std::make_unique<Core>(this, number++, kNpuAic, block, 0));
        }
        for (int64_t sub = 0; sub < vectorCores; ++sub) {
            cores_.push_back(std::make_unique<Core>(this, number++, kNpuAiv, block, sub));
        }
    }
}

bool LaunchState::CheckRequest() {
    const auto fail = [this](FaultKind kind, std::string rule) {
        Fault fault{};
        fault.kind = kind;
        fault.kernel = request_.kernel;
        fault.rule = std::move(rule);
        SetFault(std::move(fault));
        return false;
    };
    if (request_.arguments.size() > kMostKernelArguments) {
        return fail(FaultKind::kLaunch, "arguments (" + std::to_string(request_.arguments.size()) +
                                            ") must be at most " +
                                            std::to_string(kMostKernelArguments));
    }
    const bool vectorOnly =
        request_.type == KernelType::kAivOnly || request_.type == KernelType::kMixAiv10;
    const int32_t limit = vectorOnly ? request_.soc->vectorCores : request_.soc->cubeCores;
    if (request_.blocks < 1 || request_.blocks > limit) {
        return fail(FaultKind::kLaunch, "blocks (" + std::to_string(request_.blocks) +
                                            ") must be in 1.." + std::to_string(limit) + " on " +
                                            request_.soc->name);
    }
    for (const Region& region : request_.regions) {
        std::string error;
        if (!gm_.Add(region, &error)) {
            return fail(FaultKind::kLaunch, error);
        }
    }
    return true;
}

void LaunchState::RunCore(Core& core) {
    SetCurrentCore(&core);
    core.fiber->Resume();
    SetCurrentCore(nullptr);
}

void LaunchState::RunKernel(Core& core) {
    std::optional<std::string> thrown;
    try {
        if (request_.startCore != nullptr) {
            request_.startCore();
        }
        InvokeKernel(request_.function, request_.arguments);
        core.Finish();
    } catch (const std::exception& exception) {
        thrown = exception.what();
    } catch (...) {
        thrown = "not a std::exception";
    }
    if (thrown) {  // raised here, because a fiber must not be left inside of a handler
        Raise(FaultKind::kLaunch, "no exception (" + *thrown + ") must leave a kernel", "");
    }
}

void LaunchState::StartCores() {
    for (const auto& core : cores_) {
        Core* self = core.get();
        const std::string name =
            request_.kernel + ": block " + std::to_string(core->Block()) + ", " + core->Name();
        core->fiber = std::make_unique<Fiber>(name, [this, self] { RunKernel(*self); });
    }
}

LaunchState::Round LaunchState::RunOnce(const std::vector<Core*>& cores) {
    Round round = Round::kNothingRan;
    for (Core* core : cores) {
        if (Faulted() || !core->CanRun()) {
            continue;
        }
        core->polled = false;
        const uint64_t before = core->BytesWrittenToGm() + crossCore_.Sets();
        RunCore(*core);
        const bool changed = core->BytesWrittenToGm() + crossCore_.Sets() != before;
        if (!core->polled || changed) {
            round = Round::kProgress;
        } else if (round == Round::kNothingRan) {
            round = Round::kPolled;
        }
    }
    return round;
}

void LaunchState::Schedule() {
    StartCores();
    std::vector<Core*> unfinished;
    for (const auto& core : cores_) {
        unfinished.push_back(core.get());
    }
    if (request_.order == Order::kReversed) {
        std::reverse(unfinished.begin(), unfinished.end());
    }
    std::mt19937_64 random(request_.seed);
    int idlePolls = 0;
    while (!unfinished.empty() && !Faulted()) {
        if (request_.order == Order::kSeeded) {
            std::shuffle(unfinished.begin(), unfinished.end(), random);
        }
        const Round round = RunOnce(unfinished);
        idlePolls = round == Round::kPolled ? idlePolls + 1 : 0;
        if (!Faulted() && (round == Round::kNothingRan || idlePolls > kMostIdlePolls)) {
            ReportDeadlock();
        }
        const auto finished = std::remove_if(unfinished.begin(), unfinished.end(),
                                             [](Core* core) { return core->ReleaseIfDone(); });
        unfinished.erase(finished, unfinished.end());
    }
}

void LaunchState::ReportDeadlock() {
    Fault fault{};
    fault.kind = FaultKind::kDeadlock;
    fault.kernel = request_.kernel;
    fault.rule = "every core waits and none can go on:";
    for (const auto& core : cores_) {
        if (core->fiber != nullptr && !core->fiber->Finished()) {
            fault.rule += " block " + std::to_string(core->Block()) + " " + core->Name() + " " +
                          (core->waitsFor.empty() ? "polls global memory"
                                                  : core->waitsFor + crossCore_.Missing(*core)) +
                          ";";
        }
    }
    SetFault(std::move(fault));
}

void LaunchState::CheckLeftovers() {
    if (Faulted() || request_.mode != Mode::kChecked) {
        return;
    }
    if (auto leftover = crossCore_.FindLeftover(cores_)) {
        leftover->kernel = request_.kernel;
        SetFault(std::move(*leftover));
    }
}

LaunchReport LaunchState::Run() {
    if (CheckRequest()) {
        MakeCores();
        Schedule();
        CheckLeftovers();
    }
    return Report();
}

LaunchReport LaunchState::Report() {
    LaunchReport report;
    report.fault = std::move(fault_);
    report.cores = static_cast<int32_t>(cores_.size());
    report.printed = std::move(printed_);
    for (const auto& core : cores_) {
        auto& sums = report.counters[core->Kind()];
        for (size_t pipe = 0; pipe < sums.size(); ++pipe) {
            const PipeCounters& own = core->counters[pipe];
            sums[pipe].instructions += own.instructions;
            sums[pipe].gmReadBytes += own.gmReadBytes;
            sums[pipe].gmWrittenBytes += own.gmWrittenBytes;
            sums[pipe].localReadBytes += own.localReadBytes;
            sums[pipe].localWrittenBytes += own.localWrittenBytes;
            sums[pipe].macs += own.macs;
        }
    }
    for (auto& [chain, site] : sites_) {
        report.sites.push_back(std::move(site));
    }
    report.stream = stream_.Take();
    report.streamChains = stream_.Chains();
    return report;
}

LaunchReport Launch(const LaunchRequest& request) { return LaunchState(request).Run(); }

}  // namespace npu_model
