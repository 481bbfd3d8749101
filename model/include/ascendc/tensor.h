// SPDX-License-Identifier: Apache-2.0
// GlobalTensor and LocalTensor: typed views of global memory and of one local buffer.
#pragma once

#include <cstdint>
#include <cstring>

#include "ascendc/types.h"

namespace AscendC {

using TBufHandle = void*;

// Where a local tensor lies: buffer position, byte address in that buffer, length in bytes.
struct TBuffAddr {
    uint32_t dataLen;
    uint32_t bufferAddr;
    TBufHandle bufferHandle;
    uint8_t logicPos;
};

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

// What tensor(i) gives: reads and writes one element through the scalar pipe.
template <class Tensor, class T>
class ElementReference {
 public:
    ElementReference(const Tensor& tensor, uint64_t index) : tensor_(tensor), index_(index) {}
    operator T() const { return tensor_.GetValue(index_); }
    T operator=(T value) {
        tensor_.SetValue(index_, value);
        return value;
    }
    T operator=(const ElementReference& other) { return *this = static_cast<T>(other); }

 private:
    const Tensor& tensor_;
    uint64_t index_;
};

}  // namespace detail

enum class CacheMode : uint8_t { CACHE_MODE_DISABLE, CACHE_MODE_NORMAL, CACHE_MODE_LAST,
                                 CACHE_MODE_PERSISTENT };

template <typename T>
class GlobalTensor {
 public:
    using PrimType = T;

    void SetGlobalBuffer(T* buffer, uint64_t size) {
        address_ = reinterpret_cast<uint64_t>(buffer);
        size_ = size;
    }
    void SetGlobalBuffer(T* buffer) { SetGlobalBuffer(buffer, 0); }

    const T* GetPhyAddr() const { return GetPhyAddr(0); }
    T* GetPhyAddr(uint64_t offset) const {
        return reinterpret_cast<T*>(address_ + offset * sizeof(T));
    }
    T GetValue(uint64_t offset) const {
        return detail::FromBits<T>(NpuScalarLoadGm(address_ + offset * sizeof(T), sizeof(T)));
    }
    void SetValue(uint64_t offset, T value) const {
        NpuScalarStoreGm(address_ + offset * sizeof(T), detail::ToBits(value), sizeof(T));
    }
    detail::ElementReference<GlobalTensor, T> operator()(uint64_t offset) const {
        return {*this, offset};
    }
    GlobalTensor operator[](uint64_t offset) const {
        GlobalTensor moved = *this;
        moved.address_ += offset * sizeof(T);
        return moved;
    }
    uint64_t GetSize() const { return size_; }
    // A hint for speed; values do not depend on it.
    void SetL2CacheHint(CacheMode) {}

 private:
    uint64_t address_ = 0;
    uint64_t size_ = 0;  // elements, as told; bounds come from the argument itself
};

template <typename T>
class LocalTensor {
 public:
    using PrimType = T;

    LocalTensor() = default;

    void SetAddr(const TBuffAddr& address) {
        address_ = address;
        size_ = address.dataLen * 8 / kElementBits<T>;
    }
    void SetAddrWithOffset(LocalTensor& source, uint32_t offset) {
        *this = source;
        address_.bufferAddr += BytesOf(offset);
    }

    // Byte address within the buffer, as an address of the local address space.
    uint64_t GetPhyAddr() const { return address_.bufferAddr; }
    uint64_t GetPhyAddr(uint32_t offset) const {
        return ElementAddress(offset);
    }
    uint32_t Address() const { return address_.bufferAddr; }
    NpuMemory Memory() const { return MemoryOf(static_cast<TPosition>(address_.logicPos)); }

    T GetValue(uint32_t offset) const {
        return detail::FromBits<T>(NpuScalarLoadLocal(Memory(), ElementAddress(offset), sizeof(T)));
    }
    template <typename U>
    void SetValue(uint32_t offset, U value) const {
        NpuScalarStoreLocal(Memory(), ElementAddress(offset), detail::ToBits(static_cast<T>(value)),
                            sizeof(T));
    }
    detail::ElementReference<LocalTensor, T> operator()(uint32_t offset) const {
        return {*this, offset};
    }
    LocalTensor operator[](uint32_t offset) const {
        LocalTensor moved = *this;
        const uint32_t bytes = BytesOf(offset);
        moved.address_.bufferAddr += bytes;
        moved.address_.dataLen -= bytes;
        moved.size_ = size_ - offset;
        return moved;
    }
    template <typename U>
    LocalTensor<U> ReinterpretCast() const {
        LocalTensor<U> cast;
        cast.SetAddr(address_);
        return cast;
    }

    // tensor = a + b and the like: the expression (vector_operators.h) stores its result here.
    template <class Expression>
    auto operator=(const Expression& expression) -> decltype(expression.StoreTo(*this)) {
        expression.StoreTo(*this);
    }

    TBufHandle GetBufferHandle() const { return address_.bufferHandle; }
    int32_t GetPosition() const { return address_.logicPos; }
    uint32_t GetSize() const { return size_; }
    uint32_t GetLength() const { return address_.dataLen; }  // bytes
    void SetSize(uint32_t size) {
        size_ = size;
        address_.dataLen = BytesOf(size);
    }
    void SetUserTag(int32_t tag) { userTag_ = tag; }
    int32_t GetUserTag() const { return userTag_; }

 private:
    static uint32_t BytesOf(uint32_t elements) { return elements * kElementBits<T> / 8; }
    uint32_t ElementAddress(uint32_t offset) const {
        return address_.bufferAddr + BytesOf(offset);
    }

    TBuffAddr address_{};
    uint32_t size_ = 0;  // elements
    int32_t userTag_ = -1;
};

}  // namespace AscendC
