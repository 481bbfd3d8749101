// SPDX-License-Identifier: Apache-2.0
// Copies between GM and UB of blocks whose first words are flags between cores.
//
// Cores poll such words while others write them: on purpose, so the two accesses are no race. They
// order the cores instead.
#include <cstring>

#include "core/issue.h"
#include "core/launch_state.h"
#include "isa/sync.h"

namespace npu_model {
namespace {

constexpr uint32_t kBlock = 32;  // bytes
constexpr const char* kSource = "Ascend C API, IBSet and WaitPreBlock";

// Host address of the flags; `writes` asks for memory that the kernel may change.
uint8_t* FlagsAt(const Issue& issue, const char* operand, uint64_t address, uint32_t bytes,
                 bool writes) {
    const Region* region = issue.core.Launch().Gm().Find(address, bytes);
    if (region == nullptr || (writes && !region->writable)) {
        issue.Fail(region == nullptr ? FaultKind::kAddress : FaultKind::kReadOnly, operand,
                   "must lie in one writable argument and hold 32 bytes for each flag", kSource);
    }
    return region->host + (address - region->address);
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuLoadGmFlags(uint32_t target, uint64_t source, uint32_t flags) {
    Issue issue("copy_gm_to_ubuf", kNpuPipeMte2);
    const uint32_t bytes = flags * kBlock;
    issue.RequireAligned("target", kNpuUb, target, kBlock, kSource);
    const int write = issue.Write(Contiguous(kNpuUb, target, bytes, "target"));
    issue.Commit();
    std::memcpy(issue.Host(write), FlagsAt(issue, "source", source, bytes, false), bytes);
    issue.core.counters[kNpuPipeMte2].gmReadBytes += bytes;
    LaunchState& launch = issue.core.Launch();
    if (!issue.checked || launch.VisitSite("load_gm_flags", "MTE2", __builtin_frame_address(0))) {
        return;
    }
    for (uint64_t flag = source; flag < source + bytes; flag += kBlock) {
        issue.core.JoinRemote(kNpuPipeMte2, launch.FlagsInGm().Load(flag));
    }
}

void NpuStoreGmFlags(uint64_t target, uint32_t source, uint32_t flags) {
    Issue issue("copy_ubuf_to_gm", kNpuPipeMte3);
    const uint32_t bytes = flags * kBlock;
    issue.RequireAligned("source", kNpuUb, source, kBlock, kSource);
    const int read = issue.Read(Contiguous(kNpuUb, source, bytes, "source"));
    issue.Commit();
    std::memcpy(FlagsAt(issue, "target", target, bytes, true), issue.Host(read), bytes);
    issue.core.counters[kNpuPipeMte3].gmWrittenBytes += bytes;
    if (!issue.checked) {
        return;
    }
    Core& core = issue.core;
    LaunchState& launch = core.Launch();
    const bool mutated = launch.VisitSite("store_gm_flags", "MTE3", __builtin_frame_address(0));
    core.StartClock(kNpuPipeMte3);
    const auto clock = mutated ? nullptr
                               : ToRemote(core.CompletionClock(kNpuPipeMte3), core.Number(),
                                          launch.Cores().size());
    for (uint64_t flag = target; flag < target + bytes; flag += kBlock) {
        launch.FlagsInGm().Store(flag, clock);
    }
}
