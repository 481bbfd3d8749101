// SPDX-License-Identifier: Apache-2.0
// Issuing one instruction: the one place for operand checks, hazards, counters and, later, time.
//
// An instruction constructs an Issue in its extern "C" entry, names what it reads and writes,
// commits, and then does its arithmetic on host pointers.
#pragma once

#include <array>
#include <string>

#include "core/access.h"
#include "core/core.h"
#include "core/global_memory.h"
#include "core/raise.h"

namespace npu_model {

class StreamRecorder;

class Issue {
 public:
    // The default argument is evaluated in the instruction's entry: its caller is the front end.
    Issue(const char* name, NpuPipe pipe,
          uint64_t address = reinterpret_cast<uint64_t>(__builtin_return_address(0)))
        : core(CurrentCore()),
          checked(core.Checked()),
          name_(name),
          pipe_(pipe),
          number_(core.BeginInstruction(pipe, name, address)),
          address_(address) {}

    // Names an operand; returns its number for Host.
    int Read(const Access& access) { return Add(access, false); }
    int Write(const Access& access) { return Add(access, true); }

    // Checks one operand ahead of Commit and gives its host address: for operands whose values say
    // what else the instruction touches.
    const uint8_t* Peek(int operand);

    // Checks ranges (always) and definedness and hazards (checked mode), then counts.
    void Commit();

    // Shadow of a local memory, in checked mode, for operands that carry definedness over.
    LocalShadow& Shadow(NpuMemory memory) const { return *core.Local(memory).shadow(); }

    uint32_t Number() const { return number_; }   // position in the stream of its pipe
    uint64_t Caller() const { return address_; }  // return address into the front end

    // Host address of the operand's base. Valid after Commit.
    uint8_t* Host(int operand) const { return operands_[static_cast<size_t>(operand)].host; }

    // A hazard unless instruction `writer` of this pipe, which wrote the register, has completed.
    void RequireRegister(const char* registerName, uint32_t writer) const;

    // Breaks off with a fault of this instruction. `rule` is a sentence about values.
    [[noreturn]] void Fail(FaultKind kind, const std::string& operand, const std::string& rule,
                           const std::string& source) const;
    // For the frequent form "<what> (<value>) must be in low..high".
    void RequireRange(const char* what, uint64_t value, uint64_t low, uint64_t high,
                      const char* source) const {
        if (value < low || value > high) {
            FailRange(what, value, low, high, source);
        }
    }
    void RequireAligned(const char* operand, NpuMemory memory, uint64_t address, uint64_t bytes,
                        const char* source) const {
        if (address % bytes != 0) {
            FailAligned(operand, memory, address, bytes, source);
        }
    }

    Core& core;
    const bool checked;

 private:
    static constexpr size_t kMostOperands = 36;  // scatter_vnchwconv: 16 rows each way

    struct Operand {
        Access access;
        const Region* region;  // null for local memories
        uint8_t* host;
    };

    int Add(const Access& access, bool write);
    void Resolve(Operand& operand);
    void CheckOrder();
    void CheckLocal(const Operand& operand, const Clock& clock);
    void CheckGlobal(const Operand& operand, const Clock& clock);
    void CheckCaches(const Access& access, const Region& region, uint64_t begin,
                     uint64_t end) const;
    GmUse UseOf(const Access& access) const;
    RegionShadow::Touch TouchOf(GmUse use) const;
    void Remember(const Operand& operand);
    void Count(const Access& access);
    void RecordStream(StreamRecorder* stream, const Clock& clock) const;
    Fault MakeFault(FaultKind kind, const Access& access, uint64_t begin, uint64_t end) const;
    [[noreturn]] void FailHazard(const Operand& operand, bool earlierWrote, int32_t otherCore,
                                 NpuPipe otherPipe, uint32_t otherNumber, uint64_t begin,
                                 const char* memory) const;
    [[noreturn]] void FailRange(const char* what, uint64_t value, uint64_t low, uint64_t high,
                                const char* source) const;
    [[noreturn]] void FailAligned(const char* operand, NpuMemory memory, uint64_t address,
                                  uint64_t bytes, const char* source) const;

    const char* name_;
    NpuPipe pipe_;
    uint32_t number_;
    uint64_t address_;
    size_t count_ = 0;
    std::array<Operand, kMostOperands> operands_;  // the first count_ are filled
};

}  // namespace npu_model
