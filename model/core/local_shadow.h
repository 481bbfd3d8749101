// SPDX-License-Identifier: Apache-2.0
// Shadow of one local buffer: who touched each 32-byte granule last, and which bytes are defined.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/access.h"
#include "core/clock.h"

namespace npu_model {

class LocalShadow {
 public:
    static constexpr uint32_t kGranule = 32;  // bytes

    explicit LocalShadow(uint32_t bytes);

    struct Conflict {
        bool found = false;
        bool earlierWrote = false;
        NpuPipe pipe = kNpuPipeS;  // of the earlier instruction
        uint32_t number = 0;       // of the earlier instruction in its pipe
        uint64_t begin = 0;        // bytes
    };
    // The first earlier access that is not ordered before an instruction with this clock.
    Conflict FindConflict(const Access& access, const LocalClock& clock) const;
    // Remembers that instruction `number` of `pipe` made the access.
    void Record(const Access& access, NpuPipe pipe, uint32_t number);
    // First byte of the access that nothing wrote, or its end.
    uint64_t FindUndefined(const Access& access) const;
    // Which bytes of a granule are defined, one bit a byte; for instructions that carry it over.
    uint32_t DefinedBytes(uint32_t granule) const { return defined_[granule]; }
    void SetDefinedBytes(uint32_t granule, uint32_t mask) { defined_[granule] = mask; }

 private:
    using Numbers = std::vector<uint32_t>;  // by granule
    struct History {
        std::array<Numbers, kNpuPipeCount> numbers;  // empty until the pipe touches the buffer
        std::array<uint32_t, kNpuPipeCount> last{};  // newest number of each pipe

        void Record(const Access& access, NpuPipe pipe, uint32_t number, uint32_t granules);
        bool Find(const Access& access, const LocalClock& clock, Conflict* conflict) const;
    };

    void Define(const Access& access);

    uint32_t granules_;
    History writes_;
    History reads_;
    std::vector<uint32_t> defined_;  // one bit a byte
};

}  // namespace npu_model
