// SPDX-License-Identifier: Apache-2.0
// The instruction streams of a launch in effect: for each instruction that moves or computes, which
// bytes it reads and writes and what was known to be complete when it started.
//
// Two front ends that mean the same give equal streams: event ids, barriers, control registers and
// the scalar pipe have no entries, only what they order has.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/site.h"

namespace npu_model {

// Bytes that an instruction touches, in one memory of its core or in one argument.
struct StreamTouch {
    uint64_t space;
    bool write;
    uint64_t begin;
    uint64_t end;
};

struct StreamEntry {
    int32_t core;
    NpuPipe pipe;
    const char* name;
    uint32_t chain;      // position in the recorder's call chains
    uint64_t effect;     // digest of what it touches
    LocalClock known;    // entries of each pipe of this core that are complete
    uint64_t elsewhere;  // digest of the same for other cores
};

class StreamRecorder {
 public:
    // Appends instruction `number` of the pipe.
    void Add(StreamEntry entry, uint32_t number, std::vector<StreamTouch> touches,
             const Clock& clock);
    std::vector<StreamEntry> Take() { return std::move(entries_); }
    // Return addresses of the calls, from the front end out; each chain once.
    uint32_t ChainNumber(const CallChain& chain);
    std::vector<CallChain> Chains() const;

 private:
    uint32_t EntriesUpTo(int32_t core, int pipe, uint32_t number) const;

    std::vector<StreamEntry> entries_;
    std::map<CallChain, uint32_t> chains_;
    // Instruction numbers of the entries of each core and pipe, ascending.
    std::map<std::pair<int32_t, int>, std::vector<uint32_t>> numbers_;
};

}  // namespace npu_model
