// SPDX-License-Identifier: Apache-2.0
// The checks that every instruction passes through.
#include "core/issue.h"

#include <algorithm>
#include <cassert>

#include "core/launch_state.h"
#include "core/names.h"

namespace npu_model {
namespace {

constexpr const char* kOrderSource = "Ascend C API, SetFlag/WaitFlag and PipeBarrier";

// The last 8 KiB of UB are scratch of library functions (Select, AddDeqRelu): inside the buffer,
// but not part of what a kernel may use itself.
bool IsLibraryScratch(const Core& core, const Access& access, uint64_t end) {
    constexpr uint32_t kScratchBytes = 8 * 1024;
    const uint32_t bytes = core.Launch().Request().soc->localBytes[kNpuUb];
    return core.libraryScratch && access.memory == kNpuUb && access.base >= bytes - kScratchBytes &&
           end <= bytes;
}

}  // namespace

int Issue::Add(const Access& access, bool write) {
    if (access.Empty()) {
        return -1;
    }
    assert(count_ < kMostOperands);
    Operand& operand = operands_[count_];
    operand.access = access;
    operand.access.write = write;
    return static_cast<int>(count_++);
}

void Issue::Resolve(Operand& operand) {
    const Access& access = operand.access;
    const uint64_t end = access.End();
    operand.region = nullptr;
    if (access.memory != kNpuGm) {
        if (end > NpuLocalBytes(access.memory) && !IsLibraryScratch(core, access, end)) {
            Fault fault = MakeFault(FaultKind::kAddress, access, access.base, end);
            fault.rule = "must lie within the " + std::to_string(NpuLocalBytes(access.memory)) +
                         " bytes that a kernel may use";
            fault.source = "NPU architecture 2201, storage units";
            Raise(std::move(fault));
        }
        operand.host = core.Local(access.memory).data() + access.base;
        return;
    }
    GlobalMemory& gm = core.Launch().Gm();
    operand.region = gm.Find(access.base, end - access.base);
    if (operand.region == nullptr) {
        Fault fault = MakeFault(FaultKind::kAddress, access, access.base, end);
        const Region* nearest = gm.Nearest(access.base);
        fault.rule = "must lie within one argument of the kernel";
        if (nearest != nullptr) {
            fault.rule += "; the nearest below is " + nearest->name + " [" +
                          std::to_string(nearest->address) + ", " +
                          std::to_string(nearest->address + nearest->bytes) + ")";
        }
        Raise(std::move(fault));
    }
    if (access.write && !operand.region->writable) {
        Fault fault = MakeFault(FaultKind::kReadOnly, access, access.base, end);
        fault.rule = "must not be written: " + operand.region->name + " is an input";
        Raise(std::move(fault));
    }
    operand.host = operand.region->host + (access.base - operand.region->address);
}

const uint8_t* Issue::Peek(int operand) {
    Operand& peeked = operands_[static_cast<size_t>(operand)];
    Resolve(peeked);
    if (checked) {
        CheckLocal(peeked, core.StartClock(pipe_));
    }
    return peeked.host;
}

void Issue::Commit() {
    core.counters[pipe_].instructions++;
    for (size_t i = 0; i < count_; ++i) {
        Resolve(operands_[i]);
        Count(operands_[i].access);
    }
    if (checked) {
        CheckOrder();
    }
}

void Issue::Count(const Access& access) {
    PipeCounters& counters = core.counters[pipe_];
    const bool global = access.memory == kNpuGm;
    if (access.undefines) {
        return;  // padding, counted with the bytes that get a value
    }
    uint64_t& bytes = access.write ? (global ? counters.gmWrittenBytes : counters.localWrittenBytes)
                                   : (global ? counters.gmReadBytes : counters.localReadBytes);
    bytes += access.Bytes();
}

void Issue::CheckOrder() {
    const Clock& clock = core.StartClock(pipe_);
    for (size_t i = 0; i < count_; ++i) {
        operands_[i].access.Merge();
        if (operands_[i].region == nullptr) {
            CheckLocal(operands_[i], clock);
        } else if (operands_[i].region->writable) {
            CheckGlobal(operands_[i], clock);
        }
    }
    StreamRecorder* stream = core.Launch().Stream();
    if (stream != nullptr && count_ != 0 && pipe_ != kNpuPipeS) {
        RecordStream(stream, clock);
    }
    for (size_t i = 0; i < count_; ++i) {
        Remember(operands_[i]);
    }
}

void Issue::RecordStream(StreamRecorder* stream, const Clock& clock) const {
    std::vector<StreamTouch> touches;
    for (size_t i = 0; i < count_; ++i) {
        const Access& access = operands_[i].access;
        const Region* region = operands_[i].region;
        const uint64_t space =
            region == nullptr ? uint64_t{access.memory} : kNpuMemoryCount + region->position;
        const uint64_t origin = region == nullptr ? 0 : region->address;
        access.ForEachRun([&](uint64_t begin, uint32_t run) {
            touches.push_back({space, access.write, begin - origin, begin - origin + run});
        });
    }
    const uint32_t chain = stream->ChainNumber(CallersOf(__builtin_frame_address(0), address_));
    stream->Add({core.Number(), pipe_, name_, chain, 0, {}, 0}, number_, std::move(touches), clock);
}

void Issue::CheckLocal(const Operand& operand, const Clock& clock) {
    const Access& access = operand.access;
    const LocalShadow& shadow = *core.Local(access.memory).shadow();
    const LocalShadow::Conflict conflict =
        shadow.FindConflict(access, access.relies != nullptr ? *access.relies : clock.local);
    if (conflict.found) {
        FailHazard(operand, conflict.earlierWrote, core.Number(), conflict.pipe, conflict.number,
                   conflict.begin, MemoryName(access.memory));
    }
    if (access.write || access.carries) {
        return;
    }
    const uint64_t undefined = shadow.FindUndefined(access);
    if (undefined < access.End()) {
        Fault fault = MakeFault(FaultKind::kUninitialized, access, undefined, undefined + 1);
        fault.rule = "must be written before it is read";
        Raise(std::move(fault));
    }
}

GmUse Issue::UseOf(const Access& access) const {
    if (!access.write) {
        return GmUse::kRead;
    }
    const bool atomic = pipe_ != kNpuPipeS && core.registers.atomic != kNpuAtomicNone;
    return atomic ? GmUse::kAtomic : GmUse::kWrite;
}

RegionShadow::Touch Issue::TouchOf(GmUse use) const {
    const Registers& registers = core.registers;
    const bool atomic = use == GmUse::kAtomic;
    return {core.Number(), pipe_, number_,
            atomic ? AtomicKind(registers.atomic, registers.atomicType) : uint8_t{0}};
}

void Issue::CheckGlobal(const Operand& operand, const Clock& clock) {
    const Access& access = operand.access;
    const Region& region = *operand.region;
    const RegionShadow& shadow = core.Launch().Gm().Shadow(region);
    const GmUse use = UseOf(access);
    const auto& cores = core.Launch().Cores();
    const bool dirtyCaches = std::any_of(cores.begin(), cores.end(), [&](const auto& other) {
        return other->cache.AnyDirty(access.base, access.End());
    });
    access.ForEachRun([&](uint64_t begin, uint32_t run) {
        const auto conflict = shadow.FindConflict(begin, begin + run, use, TouchOf(use), clock);
        if (conflict.found) {
            FailHazard(operand, conflict.use != GmUse::kRead, conflict.earlier.core,
                       conflict.earlier.pipe, conflict.earlier.number, conflict.at - region.address,
                       region.name.c_str());
        }
        if (dirtyCaches) {
            CheckCaches(access, region, begin, begin + run);
        }
        if (use == GmUse::kWrite) {
            return;
        }
        const uint64_t undefined = shadow.FindUndefined(begin, begin + run);
        if (undefined < begin + run) {
            const uint64_t offset = undefined - region.address;
            Fault fault = MakeFault(FaultKind::kUninitialized, access, offset, offset + 1);
            fault.memory = region.name;
            fault.rule = use == GmUse::kRead ? "must be written before it is read"
                                             : "must be written before an atomic store updates it";
            Raise(std::move(fault));
        }
    });
}

// A scalar store is seen by its own scalar pipe alone until the line is written back. Writing back
// a line that two cores have changed is found when the second one does it.
void Issue::CheckCaches(const Access& access, const Region& region, uint64_t begin,
                        uint64_t end) const {
    for (const auto& other : core.Launch().Cores()) {
        const bool own = other.get() == &core;
        const bool exempt = own ? pipe_ == kNpuPipeS : access.undefines;
        if (exempt || !other->cache.AnyDirty(begin, end)) {
            continue;
        }
        Fault fault =
            MakeFault(FaultKind::kDataCache, access, begin - region.address, end - region.address);
        fault.memory = region.name;
        fault.rule = "must not be used while scalar stores to it are in the data cache";
        if (!own) {
            fault.rule += " of block " + std::to_string(other->Block()) + ", " + other->Name();
        }
        fault.source = "Ascend C API, DataCacheCleanAndInvalid";
        Raise(std::move(fault));
    }
}

void Issue::Remember(const Operand& operand) {
    const Access& access = operand.access;
    if (operand.region == nullptr) {
        core.Local(access.memory).shadow()->Record(access, pipe_, number_);
    } else if (operand.region->writable) {
        RegionShadow& shadow = core.Launch().Gm().Shadow(*operand.region);
        const GmUse use = UseOf(access);
        access.ForEachRun([&](uint64_t begin, uint32_t run) {
            shadow.Record(begin, begin + run, use, TouchOf(use), !access.undefines);
        });
    }
}

Fault Issue::MakeFault(FaultKind kind, const Access& access, uint64_t begin, uint64_t end) const {
    Fault fault{};
    fault.kind = kind;
    fault.instruction = InstructionRecord{name_, pipe_, core.Number(), number_, {address_}};
    fault.operand = access.operand;
    fault.memory = MemoryName(access.memory);
    fault.begin = begin;
    fault.end = end;
    return fault;
}

void Issue::FailHazard(const Operand& operand, bool earlierWrote, int32_t otherCore,
                       NpuPipe otherPipe, uint32_t otherNumber, uint64_t begin,
                       const char* memory) const {
    const bool sameCore = otherCore == core.Number();
    Fault fault = MakeFault(sameCore ? FaultKind::kHazard : FaultKind::kRace, operand.access, begin,
                            begin + 1);
    fault.memory = memory;
    fault.other =
        core.Launch().Cores()[static_cast<size_t>(otherCore)]->Record(otherPipe, otherNumber);
    const char* later = operand.access.write ? "written" : "read";
    const char* earlier = earlierWrote ? "write" : "read";
    fault.rule = std::string("must not be ") + later + " before an earlier " + earlier + " by " +
                 fault.other.name + " has completed: ";
    if (!sameCore) {
        fault.rule += "no flag orders the two cores";
    } else if (otherPipe == pipe_) {
        fault.rule += std::string("neither PipeBarrier<PIPE_") + PipeName(pipe_) +
                      "> nor a chain of flags lies between them";
    } else {
        fault.rule += std::string("no flag from ") + PipeName(otherPipe) + " to " +
                      PipeName(pipe_) + " lies between them";
    }
    fault.source = kOrderSource;
    Raise(std::move(fault));
}

void Issue::RequireRegister(const char* registerName, uint32_t writer) const {
    if (!checked || writer <= core.StartClock(pipe_).local[pipe_]) {
        return;
    }
    Fault fault{};
    fault.kind = FaultKind::kHazard;
    fault.instruction = InstructionRecord{name_, pipe_, core.Number(), number_, {address_}};
    fault.other = core.Record(pipe_, writer);
    fault.operand = registerName;
    fault.rule = std::string("must not be read before an earlier write by ") + fault.other.name +
                 " has completed: no PipeBarrier<PIPE_" + PipeName(pipe_) + "> lies between them";
    fault.source = kOrderSource;
    Raise(std::move(fault));
}

void Issue::Fail(FaultKind kind, const std::string& operand, const std::string& rule,
                 const std::string& source) const {
    Fault fault{};
    fault.kind = kind;
    fault.instruction = InstructionRecord{name_, pipe_, core.Number(), number_, {address_}};
    fault.operand = operand;
    fault.rule = rule;
    fault.source = source;
    Raise(std::move(fault));
}

void Issue::FailRange(const char* what, uint64_t value, uint64_t low, uint64_t high,
                      const char* source) const {
    Fail(FaultKind::kParameter, what,
         "(" + std::to_string(value) + ") must be in " + std::to_string(low) + ".." +
             std::to_string(high),
         source);
}

void Issue::FailAligned(const char* operand, NpuMemory memory, uint64_t address, uint64_t bytes,
                        const char* source) const {
    Fail(FaultKind::kAlignment, operand,
         std::string(MemoryName(memory)) + " address (" + std::to_string(address) +
             ") must be a multiple of " + std::to_string(bytes) + " bytes",
         source);
}

}  // namespace npu_model
