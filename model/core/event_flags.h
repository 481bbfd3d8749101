// SPDX-License-Identifier: Apache-2.0
// The event flags of one core: for every ordered pair of pipes, 8 flags.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "core/fault.h"

namespace npu_model {

class EventFlags {
 public:
    static constexpr int32_t kIds = 8;

    struct Flag {
        bool raised = false;
        bool ordersNothing = false;  // its edge was taken away by a mutation
        Clock clock;
        InstructionRecord setter;
    };

    EventFlags() : flags_(kNpuPipeCount * kNpuPipeCount * kIds) {}

    Flag& At(NpuPipe source, NpuPipe target, int32_t id) {
        return flags_[static_cast<size_t>((source * kNpuPipeCount + target) * kIds + id)];
    }

    template <class Visit>
    void ForEachRaised(Visit visit) const {
        for (size_t i = 0; i < flags_.size(); ++i) {
            if (flags_[i].raised) {
                visit(static_cast<NpuPipe>(i / kIds / kNpuPipeCount),
                      static_cast<NpuPipe>(i / kIds % kNpuPipeCount),
                      static_cast<int32_t>(i % kIds), flags_[i]);
            }
        }
    }

 private:
    std::vector<Flag> flags_;
};

}  // namespace npu_model
