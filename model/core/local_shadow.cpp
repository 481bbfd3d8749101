// SPDX-License-Identifier: Apache-2.0
// Range operations on the shadow of a local buffer. These loops are the cost of checked mode: they
// work on flat arrays so that the compiler vectorises them.
#include "core/local_shadow.h"

#include <algorithm>

namespace npu_model {
namespace {

constexpr uint32_t kAllBytes = 0xFFFFFFFFu;

bool AnyAbove(const uint32_t* values, uint64_t count, uint32_t limit) {
    uint32_t highest = 0;
    for (uint64_t i = 0; i < count; ++i) {
        highest = values[i] > highest ? values[i] : highest;
    }
    return highest > limit;
}

bool AllDefined(const uint32_t* masks, uint64_t count) {
    uint32_t common = kAllBytes;
    for (uint64_t i = 0; i < count; ++i) {
        common &= masks[i];
    }
    return common == kAllBytes;
}

// Bits of the bytes [begin, end) of one granule, 0 <= begin < end <= 32.
uint32_t ByteMask(uint32_t begin, uint32_t end) {
    const uint32_t upTo = end == 32 ? kAllBytes : (1u << end) - 1u;
    return upTo & ~((1u << begin) - 1u);
}

// Calls visit(granule, mask) for the granules of a run; whole granules come with a full mask.
template <class Visit>
void ForEachGranule(uint64_t begin, uint64_t end, Visit visit) {
    for (uint64_t at = begin; at < end;) {
        const uint64_t granule = at / LocalShadow::kGranule;
        const uint64_t next = std::min(end, (granule + 1) * LocalShadow::kGranule);
        const uint32_t first = static_cast<uint32_t>(at % LocalShadow::kGranule);
        visit(granule, ByteMask(first, first + static_cast<uint32_t>(next - at)));
        at = next;
    }
}

uint64_t FirstGranule(uint64_t address) { return address / LocalShadow::kGranule; }
uint64_t EndGranule(uint64_t end) {
    return (end + LocalShadow::kGranule - 1) / LocalShadow::kGranule;
}

}  // namespace

LocalShadow::LocalShadow(uint32_t bytes)
    : granules_((bytes + kGranule - 1) / kGranule), defined_(granules_, 0) {}

void LocalShadow::History::Record(const Access& access, NpuPipe pipe, uint32_t number,
                                  uint32_t granules) {
    Numbers& touched = numbers[pipe];
    if (touched.empty()) {
        touched.assign(granules, 0);
    }
    last[pipe] = number;
    uint32_t* data = touched.data();
    access.ForEachRun([data, number](uint64_t begin, uint32_t run) {
        std::fill(data + FirstGranule(begin), data + EndGranule(begin + run), number);
    });
}

bool LocalShadow::History::Find(const Access& access, const LocalClock& clock,
                                Conflict* conflict) const {
    for (int pipe = 0; pipe < kNpuPipeCount && !conflict->found; ++pipe) {
        const uint32_t limit = clock[pipe];
        if (last[pipe] <= limit) {
            continue;  // everything this pipe did here has completed
        }
        const uint32_t* data = numbers[pipe].data();
        access.ForEachRun([&](uint64_t begin, uint32_t run) {
            const uint64_t first = FirstGranule(begin);
            const uint64_t count = EndGranule(begin + run) - first;
            if (conflict->found || !AnyAbove(data + first, count, limit)) {
                return;
            }
            const uint64_t at = static_cast<uint64_t>(
                std::find_if(data + first, data + first + count,
                             [limit](uint32_t number) { return number > limit; }) -
                data);
            *conflict = {true, false, static_cast<NpuPipe>(pipe), data[at], at * kGranule};
        });
    }
    return conflict->found;
}

LocalShadow::Conflict LocalShadow::FindConflict(const Access& access,
                                                const LocalClock& clock) const {
    Conflict conflict;
    if (writes_.Find(access, clock, &conflict)) {
        conflict.earlierWrote = true;
        return conflict;
    }
    if (access.write) {
        reads_.Find(access, clock, &conflict);
    }
    return conflict;
}

void LocalShadow::Record(const Access& access, NpuPipe pipe, uint32_t number) {
    if (access.write) {
        writes_.Record(access, pipe, number, granules_);
        if (!access.carries) {
            Define(access);
        }
    } else {
        reads_.Record(access, pipe, number, granules_);
    }
}

void LocalShadow::Define(const Access& access) {
    const bool defines = !access.undefines;
    access.ForEachRun([&](uint64_t begin, uint32_t run) {
        if (begin % kGranule == 0 && run % kGranule == 0) {
            std::fill_n(defined_.data() + begin / kGranule, run / kGranule,
                        defines ? kAllBytes : 0u);
            return;
        }
        ForEachGranule(begin, begin + run, [&](uint64_t granule, uint32_t mask) {
            defined_[granule] = defines ? defined_[granule] | mask : defined_[granule] & ~mask;
        });
    });
}

uint64_t LocalShadow::FindUndefined(const Access& access) const {
    uint64_t found = access.End();
    bool any = false;
    access.ForEachRun([&](uint64_t begin, uint32_t run) {
        const bool whole = begin % kGranule == 0 && run % kGranule == 0;
        if (any || (whole && AllDefined(defined_.data() + begin / kGranule, run / kGranule))) {
            return;
        }
        ForEachGranule(begin, begin + run, [&](uint64_t granule, uint32_t mask) {
            const uint32_t missing = mask & ~defined_[granule];
            if (!any && missing != 0) {
                any = true;
                found = granule * kGranule + static_cast<uint32_t>(__builtin_ctz(missing));
            }
        });
    });
    return found;
}

}  // namespace npu_model
