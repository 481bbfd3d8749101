// SPDX-License-Identifier: Apache-2.0
// Global memory: a table of registered regions, each a device address range with a host view.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/access.h"
#include "core/clock.h"

namespace npu_model {

// One tensor, workspace or tiling block that a launch may touch.
struct Region {
    uint64_t address = 0;  // as kernels see it
    uint64_t bytes = 0;
    uint8_t* host = nullptr;  // where the bytes are
    bool writable = false;
    bool defined = true;  // false: reading before writing is a fault (workspace, outputs)
    std::string name;     // of the argument, for messages
    size_t position = 0;  // among those added: the same wherever memory lies
};

// What an instruction does to bytes of global memory.
enum class GmUse : uint8_t {
    kRead,
    kWrite,
    kAtomic,  // adds to them, or takes a maximum or minimum: in any order with its like
};

inline uint8_t AtomicKind(NpuAtomic operation, NpuType type) {
    return static_cast<uint8_t>(operation << 6 | type);
}

// Who touched which bytes of a writable region, for races between pipes and cores.
class RegionShadow {
 public:
    struct Touch {
        int32_t core;
        NpuPipe pipe;
        uint32_t number;
        uint8_t atomic = 0;  // operation and type of an atomic store, see AtomicKind
    };
    struct Conflict {
        const Touch* earlier = nullptr;  // null: none
        GmUse use = GmUse::kRead;        // of the earlier touch
        uint64_t at = 0;                 // first byte
    };

    explicit RegionShadow(const Region& region);

    // The first earlier touch of the bytes that the clock of the core does not cover.
    Conflict FindConflict(uint64_t begin, uint64_t end, GmUse use, const Touch& touch,
                          const Clock& clock) const;
    void Record(uint64_t begin, uint64_t end, GmUse use, const Touch& touch);
    void Define(uint64_t begin, uint64_t end);
    // First undefined byte of the range, or `end`.
    uint64_t FindUndefined(uint64_t begin, uint64_t end) const;

 private:
    struct Span {
        uint64_t end;
        std::vector<Touch> touches;  // writes: one; others: one for each core and pipe
    };
    using Spans = std::map<uint64_t, Span>;  // by first byte, disjoint

    // With `sameCommutes`, touches of the same atomic kind are no conflict.
    static const Touch* Find(const Spans& spans, uint64_t begin, uint64_t end, const Touch& touch,
                             bool sameCommutes, const Clock& clock, uint64_t* at);
    static void Split(Spans* spans, uint64_t at);
    static void Erase(Spans* spans, uint64_t begin, uint64_t end);
    static void Join(Spans* spans, uint64_t begin, uint64_t end, const Touch& touch);

    Spans writes_;
    Spans reads_;
    Spans atomics_;
    bool tracksDefined_;
    std::map<uint64_t, uint64_t> defined_;  // begin -> end, disjoint and merged
};

class GlobalMemory {
 public:
    // Regions that overlap (views of one tensor) become one, writable if any of them is. False
    // when they overlap as device addresses but not in host memory.
    bool Add(const Region& region, std::string* error);
    // The region that holds [address, address + bytes), or null.
    const Region* Find(uint64_t address, uint64_t bytes) const;
    // The region that holds the address, for messages; or null.
    const Region* Nearest(uint64_t address) const;
    // Shadow of a writable region; made on first use.
    RegionShadow& Shadow(const Region& region);

 private:
    std::map<uint64_t, Region> regions_;
    size_t added_ = 0;
    std::map<uint64_t, std::unique_ptr<RegionShadow>> shadows_;
    mutable const Region* recent_ = nullptr;
};

}  // namespace npu_model
