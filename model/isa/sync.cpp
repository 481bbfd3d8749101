// SPDX-License-Identifier: Apache-2.0
// set_flag, wait_flag, pipe_barrier and the cross-core flags.
#include "isa/sync.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/issue.h"
#include "core/launch_state.h"
#include "core/names.h"

namespace npu_model {
namespace {

constexpr const char* kFlagSource = "Ascend C API, SetFlag/WaitFlag";
constexpr const char* kSoftSource = "Ascend C API, SyncAll";
constexpr const char* kCrossSource = "Ascend C API, CrossCoreSetFlag";

std::string Pair(NpuPipe source, NpuPipe target) {
    return std::string(PipeName(source)) + "_" + PipeName(target);
}

// Where an instruction is issued that names a pipe: on the scalar pipe if there is no such one.
NpuPipe IssuedOn(NpuPipe pipe) { return pipe < kNpuPipeCount ? pipe : kNpuPipeS; }

// Pipe pairs that the hardware has no flag for.
bool PairExists(NpuPipe source, NpuPipe target, NpuCoreKind kind) {
    if (source >= kNpuPipeCount || target >= kNpuPipeCount) {
        return false;
    }
    const auto onAiv = [](NpuPipe pipe) {
        return pipe == kNpuPipeS || pipe == kNpuPipeV || pipe == kNpuPipeMte2 ||
               pipe == kNpuPipeMte3;
    };
    if (kind == kNpuAiv) {
        return onAiv(source) && onAiv(target) && !(source == kNpuPipeS && target == kNpuPipeS);
    }
    return source != kNpuPipeV && target != kNpuPipeV;
}

void CheckFlag(const Issue& issue, NpuPipe source, NpuPipe target, int32_t event) {
    if (!PairExists(source, target, issue.core.Kind())) {
        issue.Fail(FaultKind::kEvent, Pair(source, target),
                   std::string("must be a pair of pipes of an ") +
                       (issue.core.Kind() == kNpuAiv ? "AIV" : "AIC"),
                   "Ascend C API, HardEvent by core type");
    }
    issue.RequireRange("event id", static_cast<uint64_t>(static_cast<int64_t>(event)), 0,
                       EventFlags::kIds - 1, kFlagSource);
}

// Pipes on which the scheduler of flags listens. Not the scalar pipe, and only those of the core.
bool SetsCrossCoreFlags(NpuPipe pipe, NpuCoreKind kind) {
    switch (pipe) {
        case kNpuPipeMte2:
        case kNpuPipeMte3:
            return true;
        case kNpuPipeV:
            return kind == kNpuAiv;
        case kNpuPipeM:
        case kNpuPipeMte1:
        case kNpuPipeFix:
            return kind == kNpuAic;
        default:
            return false;
    }
}

void CheckCrossCoreSet(const Issue& issue, NpuPipe pipe, int32_t mode, int32_t flag) {
    const Core& core = issue.core;
    const LaunchState& launch = core.Launch();
    if (!launch.HasCrossCore()) {
        issue.Fail(FaultKind::kCrossCore, "kernel type",
                   "must be a MIX type: AIV_ONLY and AIC_ONLY kernels have no scheduler of flags",
                   "Ascend C API, KERNEL_TASK_TYPE");
    }
    if (!SetsCrossCoreFlags(pipe, core.Kind())) {
        issue.Fail(FaultKind::kCrossCore, std::string("pipe (") + PipeName(pipe) + ")",
                   core.Kind() == kNpuAiv ? "must be V, MTE2 or MTE3 on an AIV"
                                          : "must be M, MTE1, MTE2, MTE3 or FIX on an AIC",
                   kCrossSource);
    }
    issue.RequireRange("mode", static_cast<uint64_t>(mode), 0, 2, kCrossSource);
    issue.RequireRange("flag id", static_cast<uint64_t>(flag), 0, 15, kCrossSource);
    if (mode != 0 && !launch.HasBothKinds()) {
        issue.Fail(FaultKind::kCrossCore, "mode (" + std::to_string(mode) + ")",
                   "must be used in kernels of type MIX_AIC_1_1 or MIX_AIC_1_2 only", kCrossSource);
    }
    if (mode == 1 && core.Kind() != kNpuAiv) {
        issue.Fail(FaultKind::kCrossCore, "mode (1)", "must be used between the AIV of a block",
                   kCrossSource);
    }
}

// Yields until the flag was counted up, counts it down, and takes over what its setters knew.
void WaitForFlag(Core& core, int32_t flag, bool ordersNothing) {
    CrossCoreFlag& counter = core.crossCoreFlags[static_cast<size_t>(flag)];
    if (counter.Pending() == 0) {
        core.waitFlag = flag;
        core.waitsFor = flag == Core::kSoftSyncFlag
                            ? "waits in SyncAll for the other cores"
                            : "waits for cross-core flag " + std::to_string(flag);
        core.fiber->Yield();
        core.waitFlag = -1;
        core.waitsFor.clear();
    }
    const auto clock = counter.Take();
    if (!ordersNothing) {
        core.JoinRemote(kNpuPipeS, clock);
    }
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuSetFlag(NpuPipe source, NpuPipe target, int32_t event) {
    Issue issue("set_flag", IssuedOn(source));
    issue.Commit();
    if (!issue.checked) {
        return;
    }
    CheckFlag(issue, source, target, event);
    EventFlags::Flag& flag = issue.core.flags.At(source, target, event);
    if (flag.raised) {
        issue.Fail(FaultKind::kEvent, Pair(source, target) + " id " + std::to_string(event),
                   "must be waited for before it is set again", kFlagSource);
    }
    const bool mutated =
        issue.core.Launch().VisitSite("set_flag", Pair(source, target), __builtin_frame_address(0));
    issue.core.StartClock(source);
    flag = {true, mutated, issue.core.CompletionClock(source),
            issue.core.Record(source, issue.core.LastNumber(source))};
}

void NpuWaitFlag(NpuPipe source, NpuPipe target, int32_t event) {
    Issue issue("wait_flag", IssuedOn(target));
    issue.Commit();
    if (!issue.checked) {
        return;
    }
    CheckFlag(issue, source, target, event);
    EventFlags::Flag& flag = issue.core.flags.At(source, target, event);
    if (!flag.raised) {
        issue.Fail(FaultKind::kEvent, Pair(source, target) + " id " + std::to_string(event),
                   "must be set before it is waited for, or the pipe never goes on", kFlagSource);
    }
    const bool mutated = issue.core.Launch().VisitSite("wait_flag", Pair(source, target),
                                                       __builtin_frame_address(0));
    flag.raised = false;
    if (!mutated && !flag.ordersNothing) {
        issue.core.JoinClock(target, flag.clock);
    }
}

void NpuPipeBarrier(NpuPipe pipe) {
    Issue issue("pipe_barrier", IssuedOn(pipe));
    issue.Commit();
    if (!issue.checked) {
        return;
    }
    if (pipe == kNpuPipeS) {
        issue.Fail(FaultKind::kBarrier, "pipe (S)",
                   "must not be PIPE_S: the scalar pipe is in order", "Ascend C API, PipeBarrier");
    }
    const std::string detail = PipeName(pipe);
    if (!issue.core.Launch().VisitSite("pipe_barrier", detail, __builtin_frame_address(0))) {
        issue.core.Barrier(pipe);
    }
}

void NpuCrossCoreSet(NpuPipe pipe, int32_t mode, int32_t flag) {
    Issue issue("ffts_cross_core_sync", IssuedOn(pipe));
    issue.Commit();
    CheckCrossCoreSet(issue, pipe, mode, flag);
    Core& core = issue.core;
    LaunchState& launch = core.Launch();
    const NpuCoreKind other = core.Kind() == kNpuAic ? kNpuAiv : kNpuAic;
    CrossCoreGroup group{mode, flag, {}, {}};
    group.members = mode == 0 ? launch.CoresOfKind(core.Kind())
                              : launch.CoresOfBlock(core.Block(), core.Kind());
    group.targets = mode == 2 ? launch.CoresOfBlock(core.Block(), other) : group.members;
    const bool mutated =
        core.Launch().VisitSite("cross_core_set", PipeName(pipe), __builtin_frame_address(0));
    core.StartClock(pipe);
    launch.CrossCore().Set(issue, pipe, group, mutated || !issue.checked);
}

void NpuCrossCoreWait(int32_t flag) {
    Issue issue("wait_flag_dev", kNpuPipeS);
    issue.Commit();
    Core& core = issue.core;
    if (!core.Launch().HasCrossCore()) {
        issue.Fail(FaultKind::kCrossCore, "kernel type", "must be a MIX type",
                   "Ascend C API, KERNEL_TASK_TYPE");
    }
    issue.RequireRange("flag id", static_cast<uint64_t>(flag), 0, 15, kCrossSource);
    const bool mutated =
        core.Launch().VisitSite("cross_core_wait", "S", __builtin_frame_address(0));
    WaitForFlag(core, flag, mutated);
}

void NpuSoftSyncAll(uint64_t gmWorkspace, uint32_t ubWorkspace, int32_t cores) {
    constexpr uint32_t kSlotBytes = 32;
    Issue issue("sync_all_through_gm", kNpuPipeS);
    Core& core = issue.core;
    LaunchState& launch = core.Launch();
    auto group = launch.CoresOfKind(kNpuAiv);
    issue.RequireRange("usedCores", static_cast<uint64_t>(static_cast<int64_t>(cores)), 0,
                       group.size(), kSoftSource);
    if (cores != 0) {
        group.resize(static_cast<size_t>(cores));
    }
    const auto member = std::find(group.begin(), group.end(), &core);
    if (member == group.end()) {
        issue.Fail(FaultKind::kCrossCore, "usedCores (" + std::to_string(cores) + ")",
                   "must include every core that calls SyncAll", kSoftSource);
    }
    const auto bytes = static_cast<uint32_t>(group.size()) * kSlotBytes;
    issue.RequireAligned("ubWorkspace", kNpuUb, ubWorkspace, kSlotBytes, kSoftSource);
    issue.Write(Contiguous(kNpuUb, ubWorkspace, bytes, "ubWorkspace"));
    issue.Commit();
    const Region* region = launch.Gm().Find(gmWorkspace, bytes);
    if (region == nullptr || !region->writable) {
        issue.Fail(FaultKind::kAddress, "gmWorkspace",
                   "must lie in one writable argument and hold 32 bytes for each core",
                   kSoftSource);
    }
    // Only this core counts in its slot, so the counters need no ordering of their own.
    uint8_t* slot = region->host + (gmWorkspace - region->address) +
                    static_cast<size_t>(member - group.begin()) * kSlotBytes;
    int32_t count = 0;
    std::memcpy(&count, slot, sizeof(count));
    if (count != core.softSyncs) {
        issue.Fail(FaultKind::kCrossCore, "gmWorkspace",
                   "must be zero before the first SyncAll and be left alone afterwards",
                   kSoftSource);
    }
    count = ++core.softSyncs;
    std::memcpy(slot, &count, sizeof(count));
    const bool mutated = launch.VisitSite("sync_all_through_gm", "AIV", __builtin_frame_address(0));
    constexpr int32_t kMode = 3;  // a group of its own
    launch.CrossCore().Set(issue, kNpuPipeS, {kMode, Core::kSoftSyncFlag, group, group},
                           mutated || !issue.checked);
    WaitForFlag(core, Core::kSoftSyncFlag, mutated);
}

// Scalar accesses are in order, and those of other pipes are ordered by flags only.
void NpuDataSyncBarrier(NpuDsb) {
    Issue issue("dsb", kNpuPipeS);
    issue.core.Look(0);
    issue.Commit();
}

void NpuPollYield() {
    Core& core = CurrentCore();
    core.polled = true;
    core.fiber->Yield();
}
