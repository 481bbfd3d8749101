// SPDX-License-Identifier: Apache-2.0
// Allocation of local buffers, aligned for wide vector loads.
#include "core/local_memory.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace npu_model {
namespace {

constexpr size_t kAlignment = 4096;
constexpr size_t kTail = 256;  // a leaf may load one repeat past the end of a legal operand

}  // namespace

LocalMemory::LocalMemory(uint32_t bytes, bool checked) : bytes_(bytes) {
    const size_t total = (bytes + kTail + kAlignment - 1) / kAlignment * kAlignment;
    data_.reset(static_cast<uint8_t*>(std::aligned_alloc(kAlignment, total)));
    if (data_ == nullptr) {
        throw std::bad_alloc();
    }
    std::memset(data_.get(), checked ? kUndefinedByte : 0, total);
    if (checked) {
        shadow_ = std::make_unique<LocalShadow>(bytes);
    }
}

void LocalMemory::Free::operator()(uint8_t* data) const { std::free(data); }

}  // namespace npu_model
