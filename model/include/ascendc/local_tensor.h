// SPDX-License-Identifier: Apache-2.0
// LocalTensor: a typed view of one local buffer, and the record of a buffer that TPipe manages.
#pragma once

#include "ascendc/element.h"
#include "ascendc/shape.h"

namespace AscendC {

using TTagType = int32_t;
using TBufHandle = uint8_t*;  // of a TBufType

// Where a local tensor lies: buffer position, byte address in that buffer, length in bytes.
struct TBuffAddr {
    uint32_t dataLen;
    uint32_t bufferAddr;
    TBufHandle bufferHandle;
    uint8_t logicPos;
};

enum class TBufState : uint8_t { FREE, OCCUPIED, ENQUE, DEQUE };

// One buffer that TPipe manages.
struct TBufType {
    TBufState state = TBufState::FREE;
    HardEvent freeBufEvt = HardEvent::MAX;  // raised by FreeTensor, waited for by AllocTensor
    HardEvent enQueEvt = HardEvent::MAX;    // raised by EnQue, waited for by DeQue
    TEventID enQueEvtID = INVALID_TEVENTID;
    TEventID freeBufEvtID = INVALID_TEVENTID;
    uint32_t address = 0;  // byte address in its memory
    uint32_t dataLen = 0;  // bytes
    TTagType usertag = -1;
};

template <typename T>
class LocalTensor {
 public:
    using PrimType = T;

    LocalTensor() = default;

    void SetAddr(const TBuffAddr& address) { address_ = address; }
    template <typename T1>
    void SetAddrWithOffset(LocalTensor<T1>& src, uint32_t offset) {
        address_ = src.Place();
        address_.bufferAddr +=
            static_cast<uint32_t>(detail::StartBytes<T1>("SetAddrWithOffset", offset));
    }

    // Byte address within the buffer.
    uint64_t GetPhyAddr() const { return address_.bufferAddr; }
    uint64_t GetPhyAddr(const uint32_t offset) const {
        return address_.bufferAddr + detail::StartBytes<T>("GetPhyAddr", offset);
    }
    uint32_t Address() const { return address_.bufferAddr; }
    NpuMemory Memory() const { return MemoryOf(static_cast<TPosition>(address_.logicPos)); }
    const TBuffAddr& Place() const { return address_; }

    // The scalar pipe: UB only.
    T GetValue(const uint32_t index) const {
        return detail::LoadElement<T>(Scalars("GetValue", index), index);
    }
    template <typename T1>
    void SetValue(const uint32_t index, const T1 value) const {
        detail::StoreElement<T>(Scalars("SetValue", index), index, static_cast<T>(value));
    }
    detail::ElementReference<T, detail::UbBytes> operator()(const uint32_t offset) const {
        return {Scalars("LocalTensor::operator()", offset), offset};
    }

    LocalTensor operator[](const uint32_t offset) const {
        constexpr const char* kFunction = "LocalTensor::operator[]";
        RequireInside(kFunction, offset);
        const auto bytes = static_cast<uint32_t>(detail::StartBytes<T>(kFunction, offset));
        LocalTensor moved = *this;
        moved.address_.bufferAddr += bytes;
        moved.address_.dataLen -= bytes;
        return moved;
    }
    template <typename CAST_T>
    LocalTensor<CAST_T> ReinterpretCast() const {
        LocalTensor<CAST_T> cast;
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

    uint32_t GetSize() const {
        return static_cast<uint32_t>(uint64_t{address_.dataLen} * 8 / kElementBits<T>);
    }
    void SetSize(const uint32_t size) {
        const uint64_t bytes = detail::BytesOf<T>(size);
        if (address_.bufferAddr + bytes > NpuLocalBytes(Memory())) {
            detail::FailArgument("SetSize", "size", size, "leave the tensor inside its memory");
        }
        address_.dataLen = static_cast<uint32_t>(bytes);
    }
    uint32_t GetLength() const { return address_.dataLen; }  // bytes
    void SetBufferLen(uint32_t dataLen) { address_.dataLen = dataLen; }

    // A number in the record of the buffer: every tensor over the buffer has the same one.
    void SetUserTag(const TTagType tag) { Record("SetUserTag")->usertag = tag; }
    TTagType GetUserTag() const { return Record("GetUserTag")->usertag; }

    void SetShapeInfo(const ShapeInfo& shapeInfo) { shapeInfo_ = shapeInfo; }
    ShapeInfo GetShapeInfo() const { return ASCEND_IS_AIC ? ShapeInfo() : shapeInfo_; }

 private:
    void RequireInside(const char* function, uint32_t index) const {
        if (detail::BytesOf<T>(index) >= address_.dataLen) {
            detail::FailArgument(function, "index", index, "be less than the size of the tensor");
        }
    }

    detail::UbBytes Scalars(const char* function, uint32_t index) const {
        if (Memory() != kNpuUb) {
            detail::Fail(kNpuRulePosition, function, "position", address_.logicPos,
                         "be VECIN, VECCALC or VECOUT");
        }
        RequireInside(function, index);
        return {address_.bufferAddr};
    }

    TBufType* Record(const char* function) const {
        if (address_.bufferHandle == nullptr) {
            NpuFrontEndFault(kNpuRuleArgument, function,
                             "the tensor must come from a queue or a TBuf");
        }
        return reinterpret_cast<TBufType*>(address_.bufferHandle);
    }

    TBuffAddr address_{};
    ShapeInfo shapeInfo_;
};

}  // namespace AscendC
