// SPDX-License-Identifier: Apache-2.0
// Frame-pointer walk. x86-64 and AArch64 keep the same record: previous frame, return address.
#include "core/site.h"

namespace npu_model {

CallChain WalkFrames(const void* frame, const char* stackBegin, const char* stackEnd) {
    constexpr size_t kMostFrames = 32;
    CallChain chain;
    auto at = static_cast<const char*>(frame);
    while (chain.size() < kMostFrames && at >= stackBegin && at + 16 <= stackEnd) {
        const auto* record = reinterpret_cast<const uint64_t*>(at);
        if (record[1] == 0) {
            break;
        }
        chain.push_back(record[1]);
        const auto next = reinterpret_cast<const char*>(record[0]);
        if (next <= at) {
            break;
        }
        at = next;
    }
    return chain;
}

}  // namespace npu_model
