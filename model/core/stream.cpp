// SPDX-License-Identifier: Apache-2.0
// Digests of what instructions do, independent of how a front end asked for it.
#include "core/stream.h"

#include <algorithm>
#include <tuple>

namespace npu_model {
namespace {

// FNV-1a over 64-bit words.
class Digest {
 public:
    void Add(uint64_t word) {
        for (int byte = 0; byte < 8; ++byte) {
            value_ = (value_ ^ (word >> (8 * byte) & 0xFF)) * 0x100000001B3u;
        }
    }
    uint64_t Value() const { return value_; }

 private:
    uint64_t value_ = 0xCBF29CE484222325u;
};

// Sorted, with touching runs joined: the order and the cut of runs has no meaning.
void Normalise(std::vector<StreamTouch>* touches) {
    const auto place = [](const StreamTouch& touch) {
        return std::tie(touch.write, touch.space, touch.begin, touch.end);
    };
    std::sort(touches->begin(), touches->end(),
              [&](const StreamTouch& a, const StreamTouch& b) { return place(a) < place(b); });
    size_t kept = 0;
    for (const StreamTouch& touch : *touches) {
        StreamTouch* last = kept == 0 ? nullptr : &(*touches)[kept - 1];
        if (last != nullptr && last->write == touch.write && last->space == touch.space &&
            touch.begin <= last->end) {
            last->end = std::max(last->end, touch.end);
        } else {
            (*touches)[kept++] = touch;
        }
    }
    touches->resize(kept);
}

}  // namespace

void StreamRecorder::Add(StreamEntry entry, uint32_t number, std::vector<StreamTouch> touches,
                         const Clock& clock) {
    Normalise(&touches);
    Digest effect;
    for (const StreamTouch& touch : touches) {
        effect.Add(touch.space);
        effect.Add(touch.write ? 1 : 0);
        effect.Add(touch.begin);
        effect.Add(touch.end);
    }
    entry.effect = effect.Value();
    for (int pipe = 0; pipe < kNpuPipeCount; ++pipe) {
        entry.known[pipe] = EntriesUpTo(entry.core, pipe, clock.local[pipe]);
    }
    Digest elsewhere;
    for (size_t core = 0; clock.remote != nullptr && core < clock.remote->size(); ++core) {
        const auto other = static_cast<int32_t>(core);
        for (int pipe = 0; other != entry.core && pipe < kNpuPipeCount; ++pipe) {
            const uint32_t known = EntriesUpTo(other, pipe, (*clock.remote)[core][pipe]);
            if (known != 0) {
                elsewhere.Add(core);
                elsewhere.Add(static_cast<uint64_t>(pipe));
                elsewhere.Add(known);
            }
        }
    }
    entry.elsewhere = elsewhere.Value();
    numbers_[{entry.core, entry.pipe}].push_back(number);
    entries_.push_back(entry);
}

uint32_t StreamRecorder::EntriesUpTo(int32_t core, int pipe, uint32_t number) const {
    const auto numbers = numbers_.find({core, pipe});
    if (numbers == numbers_.end()) {
        return 0;
    }
    const auto& known = numbers->second;
    return static_cast<uint32_t>(std::upper_bound(known.begin(), known.end(), number) -
                                 known.begin());
}

uint32_t StreamRecorder::ChainNumber(const CallChain& chain) {
    return chains_.try_emplace(chain, static_cast<uint32_t>(chains_.size())).first->second;
}

std::vector<CallChain> StreamRecorder::Chains() const {
    std::vector<CallChain> chains(chains_.size());
    for (const auto& [chain, number] : chains_) {
        chains[number] = chain;
    }
    return chains;
}

}  // namespace npu_model
