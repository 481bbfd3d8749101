// SPDX-License-Identifier: Apache-2.0
// Unit flags of L0C: one for each 512-byte block, by which Mmad and Fixpipe wait for each other
// without events.
//
// A product may write a block while its flag is down, and a Fixpipe may read it while it is up;
// both, with unitFlag 3, turn it over when they are done. Source: Ascend C API, UnitFlag.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>

#include "core/access.h"

namespace npu_model {

class Issue;

class UnitFlags {
 public:
    static constexpr uint32_t kBlock = 512;  // bytes
    static constexpr uint32_t kBlocks = 128 * 1024 / kBlock;
    static constexpr uint32_t kLaterProduct = ~uint32_t{0};

    struct Flag {
        bool up = false;
        bool ordersNothing = false;  // of a mutated site, or read without flags since it was turned
        uint32_t number = 0;         // of the instruction that turned it last, in pipe M or FIX
        // Of the last product that a Fixpipe with flags has taken away, so that its end is the end
        // of the product too; kLaterProduct once a product has written the block again.
        uint32_t product = 0;
        // What the instruction that turned it last knew when it started: whoever has waited for the
        // flag knows that too, as it started later.
        std::shared_ptr<const Clock> start;
    };

    Flag& At(uint32_t block) { return flags_[block]; }
    const Flag& At(uint32_t block) const { return flags_[block]; }

    // Puts every flag down, as SetFixPipeConfig does. Nothing is ordered by that.
    void Reset();

    // Calls visit(block) for every block that the access touches, each once for a run.
    template <class Visit>
    static void ForEachBlock(const Access& access, Visit visit) {
        access.ForEachRun([&](uint64_t begin, uint32_t run) {
            for (uint64_t block = begin / kBlock; block * kBlock < begin + run; ++block) {
                visit(static_cast<uint32_t>(block));
            }
        });
    }

 private:
    std::array<Flag, kBlocks> flags_{};
};

// The part of one Mmad or Fixpipe in the protocol: Touch with every operand on L0C, then give each
// of them Relies(), then Issue::Commit, then Finish. Without effect in fast mode.
class UnitFlagUse {
 public:
    enum class Side : uint8_t { kMmad, kFixpipe };

    // `unitFlag` as the instruction has it: 0, 2 or 3. Anything else is a fault in every mode.
    UnitFlagUse(const Issue& issue, Side side, uint32_t unitFlag);

    // Checks the flags of the blocks that hold the operand's bytes: only valid elements count.
    void Touch(const Access& access);
    // Another interlock of the hardware: the operands may rely on this instruction too.
    void Rely(NpuPipe pipe, uint32_t number);
    // What the operands on L0C may rely on, for Access::relies. The instruction itself takes over
    // what those that turned the flags knew at their start.
    const LocalClock* Relies();
    // Turns the flags of what was touched. `frame` is that of the instruction's entry.
    void Finish(const void* frame);

 private:
    void Require(uint32_t block, bool up) const;

    const Issue& issue_;
    Side side_;
    uint32_t unitFlag_;
    LocalClock relies_{};
    std::bitset<UnitFlags::kBlocks> touched_;
    bool ordered_;          // by the flags of all blocks so far
    bool productsOrdered_;  // the same for earlier products, of a Mmad
    uint32_t number_ = 0;   // newest instruction of the other side that turned one of the flags
    std::shared_ptr<const Clock> start_;  // of that instruction
    uint32_t product_ = 0;  // newest product that was taken away from one of the blocks
};

}  // namespace npu_model
