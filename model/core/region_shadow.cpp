// SPDX-License-Identifier: Apache-2.0
// State of bytes of global memory by page, granule and byte.
#include "core/region_shadow.h"

#include <algorithm>

namespace npu_model {

RegionShadow::RegionShadow(uint64_t address, uint64_t bytes, bool defined)
    : origin_(address),
      tracksDefined_(!defined),
      chunks_((bytes - 1) / kPage / kPages + 1),
      states_(1) {
    states_[0].users = uint64_t{1} << 62;  // never given back
}

RegionShadow::Mark RegionShadow::ToMark(const Touch& touch) {
    return Mark{touch.number} | static_cast<Mark>(touch.pipe) << 32 |
           static_cast<Mark>(touch.atomic) << 35 | static_cast<Mark>(touch.core) << 43;
}

RegionShadow::Touch RegionShadow::ToTouch(Mark mark) {
    return {static_cast<int32_t>(mark >> 43), static_cast<NpuPipe>(mark >> 32 & 7),
            static_cast<uint32_t>(mark), static_cast<uint8_t>(mark >> 35)};
}

const RegionShadow::Page* RegionShadow::FindPage(uint64_t offset) const {
    const uint64_t page = offset / kPage;
    const auto& chunk = chunks_[page / kPages];
    return chunk == nullptr ? nullptr : &(*chunk)[page % kPages];
}

RegionShadow::Page& RegionShadow::MakePage(uint64_t offset) {
    const uint64_t page = offset / kPage;
    auto& chunk = chunks_[page / kPages];
    if (chunk == nullptr) {
        chunk = std::make_unique<Chunk>();
    }
    return (*chunk)[page % kPages];
}

RegionShadow::Granules& RegionShadow::Expand(Page& page) {
    if (page.granules == nullptr) {
        page.granules = std::make_unique<Granules>();
        page.granules->fill(page.whole);
        states_[page.whole].users += page.granules->size() - 1;
    }
    return *page.granules;
}

RegionShadow::Bytes& RegionShadow::Expand(Slot& slot) {
    if ((slot & kSplit) == 0) {
        if (freeBytes_.empty()) {
            freeBytes_.push_back(static_cast<Slot>(bytes_.size()));
            bytes_.emplace_back();
        }
        const Slot number = freeBytes_.back();
        freeBytes_.pop_back();
        bytes_[number].fill(slot);
        states_[slot].users += kGranule - 1;
        slot = number | kSplit;
    }
    return bytes_[slot & ~kSplit];
}

// A split granule takes the state of its first byte.
void RegionShadow::Collapse(Slot& slot) {
    const Slot number = slot & ~kSplit;
    const Bytes& bytes = bytes_[number];
    std::for_each(bytes.begin() + 1, bytes.end(), [&](StateId state) { Drop(state, 1); });
    freeBytes_.push_back(number);
    slot = bytes[0];
}

void RegionShadow::Collapse(Page& page) {
    if (page.granules != nullptr) {
        for (Slot& slot : *page.granules) {
            if ((slot & kSplit) != 0) {
                Collapse(slot);
            }
        }
        std::for_each(page.granules->begin() + 1, page.granules->end(),
                      [&](StateId state) { Drop(state, 1); });
        page.whole = page.granules->front();
        page.granules.reset();
    }
}

void RegionShadow::Drop(StateId state, uint64_t users) {
    states_[state].users -= users;
    if (states_[state].users == 0) {
        states_[state] = {};
        freeStates_.push_back(state);
    }
}

// Neighbours with one state are one visit.
template <class Visit>
void RegionShadow::ForEachState(uint64_t begin, uint64_t end, Visit visit) const {
    for (uint64_t at = begin; at < end;) {
        const Page* page = FindPage(at);
        const uint64_t next = std::min(end, (at / kPage + 1) * kPage);
        if (page == nullptr || page->granules == nullptr) {
            if (!visit(page == nullptr ? 0 : page->whole, at)) {
                return;
            }
            at = next;
            continue;
        }
        const Granules& granules = *page->granules;
        while (at < next) {
            const Slot slot = granules[at % kPage / kGranule];
            if ((slot & kSplit) == 0) {
                if (!visit(slot, at)) {
                    return;
                }
                do {
                    at = (at / kGranule + 1) * kGranule;
                } while (at < next && granules[at % kPage / kGranule] == slot);
                continue;
            }
            const Bytes& bytes = bytes_[slot & ~kSplit];
            const StateId state = bytes[at % kGranule];
            if (!visit(state, at)) {
                return;
            }
            do {
                ++at;
            } while (at % kGranule != 0 && at < next && bytes[at % kGranule] == state);
        }
        at = next;
    }
}

template <class Visit>
void RegionShadow::ChangeGranules(Granules& granules, uint64_t first, uint64_t last, bool replaces,
                                  Visit visit) {
    for (uint64_t at = first; at < last;) {
        Slot& slot = granules[at / kGranule];
        const uint64_t next = std::min(last, (at / kGranule + 1) * kGranule);
        const bool whole = next - at == kGranule;
        if (whole && replaces && (slot & kSplit) != 0) {
            Collapse(slot);
        }
        if (whole && (slot & kSplit) == 0) {
            visit(slot);
        } else {
            Bytes& bytes = Expand(slot);
            for (uint64_t i = at; i < next; ++i) {
                visit(bytes[i % kGranule]);
            }
        }
        at = next;
    }
}

template <class Visit>
void RegionShadow::ChangeStates(uint64_t begin, uint64_t end, bool replaces, Visit visit) {
    for (uint64_t at = begin; at < end;) {
        Page& page = MakePage(at);
        const uint64_t next = std::min(end, (at / kPage + 1) * kPage);
        const bool whole = next - at == kPage;
        if (whole && replaces) {
            Collapse(page);
        }
        if (whole && page.granules == nullptr) {
            visit(page.whole);
        } else {
            ChangeGranules(Expand(page), at % kPage, at % kPage + (next - at), replaces, visit);
        }
        at = next;
    }
}

RegionShadow::Conflict RegionShadow::FindConflict(uint64_t begin, uint64_t end, GmUse use,
                                                  const Touch& touch, const Clock& clock) const {
    Conflict write, atomic, read;
    StateId checked = 0;
    const auto check = [&](Conflict* conflict, Mark mark, GmUse earlierUse, uint64_t at) {
        const Touch earlier = ToTouch(mark);
        if (mark != 0 && !conflict->found &&
            !clock.Covers(touch.core, earlier.core, earlier.pipe, earlier.number)) {
            *conflict = {true, earlier, earlierUse, origin_ + at};
        }
    };
    ForEachState(begin - origin_, end - origin_, [&](StateId id, uint64_t at) {
        if (id == checked) {
            return true;
        }
        checked = id;
        const State& state = states_[id];
        check(&write, state.write, GmUse::kWrite, at);
        for (const Mark mark : state.atomics) {
            if (use != GmUse::kAtomic || ToTouch(mark).atomic != touch.atomic) {
                check(&atomic, mark, GmUse::kAtomic, at);
            }
        }
        for (size_t i = 0; use != GmUse::kRead && i < state.reads.size(); ++i) {
            check(&read, state.reads[i], GmUse::kRead, at);
        }
        return !write.found;
    });
    return write.found ? write : atomic.found ? atomic : read;
}

void RegionShadow::Join(std::vector<Mark>* marks, Mark mark) {
    const auto same = std::find_if(marks->begin(), marks->end(),
                                   [mark](Mark other) { return other >> 32 == mark >> 32; });
    if (same == marks->end()) {
        marks->push_back(mark);
    } else {
        *same = mark;
    }
}

RegionShadow::StateId RegionShadow::MakeState(StateId before, GmUse use, Mark mark, bool defines) {
    State state;
    state.defined = states_[before].defined;
    if (use == GmUse::kWrite) {
        // An ordered write settles everything before it, so older touches need not be kept.
        state.write = mark;
        state.defined = state.defined || defines;
    } else {
        state.write = states_[before].write;
        state.reads = states_[before].reads;
        state.atomics = states_[before].atomics;
        Join(use == GmUse::kRead ? &state.reads : &state.atomics, mark);
    }
    if (freeStates_.empty()) {
        freeStates_.push_back(static_cast<StateId>(states_.size()));
        states_.emplace_back();
    }
    const StateId id = freeStates_.back();
    freeStates_.pop_back();
    states_[id] = std::move(state);
    return id;
}

// The new state has the memo as a user, so that it cannot go away before its first byte has it; the
// old one too, because a state that went away could come back with another meaning.
RegionShadow::StateId RegionShadow::After(StateId before, GmUse use, Mark mark, bool defines) {
    if (use == GmUse::kWrite && (defines || !tracksDefined_)) {
        before = 0;
    }
    if (memo_.mark != mark || memo_.use != use || memo_.defines != defines ||
        memo_.before != before) {
        const StateId after = MakeState(before, use, mark, defines);
        ++states_[after].users;
        ++states_[before].users;
        const Memo old = memo_;
        memo_ = {mark, use, defines, before, after};
        if (old.mark != 0) {
            Drop(old.before, 1);
            Drop(old.after, 1);
        }
    }
    return memo_.after;
}

void RegionShadow::Record(uint64_t begin, uint64_t end, GmUse use, const Touch& touch,
                          bool defines) {
    const Mark mark = ToMark(touch);
    const bool replaces = use == GmUse::kWrite && (defines || !tracksDefined_);
    StateId before = 0;  // of the newest run of equal slots, and how many changed
    StateId after = 0;
    uint64_t changed = 0;
    const auto settle = [&] {
        if (changed > 0) {
            states_[after].users += changed;
            Drop(before, changed);
            changed = 0;
        }
    };
    ChangeStates(begin - origin_, end - origin_, replaces, [&](StateId& state) {
        if (changed == 0 || state != before) {
            settle();
            before = state;
            after = After(before, use, mark, defines);
        }
        state = after;
        ++changed;
    });
    settle();
}

uint64_t RegionShadow::FindUndefined(uint64_t begin, uint64_t end) const {
    uint64_t undefined = end;
    if (tracksDefined_) {
        ForEachState(begin - origin_, end - origin_, [&](StateId state, uint64_t at) {
            undefined = states_[state].defined ? end : origin_ + at;
            return undefined == end;
        });
    }
    return undefined;
}

}  // namespace npu_model
