// SPDX-License-Identifier: Apache-2.0
// Shadow of one writable region of global memory: who touched which bytes, and which are defined.
//
// Every byte has a state: its touches since the last write, and whether it is defined. Equal states
// of one instruction are one entry of a table. A page of 4 KiB whose bytes have one state keeps it
// once, others keep it by granule of 32 bytes, and granules that are touched in part by byte. So
// large moves cost little, and small neighbouring writes of two cores stay apart.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/clock.h"

namespace npu_model {

// What an instruction does to bytes of global memory.
enum class GmUse : uint8_t {
    kRead,
    kWrite,
    kAtomic,  // adds to them, or takes a maximum or minimum: in any order with its like
};

inline uint8_t AtomicKind(NpuAtomic operation, NpuType type) {
    return static_cast<uint8_t>(operation << 6 | type);
}

class RegionShadow {
 public:
    struct Touch {
        int32_t core;
        NpuPipe pipe;
        uint32_t number;
        uint8_t atomic = 0;  // operation and type of an atomic store, see AtomicKind
    };
    struct Conflict {
        bool found = false;
        Touch earlier{};
        GmUse use = GmUse::kRead;  // of the earlier touch
        uint64_t at = 0;           // first byte
    };

    // Of a region at this device address; `defined` as in Region.
    RegionShadow(uint64_t address, uint64_t bytes, bool defined);

    // The first earlier write, atomic store or read of the bytes, in this order of kinds, that the
    // clock of the touch's core does not cover. Atomic stores of one kind need no order.
    Conflict FindConflict(uint64_t begin, uint64_t end, GmUse use, const Touch& touch,
                          const Clock& clock) const;
    // A write defines the bytes, unless it says otherwise.
    void Record(uint64_t begin, uint64_t end, GmUse use, const Touch& touch, bool defines);
    // First undefined byte of the range, or `end`.
    uint64_t FindUndefined(uint64_t begin, uint64_t end) const;

 private:
    using Mark = uint64_t;  // a touch in one word, 0 for none
    struct State {
        Mark write = 0;
        std::vector<Mark> reads;    // one a core and pipe
        std::vector<Mark> atomics;  // one a core, pipe and atomic kind
        bool defined = false;
        uint64_t users = 0;  // bytes, granules and pages with this state, and memo_
    };
    using StateId = uint32_t;  // 0: nobody touched it
    // A state, or kSplit and which entry of bytes_.
    using Slot = uint32_t;
    static constexpr Slot kSplit = Slot{1} << 31;
    static constexpr uint64_t kGranule = 32;  // bytes
    static constexpr uint64_t kPage = 4096;
    static constexpr uint64_t kPages = 256;  // of one chunk

    using Bytes = std::array<StateId, kGranule>;
    using Granules = std::array<Slot, kPage / kGranule>;
    struct Page {
        StateId whole = 0;  // unused where there are granules
        std::unique_ptr<Granules> granules;
    };
    using Chunk = std::array<Page, kPages>;
    // The newest transition: rows of one instruction go from the same state to the same state.
    struct Memo {
        Mark mark = 0;
        GmUse use = GmUse::kRead;
        bool defines = false;
        StateId before = 0;
        StateId after = 0;
    };

    static Mark ToMark(const Touch& touch);
    static Touch ToTouch(Mark mark);
    static void Join(std::vector<Mark>* marks, Mark mark);

    // Offsets count from origin_. visit(state, first byte) in order until it returns false; some
    // equal neighbours come as one.
    template <class Visit>
    void ForEachState(uint64_t begin, uint64_t end, Visit visit) const;
    // visit(state&). `replaces`: the new state does not depend on the old one.
    template <class Visit>
    void ChangeStates(uint64_t begin, uint64_t end, bool replaces, Visit visit);
    template <class Visit>
    void ChangeGranules(Granules& granules, uint64_t first, uint64_t last, bool replaces,
                        Visit visit);

    const Page* FindPage(uint64_t offset) const;
    Page& MakePage(uint64_t offset);
    Granules& Expand(Page& page);
    Bytes& Expand(Slot& slot);
    void Collapse(Page& page);
    void Collapse(Slot& slot);

    StateId After(StateId before, GmUse use, Mark mark, bool defines);
    StateId MakeState(StateId before, GmUse use, Mark mark, bool defines);
    void Drop(StateId state, uint64_t users);

    uint64_t origin_;  // address of the first byte: the grid of pages and granules starts there
    bool tracksDefined_;
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<State> states_;
    std::vector<StateId> freeStates_;
    std::vector<Bytes> bytes_;
    std::vector<Slot> freeBytes_;
    Memo memo_;
};

}  // namespace npu_model
