// SPDX-License-Identifier: Apache-2.0
// Identity of the current core, control registers, and faults that a front end found.
#include "isa/system.h"

#include "core/issue.h"
#include "core/launch_state.h"
#include "isa/start_core.h"

using namespace npu_model;

int64_t NpuBlockIdx() { return CurrentCore().Block(); }
int64_t NpuBlockCount() { return CurrentCore().Launch().Request().blocks; }
int64_t NpuSubBlockIdx() { return CurrentCore().SubBlock(); }
int64_t NpuSubBlockCount() {
    const Core& core = CurrentCore();
    return core.Launch().HasSubBlocks() && core.Kind() == kNpuAiv ? 2 : 1;
}
NpuCoreKind NpuCurrentCoreKind() { return CurrentCore().Kind(); }
uint64_t NpuTilingKey() { return CurrentCore().Launch().Request().tilingKey; }
uint64_t NpuSystemCycle() { return 0; }
uint64_t NpuArchVersion() {
    constexpr uint64_t kVersion = 0x220;  // assumed: the number of the core type in its name
    return kVersion << 32;
}

uint32_t NpuLocalBytes(NpuMemory memory) {
    const LaunchState& launch = CurrentCore().Launch();
    const Soc& soc = *launch.Request().soc;
    if (memory == kNpuUb) {
        return soc.localBytes[kNpuUb] - soc.reservedUbBytes;
    }
    const bool reserved = memory == kNpuL1 && launch.HasCrossCore();
    return soc.localBytes[memory] - (reserved ? soc.mixReservedL1Bytes : 0);
}

uint8_t* NpuLocalHost(NpuMemory memory) { return CurrentCore().Local(memory).data(); }

void NpuDefineLocal(NpuMemory memory) {
    LocalMemory& local = CurrentCore().Local(memory);
    const uint32_t granules = local.shadow() == nullptr ? 0 : local.Bytes() / LocalShadow::kGranule;
    for (uint32_t granule = 0; granule < granules; ++granule) {
        local.shadow()->SetDefinedBytes(granule, ~0u);
    }
}

void NpuEraseUndefined(NpuMemory memory) {
    LocalMemory& local = CurrentCore().Local(memory);
    const uint32_t bytes = local.shadow() == nullptr ? 0 : local.Bytes();
    for (uint32_t at = 0; at < bytes; ++at) {
        const uint32_t defined = local.shadow()->DefinedBytes(at / LocalShadow::kGranule);
        if ((defined >> at % LocalShadow::kGranule & 1) == 0) {
            local.data()[at] = LocalMemory::kUndefinedByte;
        }
    }
}

void NpuSetVectorMask(uint64_t high, uint64_t low) {
    Registers& registers = CurrentCore().registers;
    registers.maskHigh = high;
    registers.maskLow = low;
}

void NpuSetMaskMode(bool counter) { CurrentCore().registers.counterMode = counter; }

void NpuSetAtomic(NpuAtomic operation, NpuType type) {
    CurrentCore().registers.atomic = operation;
    CurrentCore().registers.atomicType = type;
}

void NpuSetAtomicType(NpuType type) { CurrentCore().registers.atomicType = type; }

void NpuSetStoreAtomic(uint64_t config) { CurrentCore().registers.storeAtomic = config; }
uint64_t NpuStoreAtomic() { return CurrentCore().registers.storeAtomic; }

void NpuUseLibraryScratch(bool on) { CurrentCore().libraryScratch = on; }

void NpuSetPadValue(uint64_t value) { CurrentCore().registers.padValue = value; }

void** NpuFrontEndState() { return CurrentCore().frontEnd.data(); }

void NpuFrontEndFault(NpuFrontEndRule rule, const char* function, const char* what) {
    constexpr FaultKind kKinds[] = {FaultKind::kQueue,    FaultKind::kCapacity,
                                    FaultKind::kEventId,  FaultKind::kParameter,
                                    FaultKind::kPosition, FaultKind::kAssert};
    InstructionRecord place;
    place.name = function;
    place.core = CurrentCore().Number();
    place.addresses = {reinterpret_cast<uint64_t>(__builtin_return_address(0))};
    Raise(kKinds[rule], place, what, "Ascend C API");
}

const uint8_t* NpuDump(NpuMemory memory, uint64_t address, uint32_t bytes) {
    constexpr uint32_t kBlock = 32;
    constexpr const char* kSource = "Ascend C API, DumpTensor";
    Issue issue("dump_tensor", kNpuPipeMte3);
    if (memory != kNpuGm) {
        issue.RequireAligned("source", memory, address, kBlock, kSource);
    }
    const int read = issue.Read(Contiguous(memory, address, bytes, "source"));
    issue.Commit();
    return bytes != 0 ? issue.Host(read) : nullptr;
}

void NpuPrint(const char* text) { CurrentCore().Launch().Print(text); }
