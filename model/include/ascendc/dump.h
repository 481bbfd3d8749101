// SPDX-License-Identifier: Apache-2.0
// DumpTensor: prints elements of a tensor, kept with the launch like all that a kernel prints.
#pragma once

#include "ascendc/print.h"

namespace AscendC {
namespace detail {

template <typename T>
constexpr const char* kElementName = "";
template <>
constexpr const char* kElementName<bool> = "bool";
template <>
constexpr const char* kElementName<int8_t> = "int8";
template <>
constexpr const char* kElementName<uint8_t> = "uint8";
template <>
constexpr const char* kElementName<int16_t> = "int16";
template <>
constexpr const char* kElementName<uint16_t> = "uint16";
template <>
constexpr const char* kElementName<int32_t> = "int32";
template <>
constexpr const char* kElementName<uint32_t> = "uint32";
template <>
constexpr const char* kElementName<int64_t> = "int64";
template <>
constexpr const char* kElementName<uint64_t> = "uint64";
template <>
constexpr const char* kElementName<half> = "float16";
template <>
constexpr const char* kElementName<bfloat16_t> = "bfloat16";
template <>
constexpr const char* kElementName<float> = "float32";

template <typename T>
std::string ElementText(T value) {
    if constexpr (std::is_same_v<T, uint64_t>) {
        return std::to_string(value);
    } else if constexpr (std::is_integral_v<T>) {
        return std::to_string(static_cast<int64_t>(value));
    } else {
        return Format("%f", static_cast<double>(static_cast<float>(value)));
    }
}

// The elements of a dump, where they lie.
template <typename T>
struct Elements {
    const uint8_t* bytes;
    uint32_t count;

    std::string Text(size_t at) const {
        T value;
        std::memcpy(&value, bytes + at * sizeof(T), sizeof(T));
        return ElementText<T>(value);
    }
};

template <typename T>
std::string ListText(const Elements<T>& elements) {
    std::string text = "[";
    for (uint32_t i = 0; i < elements.count; ++i) {
        text += (i == 0 ? "" : ", ") + elements.Text(i);
    }
    return text + "]";
}

// The elements from `*next` on, nested by the dimensions from `dim` on; "-" where there are no
// more.
template <typename T>
std::string NestedText(const Elements<T>& elements, const ShapeInfo& shape, uint8_t dim,
                       size_t* next) {
    if (dim == shape.shapeDim) {
        const size_t at = (*next)++;
        return at < elements.count ? elements.Text(at) : "-";
    }
    const char* separator = dim + 1 == shape.shapeDim ? "," : ",\n";
    std::string text = "[";
    for (uint32_t i = 0; i < shape.shape[dim]; ++i) {
        text += i == 0 ? "" : separator;
        text += NestedText(elements, shape, static_cast<uint8_t>(dim + 1), next);
    }
    return text + "]";
}

inline std::string ShapeRemark(const ShapeInfo& shape, uint32_t dumpSize) {
    const uint64_t size = GetShapeSize(shape);
    if (size == dumpSize) {
        return {};
    }
    std::string text = "shape is [";
    for (uint8_t i = 0; i < shape.shapeDim; ++i) {
        text += (i == 0 ? "" : ", ") + std::to_string(shape.shape[i]);
    }
    return text + "], dumpSize is " + std::to_string(dumpSize) +
           (size < dumpSize ? ", dumpSize is greater than shapeSize.\n"
                            : ", data is not enough.\n");
}

// Where a tensor lies, for the heading and for the copy.
struct DumpPlace {
    NpuMemory memory;
    uint64_t address;
    const char* name;
};

template <typename T>
DumpPlace PlaceOf(const GlobalTensor<T>& tensor) {
    return {kNpuGm, reinterpret_cast<uint64_t>(tensor.GetPhyAddr()), "GM"};
}
template <typename T>
DumpPlace PlaceOf(const LocalTensor<T>& tensor) {
    const NpuMemory memory = tensor.Memory();
    if (memory != kNpuUb && memory != kNpuL1 && memory != kNpuL0c) {
        Fail(kNpuRulePosition, "DumpTensor", "position", tensor.GetPosition(),
             "lie in UB, L1 or L0C");
    }
    return {memory, tensor.Address(), memory == kNpuUb ? "UB" : memory == kNpuL1 ? "L1" : "L0C"};
}

// Between two barriers, as on the device: a dump sees what was issued before it. The device drops
// a dump of too many bytes.
template <typename T, class Tensor>
void Dump(const Tensor& tensor, uint32_t desc, uint32_t dumpSize, const ShapeInfo* shape) {
    static_assert(kElementName<T>[0] != '\0', "DumpTensor: not a type that can be printed");
    const DumpPlace place = PlaceOf(tensor);
    const uint32_t bytes = dumpSize * static_cast<uint32_t>(sizeof(T));
    NpuPipeBarrier(kNpuPipeAll);
    const Elements<T> elements{NpuDump(place.memory, place.address, bytes), dumpSize};
    NpuPipeBarrier(kNpuPipeAll);
    if (bytes > kMostPrintedBytes) {
        return;
    }
    const std::string heading = Format(
        "DumpTensor: desc=%u, addr=0x%llx, data_type=%s, position=%s, dump_size=%u\n", desc,
        static_cast<unsigned long long>(place.address), kElementName<T>, place.name, dumpSize);
    size_t next = 0;
    const std::string values =
        shape == nullptr ? ListText(elements)
                         : ShapeRemark(*shape, dumpSize) + NestedText(elements, *shape, 0, &next);
    NpuPrint((heading + values + "\n").c_str());
}

}  // namespace detail

#define NPU_DUMP(Tensor)                                                                    \
    template <typename T>                                                                   \
    inline void DumpTensor(const Tensor<T>& tensor, uint32_t desc, uint32_t dumpSize) {     \
        detail::Dump<T>(tensor, desc, dumpSize, nullptr);                                   \
    }                                                                                       \
    template <typename T>                                                                   \
    inline void DumpTensor(const Tensor<T>& tensor, uint32_t desc, uint32_t dumpSize,       \
                           const ShapeInfo& shapeInfo) {                                    \
        detail::Dump<T>(tensor, desc, dumpSize, &shapeInfo);                                \
    }                                                                                       \
    /* From element countOff on. */                                                         \
    template <typename T>                                                                   \
    inline void DumpAccChkPoint(const Tensor<T>& tensor, uint32_t index, uint32_t countOff, \
                                uint32_t dumpSize) {                                        \
        detail::Dump<T>(tensor[countOff], index, dumpSize, nullptr);                        \
    }
NPU_DUMP(LocalTensor)
NPU_DUMP(GlobalTensor)
#undef NPU_DUMP

}  // namespace AscendC
