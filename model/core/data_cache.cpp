// SPDX-License-Identifier: Apache-2.0
// Direct-mapped scalar data cache with write-back of whole lines.
#include "core/data_cache.h"

#include <cstring>

namespace npu_model {

bool DataCache::Line::Stale() const {
    for (uint32_t i = first; i < first + valid; ++i) {
        if ((dirty >> i & 1) == 0 && bytes[i] != host[i - first]) {
            return true;
        }
    }
    return false;
}

void DataCache::Line::WriteBack() {
    // The hardware writes the whole line: bytes that others changed meanwhile are lost.
    if (dirty != 0) {
        std::memcpy(host, bytes.data() + first, valid);
        dirty = 0;
    }
}

void DataCache::Line::Drop() {
    address = ~uint64_t{0};
    dirty = 0;
}

DataCache::Line& DataCache::Slot(uint64_t address) {
    if (lines_.empty()) {
        lines_.resize(kLines);
    }
    return lines_[address / kLineBytes % kLines];
}

}  // namespace npu_model
