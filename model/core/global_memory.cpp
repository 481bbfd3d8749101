// SPDX-License-Identifier: Apache-2.0
// Region table of global memory.
#include "core/global_memory.h"

#include <algorithm>
#include <iterator>

namespace npu_model {

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
        shadow = std::make_unique<RegionShadow>(region.address, region.bytes, region.defined);
    }
    return *shadow;
}

}  // namespace npu_model
