// SPDX-License-Identifier: Apache-2.0
// Single elements of a tensor: where they lie, and reading and writing them by the scalar pipe.
#pragma once

#include <cstdint>
#include <cstring>

#include "ascendc/fault.h"
#include "ascendc/types.h"

namespace AscendC {
namespace detail {

template <class T>
uint64_t ToBits(T value) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
}

template <class T>
T FromBits(uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
}

template <class T>
constexpr uint64_t BytesOf(uint64_t elements) {
    return elements * kElementBits<T> / 8;
}

// Bytes to the element that a tensor or address starts with.
template <class T>
inline uint64_t StartBytes(const char* function, uint64_t offset) {
    if constexpr (kElementBits<T> < 8) {
        if (offset * kElementBits<T> % 8 != 0) {
            FailArgument(function, "offset", static_cast<int64_t>(offset),
                         "be even: two elements of int4b_t share a byte");
        }
    }
    return BytesOf<T>(offset);
}

// Bytes of GM or of UB from an address on, as the scalar pipe accesses them.
struct GmBytes {
    uint64_t base;

    uint64_t Load(uint64_t at, uint32_t bytes) const { return NpuScalarLoadGm(base + at, bytes); }
    void Store(uint64_t at, uint64_t value, uint32_t bytes) const {
        NpuScalarStoreGm(base + at, value, bytes);
    }
};

// An AIC has no UB: loads give 0, stores do nothing.
struct UbBytes {
    uint32_t base;

    uint64_t Load(uint64_t at, uint32_t bytes) const {
        return ASCEND_IS_AIC ? 0
                             : NpuScalarLoadLocal(kNpuUb, base + static_cast<uint32_t>(at), bytes);
    }
    void Store(uint64_t at, uint64_t value, uint32_t bytes) const {
        if (!ASCEND_IS_AIC) {
            NpuScalarStoreLocal(kNpuUb, base + static_cast<uint32_t>(at), value, bytes);
        }
    }
};

template <class T, class Bytes>
T LoadElement(const Bytes& bytes, uint64_t index) {
    if constexpr (kElementBits<T> < 8) {
        return T(static_cast<int32_t>(bytes.Load(index / 2, 1) >> (index % 2 * 4)));
    } else {
        return FromBits<T>(bytes.Load(index * sizeof(T), sizeof(T)));
    }
}

template <class T, class Bytes>
void StoreElement(const Bytes& bytes, uint64_t index, T value) {
    if constexpr (kElementBits<T> < 8) {
        const uint64_t shift = index % 2 * 4;
        const uint64_t other = bytes.Load(index / 2, 1) & ~(uint64_t{0xF} << shift);
        bytes.Store(index / 2, other | uint64_t{value.storage} << shift, 1);
    } else {
        bytes.Store(index * sizeof(T), ToBits(value), sizeof(T));
    }
}

// What tensor(i) gives: an element that is read where a value is needed and written by assignment.
template <class T, class Bytes>
class ElementReference {
 public:
    ElementReference(const Bytes& bytes, uint64_t index) : bytes_(bytes), index_(index) {}
    ElementReference(const ElementReference&) = default;

    operator T() const { return LoadElement<T>(bytes_, index_); }
    const ElementReference& operator=(T value) const {
        StoreElement<T>(bytes_, index_, value);
        return *this;
    }
    const ElementReference& operator=(const ElementReference& other) const {
        return *this = static_cast<T>(other);
    }
    template <class U>
    const ElementReference& operator+=(U value) const {
        return *this = static_cast<T>(static_cast<T>(*this) + value);
    }
    template <class U>
    const ElementReference& operator-=(U value) const {
        return *this = static_cast<T>(static_cast<T>(*this) - value);
    }
    template <class U>
    const ElementReference& operator*=(U value) const {
        return *this = static_cast<T>(static_cast<T>(*this) * value);
    }
    template <class U>
    const ElementReference& operator/=(U value) const {
        return *this = static_cast<T>(static_cast<T>(*this) / value);
    }

 private:
    Bytes bytes_;
    uint64_t index_;
};

}  // namespace detail
}  // namespace AscendC
