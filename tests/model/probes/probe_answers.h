// SPDX-License-Identifier: Apache-2.0
// Integers that a probe hands back to its test: scalar stores of one core into lines of its own.
#pragma once

#include "probe_tensors.h"

namespace probe {

class Answers {
 public:
    __aicore__ explicit Answers(GM_ADDR out) : out_(Gm<int64_t>(out)) {}
    __aicore__ void Add(int64_t value) { out_.SetValue(count_++, value); }
    // Without it the answers stay in the data cache, which is a fault.
    __aicore__ void Send() {
        AscendC::DataCacheCleanAndInvalid<int64_t, AscendC::CacheLine::ENTIRE_DATA_CACHE>(out_);
    }

 private:
    AscendC::GlobalTensor<int64_t> out_;
    uint64_t count_ = 0;
};

}  // namespace probe
