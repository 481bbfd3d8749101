// SPDX-License-Identifier: Apache-2.0
// TBuf: local memory without a queue, whose uses the kernel orders itself. And the rest of UB.
#pragma once

#include "ascendc/pipe.h"

namespace AscendC {

template <TPosition pos = TPosition::LCM>
class TBuf {
 public:
    template <typename T>
    LocalTensor<T> Get() {
        return Tensor<T>(0, Record("TBuf::Get").dataLen);
    }
    template <typename T>
    LocalTensor<T> Get(uint32_t len) {
        const uint64_t bytes = detail::BytesOf<T>(len);
        RequireInside("TBuf::Get", "len", len, bytes);
        if (bytes == 0 || bytes % ONE_BLK_SIZE != 0) {
            detail::Fail(kNpuRuleBuffer, "TBuf::Get", "len", len,
                         "give a length in bytes that is a multiple of 32 and above 0");
        }
        return Tensor<T>(0, static_cast<uint32_t>(bytes));
    }
    // `size` elements from `bufOffset` bytes on.
    template <typename T>
    LocalTensor<T> GetWithOffset(uint32_t size, uint32_t bufOffset) {
        const uint64_t bytes = detail::BytesOf<T>(size);
        RequireInside("TBuf::GetWithOffset", "size", size, bufOffset + bytes);
        if (bufOffset % ONE_BLK_SIZE != 0) {
            detail::Fail(kNpuRuleBuffer, "TBuf::GetWithOffset", "bufOffset", bufOffset,
                         "be a multiple of 32");
        }
        return Tensor<T>(bufOffset, static_cast<uint32_t>(bytes));
    }

    // The names of a queue, for code that takes either.
    template <typename T>
    LocalTensor<T> AllocTensor() {
        return Get<T>();
    }
    template <typename T>
    void EnQue(const LocalTensor<T>&) {}
    template <typename T>
    LocalTensor<T> DeQue() {
        return Get<T>();
    }
    template <typename T>
    void FreeTensor(LocalTensor<T>&) {}

    // For TPipe.
    void SetBuffer(TBufType* buffer) { buffer_ = buffer; }

 private:
    TBufType& Record(const char* function) const {
        if (buffer_ == nullptr) {
            NpuFrontEndFault(kNpuRuleBuffer, function, "the TBuf has no memory before InitBuffer");
        }
        return *buffer_;
    }
    void RequireInside(const char* function, const char* argument, uint32_t value,
                       uint64_t end) const {
        if (end > Record(function).dataLen) {
            detail::Fail(kNpuRuleBuffer, function, argument, value,
                         "let the tensor fit into its buffer");
        }
    }
    template <typename T>
    LocalTensor<T> Tensor(uint32_t offset, uint32_t bytes) {
        LocalTensor<T> tensor;
        tensor.SetAddr({bytes, buffer_->address + offset, reinterpret_cast<TBufHandle>(buffer_),
                        static_cast<uint8_t>(pos)});
        return tensor;
    }

    TBufType* buffer_ = nullptr;
};

namespace detail {

// UB behind the buffers of InitBuffer, up to the last 64 bytes, which a message of the library
// takes.
template <TPosition pos>
inline TBuffAddr FreeUb() {
    static_assert(MemoryOf(pos) == kNpuUb, "PopStackBuffer is for VECIN, VECCALC and VECOUT");
    constexpr uint32_t kEnd = 192 * 1024 - 128;
    const uint32_t begin = GetTPipePtr()->End(kNpuUb);
    return {kEnd - begin, begin, nullptr, static_cast<uint8_t>(pos)};
}

}  // namespace detail

template <typename T, TPosition pos>
inline bool PopStackBuffer(LocalTensor<T>& popLocal) {
    popLocal.SetAddr(detail::FreeUb<pos>());
    return true;
}
// The same for a TBuf, with a record of the caller.
template <TPosition pos>
inline bool PopStackBuffer(TBuf<pos>& popBuffer, TBufType& bufStart) {
    const TBuffAddr place = detail::FreeUb<pos>();
    bufStart.address = place.bufferAddr;
    bufStart.dataLen = place.dataLen;
    popBuffer.SetBuffer(&bufStart);
    return true;
}

}  // namespace AscendC
