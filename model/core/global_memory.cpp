// SPDX-License-Identifier: Apache-2.0
// Region table of global memory and its byte-interval shadow.
#include "core/global_memory.h"

#include <algorithm>
#include <iterator>

namespace npu_model {

RegionShadow::RegionShadow(const Region& region) : tracksDefined_(!region.defined) {}

const RegionShadow::Touch* RegionShadow::Find(const Spans& spans, uint64_t begin, uint64_t end,
                                              const Touch& later, bool sameCommutes,
                                              const Clock& clock, uint64_t* at) {
    auto span = spans.upper_bound(begin);
    if (span != spans.begin()) {
        --span;
    }
    for (; span != spans.end() && span->first < end; ++span) {
        if (span->second.end <= begin) {
            continue;
        }
        for (const Touch& touch : span->second.touches) {
            if (!(sameCommutes && touch.atomic == later.atomic) &&
                !clock.Covers(later.core, touch.core, touch.pipe, touch.number)) {
                *at = std::max(begin, span->first);
                return &touch;
            }
        }
    }
    return nullptr;
}

RegionShadow::Conflict RegionShadow::FindConflict(uint64_t begin, uint64_t end, GmUse use,
                                                  const Touch& touch, const Clock& clock) const {
    Conflict conflict;
    const auto search = [&](const Spans& spans, GmUse earlier) {
        if (conflict.earlier == nullptr) {
            const bool bothAtomic = use == GmUse::kAtomic && earlier == GmUse::kAtomic;
            conflict.earlier = Find(spans, begin, end, touch, bothAtomic, clock, &conflict.at);
            conflict.use = earlier;
        }
    };
    search(writes_, GmUse::kWrite);
    search(atomics_, GmUse::kAtomic);
    if (use != GmUse::kRead) {
        search(reads_, GmUse::kRead);
    }
    return conflict;
}

void RegionShadow::Split(Spans* spans, uint64_t at) {
    auto span = spans->upper_bound(at);
    if (span == spans->begin()) {
        return;
    }
    --span;
    if (span->first < at && at < span->second.end) {
        Span rest = span->second;
        span->second.end = at;
        spans->emplace_hint(std::next(span), at, std::move(rest));
    }
}

void RegionShadow::Erase(Spans* spans, uint64_t begin, uint64_t end) {
    Split(spans, begin);
    Split(spans, end);
    spans->erase(spans->lower_bound(begin), spans->lower_bound(end));
}

void RegionShadow::Record(uint64_t begin, uint64_t end, GmUse use, const Touch& touch) {
    if (use != GmUse::kWrite) {
        Join(use == GmUse::kRead ? &reads_ : &atomics_, begin, end, touch);
        return;
    }
    // An ordered write settles everything before it, so older touches need not be kept.
    Erase(&reads_, begin, end);
    Erase(&atomics_, begin, end);
    Erase(&writes_, begin, end);
    writes_.emplace(begin, Span{end, {touch}});
}

void RegionShadow::Define(uint64_t begin, uint64_t end) {
    if (!tracksDefined_) {
        return;
    }
    auto next = defined_.upper_bound(begin);
    if (next != defined_.begin() && std::prev(next)->second >= begin) {
        --next;
        begin = next->first;
    }
    while (next != defined_.end() && next->first <= end) {
        end = std::max(end, next->second);
        next = defined_.erase(next);
    }
    defined_.emplace(begin, end);
}

void RegionShadow::Join(Spans* spans, uint64_t begin, uint64_t end, const Touch& touch) {
    Split(spans, begin);
    Split(spans, end);
    uint64_t at = begin;
    for (auto span = spans->lower_bound(begin); at < end; ++span) {
        const uint64_t gapEnd = span == spans->end() ? end : std::min(end, span->first);
        if (at < gapEnd) {
            span = spans->emplace(at, Span{gapEnd, {touch}}).first;
        } else {
            auto& touches = span->second.touches;
            auto same = std::find_if(touches.begin(), touches.end(), [&](const Touch& earlier) {
                return earlier.core == touch.core && earlier.pipe == touch.pipe &&
                       earlier.atomic == touch.atomic;
            });
            if (same == touches.end()) {
                touches.push_back(touch);
            } else {
                same->number = touch.number;
            }
        }
        at = span->second.end;
    }
}

uint64_t RegionShadow::FindUndefined(uint64_t begin, uint64_t end) const {
    if (!tracksDefined_) {
        return end;
    }
    auto next = defined_.upper_bound(begin);
    if (next == defined_.begin()) {
        return begin;
    }
    return std::min(end, std::max(begin, std::prev(next)->second));
}

bool GlobalMemory::Add(const Region& region, std::string* error) {
    Region joined = region;
    joined.position = added_++;
    if (region.bytes == 0) {
        return true;
    }
    for (auto known = regions_.begin(); known != regions_.end();) {
        const Region& other = known->second;
        const uint64_t end = std::max(joined.address + joined.bytes, other.address + other.bytes);
        if (joined.address + joined.bytes <= other.address ||
            other.address + other.bytes <= joined.address) {
            ++known;
            continue;
        }
        if (joined.host - joined.address != other.host - other.address) {
            *error = region.name + " must not overlap " + other.name + ": their memory differs";
            return false;
        }
        if (other.address < joined.address) {
            joined.address = other.address;
            joined.host = other.host;
        }
        joined.position = std::min(joined.position, other.position);
        joined.bytes = end - joined.address;
        joined.writable = joined.writable || other.writable;
        joined.defined = joined.defined || other.defined;
        if (joined.name != other.name) {
            joined.name = other.name + " and " + joined.name;
        }
        known = regions_.erase(known);
    }
    regions_.emplace(joined.address, joined);
    return true;
}

const Region* GlobalMemory::Nearest(uint64_t address) const {
    auto next = regions_.upper_bound(address);
    return next == regions_.begin() ? nullptr : &std::prev(next)->second;
}

const Region* GlobalMemory::Find(uint64_t address, uint64_t bytes) const {
    const auto holds = [=](const Region* region) {
        return region != nullptr && region->address <= address && bytes <= region->bytes &&
               address - region->address <= region->bytes - bytes;
    };
    if (!holds(recent_)) {
        const Region* candidate = Nearest(address);
        if (!holds(candidate)) {
            return nullptr;
        }
        recent_ = candidate;
    }
    return recent_;
}

RegionShadow& GlobalMemory::Shadow(const Region& region) {
    auto& shadow = shadows_[region.address];
    if (shadow == nullptr) {
        shadow = std::make_unique<RegionShadow>(region);
    }
    return *shadow;
}

}  // namespace npu_model
