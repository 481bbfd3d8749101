// SPDX-License-Identifier: Apache-2.0
// GlobalTensor: a typed view of global memory. Bounds come from the kernel's argument itself.
#pragma once

#include "ascendc/element.h"
#include "ascendc/shape.h"

namespace AscendC {

template <typename T>
class GlobalTensor {
 public:
    using PrimType = T;

    GlobalTensor() = default;

    // `bufferSize` counts elements.
    void SetGlobalBuffer(__gm__ T* buffer, uint64_t bufferSize) {
        address_ = reinterpret_cast<uint64_t>(buffer);
        size_ = bufferSize;
    }
    void SetGlobalBuffer(__gm__ T* buffer) { SetGlobalBuffer(buffer, 0); }

    const __gm__ T* GetPhyAddr() const { return GetPhyAddr(0); }
    __gm__ T* GetPhyAddr(const uint64_t offset) const {
        return reinterpret_cast<T*>(address_ + detail::StartBytes<T>("GetPhyAddr", offset));
    }

    // Through the data cache of the core.
    T GetValue(const uint64_t offset) const {
        return detail::LoadElement<T>(detail::GmBytes{address_}, offset);
    }
    void SetValue(const uint64_t offset, T value) {
        detail::StoreElement<T>(detail::GmBytes{address_}, offset, value);
    }
    detail::ElementReference<T, detail::GmBytes> operator()(const uint64_t offset) const {
        return {detail::GmBytes{address_}, offset};
    }

    // The size stays, as in CANN.
    GlobalTensor operator[](const uint64_t offset) const {
        GlobalTensor moved = *this;
        moved.address_ += detail::StartBytes<T>("GlobalTensor::operator[]", offset);
        return moved;
    }

    uint64_t GetSize() const { return size_; }
    void SetShapeInfo(const ShapeInfo& shapeInfo) { shapeInfo_ = shapeInfo; }
    ShapeInfo GetShapeInfo() const { return ASCEND_IS_AIC ? ShapeInfo() : shapeInfo_; }
    // A hint for speed; values do not depend on it.
    template <CacheRwMode rwMode = CacheRwMode::RW>
    void SetL2CacheHint(CacheMode) {}

 private:
    uint64_t address_ = 0;
    uint64_t size_ = 0;  // elements, as told
    ShapeInfo shapeInfo_;
};

}  // namespace AscendC
