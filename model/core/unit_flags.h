// SPDX-License-Identifier: Apache-2.0
// Unit flags of L0C: one for each 512-byte block, by which Mmad and Fixpipe wait for each other
// without events.
//
// A product may write a block while its flag is down, and a Fixpipe may read it while it is up;
// both, with unitFlag 3, turn it over when they are done. Source: Ascend C API, UnitFlag.
#pragma once

#include <array>
#include <cstdint>

#include "core/access.h"

namespace npu_model {

class UnitFlags {
 public:
    static constexpr uint32_t kBlock = 512;  // bytes
    static constexpr uint32_t kBlocks = 128 * 1024 / kBlock;

    struct Flag {
        bool up = false;
        bool ordersNothing = false;  // of a mutated site
        uint32_t number = 0;         // of the instruction that turned it last, in pipe M or FIX
    };

    Flag& At(uint32_t block) { return flags_[block]; }
    const Flag& At(uint32_t block) const { return flags_[block]; }

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

}  // namespace npu_model
