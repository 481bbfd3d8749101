// SPDX-License-Identifier: Apache-2.0
// Direct-mapped scalar data cache with write-back of whole lines.
#include "core/data_cache.h"

#include <algorithm>
#include <cstring>

namespace npu_model {

bool DataCache::Line::Holds(uint64_t at, uint32_t count) const {
    const uint64_t begin = address + first;
    return !Empty() && at >= begin && at + count <= begin + valid;
}

bool DataCache::Line::Stale(uint64_t begin, uint64_t end) const {
    for (uint64_t i = begin; i < end; ++i) {
        if ((dirty >> i & 1) == 0 && bytes[i] != host[i - first]) {
            return true;
        }
    }
    return false;
}

DataCache::Line& DataCache::Slot(uint64_t address, uint64_t region) {
    if (lines_.empty()) {
        lines_.resize(kLines);
    }
    return lines_[(address / kLineBytes + region) % kLines];
}

void DataCache::Store(Line& line, uint64_t offset, uint64_t value, uint32_t bytes,
                      uint32_t number) {
    std::memcpy(line.bytes.data() + offset, &value, bytes);
    dirtyLines_ += line.dirty == 0 ? 1 : 0;
    line.dirty |= ((uint64_t{1} << bytes) - 1) << offset;
    line.lastStore = number;
}

DataCache::Line DataCache::Split(Line& line, uint64_t offset) {
    const uint64_t before = (uint64_t{1} << offset) - 1;
    const uint32_t kept = static_cast<uint32_t>(offset) - line.first;
    Line rest = line;
    rest.first += kept;
    rest.valid -= kept;
    rest.host += kept;
    rest.dirty &= ~before;
    line.valid = kept;
    line.dirty &= before;
    dirtyLines_ += line.dirty != 0 && rest.dirty != 0 ? 1 : 0;
    return rest;
}

void DataCache::WriteBack(Line& line) {
    // The hardware writes the whole line: bytes that others changed meanwhile are lost.
    if (line.dirty != 0) {
        std::memcpy(line.host, line.bytes.data() + line.first, line.valid);
        line.dirty = 0;
        --dirtyLines_;
    }
}

bool DataCache::FindDirty(uint64_t begin, uint64_t end) const {
    return std::any_of(lines_.begin(), lines_.end(), [begin, end](const Line& line) {
        if (line.dirty == 0 || line.address >= end || line.address + kLineBytes <= begin) {
            return false;
        }
        const uint64_t from = std::max(begin, line.address) - line.address;
        const uint64_t to = std::min(end - line.address, kLineBytes);
        const uint64_t before = to == kLineBytes ? ~uint64_t{0} : (uint64_t{1} << to) - 1;
        return (line.dirty & before) >> from != 0;
    });
}

}  // namespace npu_model
