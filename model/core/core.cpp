// SPDX-License-Identifier: Apache-2.0
// State of one core: instruction numbers, clocks, and the checks at kernel end.
#include "core/core.h"

#include <algorithm>
#include <numeric>

#include "core/launch_state.h"
#include "core/names.h"
#include "core/raise.h"

namespace npu_model {
namespace {

thread_local Core* currentCore = nullptr;

}  // namespace

Core& CurrentCore() { return *currentCore; }
void SetCurrentCore(Core* core) { currentCore = core; }

Core::Core(LaunchState* launch, int32_t number, NpuCoreKind kind, int64_t block, int64_t subBlock)
    : launch_(launch),
      number_(number),
      kind_(kind),
      block_(block),
      subBlock_(subBlock),
      checked_(launch->Request().mode == Mode::kChecked) {}

std::string Core::Name() const {
    const std::string name = kind_ == kNpuAic ? "AIC" : "AIV";
    return launch_->HasSubBlocks() && kind_ == kNpuAiv ? name + " " + std::to_string(subBlock_)
                                                       : name;
}

LocalMemory& Core::Local(NpuMemory memory) {
    auto& local = local_[memory];
    if (local == nullptr) {
        local = std::make_unique<LocalMemory>(launch_->Request().soc->localBytes[memory], checked_);
    }
    return *local;
}

uint32_t Core::BeginInstruction(NpuPipe pipe, const char* name, uint64_t address) {
    const uint32_t number = ++last_[pipe];
    if (fiber->Overflowed()) {
        CheckStack({name, pipe, number_, number, {address}});
    }
    if (checked_) {
        auto& log = log_[pipe];
        const LogEntry entry = MakeEntry(name, address, __builtin_frame_address(0));
        if (log.size() < kLogEntries) {
            log.push_back(entry);
        } else {
            log[(number - 1) % kLogEntries] = entry;
        }
    }
    return number;
}

Core::LogEntry Core::MakeEntry(const char* name, uint64_t address, const void* frame) const {
    constexpr int kMostFrames = 8;  // of the model, between the front end and here, and callers
    LogEntry entry{name, {address}};
    size_t found = 0;  // addresses of the entry that the frames have confirmed
    auto at = static_cast<const char*>(frame);
    for (int i = 0; i < kMostFrames && found < entry.addresses.size(); ++i) {
        if (at < fiber->StackBegin() || at + 16 > fiber->StackEnd()) {
            break;
        }
        const auto* record = reinterpret_cast<const uint64_t*>(at);
        if (found != 0 || record[1] == address) {
            entry.addresses[found++] = record[1];
        }
        const auto next = reinterpret_cast<const char*>(record[0]);
        if (next <= at) {
            break;
        }
        at = next;
    }
    return entry;
}

InstructionRecord Core::Record(NpuPipe pipe, uint32_t number) const {
    InstructionRecord record;
    record.name = "an instruction too old to name";
    record.pipe = pipe;
    record.core = number_;
    record.index = number;
    if (number > 0 && number + kLogEntries > last_[pipe] && !log_[pipe].empty()) {
        const LogEntry& entry = log_[pipe][(number - 1) % kLogEntries];
        record.name = entry.name;
        const auto end = std::find(entry.addresses.begin(), entry.addresses.end(), 0);
        record.addresses.assign(entry.addresses.begin(), end);
    }
    return record;
}

const Clock& Core::StartClock(NpuPipe pipe) {
    Clock& clock = clocks_[pipe];
    if (pipe == kNpuPipeS) {
        clock.local[kNpuPipeS] = last_[kNpuPipeS];  // the scalar pipe is in order
    } else if (joinedScalar_[pipe] != scalarVersion_) {
        // An instruction is issued after all waits of the scalar pipe; the scalar pipe's own
        // stores may still be under way.
        clock.Join(scalarWaits_);
        joinedScalar_[pipe] = scalarVersion_;
    }
    return clock;
}

Clock Core::CompletionClock(NpuPipe pipe) const {
    Clock clock = clocks_[pipe];
    clock.local[pipe] = last_[pipe];
    return clock;
}

void Core::JoinClock(NpuPipe pipe, const Clock& clock) {
    clocks_[pipe].Join(clock);
    if (pipe == kNpuPipeS) {
        scalarWaits_.Join(clock);
        ++scalarVersion_;
    }
}

void Core::JoinRemote(NpuPipe pipe, const std::shared_ptr<const RemoteClock>& known) {
    if (known != nullptr) {
        JoinClock(pipe, {(*known)[static_cast<size_t>(number_)], known});
    }
}

void Core::Barrier(NpuPipe pipe) {
    if (pipe != kNpuPipeAll) {
        StartClock(pipe);
        clocks_[pipe].local[pipe] = last_[pipe];
        return;
    }
    Clock all;
    for (int p = 0; p < kNpuPipeCount; ++p) {
        all.JoinRemote(clocks_[p].remote);
    }
    all.local = last_;
    clocks_.fill(all);
    scalarWaits_ = all;
    ++scalarVersion_;
}

void Core::CheckStack(const InstructionRecord& instruction) const {
    if (fiber->Overflowed()) {
        Raise(FaultKind::kCapacity, instruction,
              "the stack of the kernel must not exceed the " +
                  std::to_string(Fiber::StackBytes() / 1024) + " KiB that the model has for it",
              "");
    }
}

void Core::Look(uint64_t address, bool drops) {
    constexpr uint32_t kPatience = 64;
    constexpr uint32_t kSeldom = 100;
    ++looking_.looks;
    const uint64_t work = std::accumulate(last_.begin(), last_.end(), uint64_t{0}) - looking_.looks;
    if (work != looking_.otherWork) {
        looking_ = {looking_.looks, work, drops, 0, address, 0, 1};
        return;
    }
    looking_.drops |= drops;
    const bool again = address == looking_.address;
    if (++looking_.steps == looking_.limit) {
        looking_.address = address;
        looking_.steps = 0;
        looking_.limit *= 2;
    }
    if (!again || ++looking_.repetitions <= kPatience) {
        return;
    }
    if (looking_.drops || looking_.repetitions % kSeldom == 0) {
        polled = true;
        fiber->Yield();
    }
}

uint64_t Core::BytesWrittenToGm() const {
    uint64_t bytes = 0;
    for (const PipeCounters& pipe : counters) {
        bytes += pipe.gmWrittenBytes;
    }
    return bytes;
}

void Core::Finish() {
    CheckStack({});
    if (checked_) {
        CheckEnd();
    }
    cache.ForEachLine([this](DataCache::Line& line) { cache.WriteBack(line); });
}

bool Core::ReleaseIfDone() {
    if (!fiber->Finished()) {
        return false;
    }
    for (auto& local : local_) {
        local.reset();
    }
    return true;
}

void Core::CheckEnd() {
    flags.ForEachRaised(
        [](NpuPipe source, NpuPipe target, int32_t id, const EventFlags::Flag& flag) {
            Raise(FaultKind::kEvent, flag.setter,
                  std::string("set_flag(") + PipeName(source) + ", " + PipeName(target) + ", " +
                      std::to_string(id) + ") must be waited for before the kernel ends",
                  "Ascend C API, SetFlag/WaitFlag: they come in pairs");
        });
    for (uint32_t block = 0; block < UnitFlags::kBlocks; ++block) {
        const UnitFlags::Flag& flag = unitFlags.At(block);
        if (flag.up) {
            Raise(FaultKind::kEvent, Record(kNpuPipeM, flag.number),
                  "the unit flag of L0C bytes [" + std::to_string(block * UnitFlags::kBlock) +
                      ", " + std::to_string((block + 1) * UnitFlags::kBlock) +
                      ") must be turned down by a Fixpipe with unitFlag 3 before the kernel ends",
                  "Ascend C API, UnitFlag");
        }
    }
    if (registers.atomic != kNpuAtomicNone) {
        Raise(FaultKind::kAtomic, "atomic mode must be switched off before the kernel ends",
              "Ascend C API, SetAtomicAdd, SetAtomicNone");
    }
    if (registers.counterMode) {
        Raise(FaultKind::kMaskMode, "counter mode must be left with SetMaskNorm before the end",
              "Ascend C API, SetMaskCount");
    }
    cache.ForEachLine([this](const DataCache::Line& line) {
        if (line.dirty != 0) {
            Raise(FaultKind::kDataCache, Record(kNpuPipeS, line.lastStore),
                  "scalar stores to GM must be written back with DataCacheCleanAndInvalid",
                  "Ascend C API, DataCacheCleanAndInvalid");
        }
    });
}

}  // namespace npu_model
