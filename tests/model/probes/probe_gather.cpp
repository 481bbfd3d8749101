// SPDX-License-Identifier: Apache-2.0
// One broadcast, gather, compression or index a launch, on tensors in an image of UB.
#include "probe_image.h"

using namespace AscendC;

namespace {

enum Function : int32_t {
    kBrcb,
    kGatherBits,
    kGatherCount,     // lanes
    kGatherElements,  // of the tensor
    kGatherb,
    kGatherMaskTensor,
    kGatherMaskPattern,
    kReadRemainCount,  // GetGatherMaskRemainCount alone
    kIndexBits,
    kIndexCount,
    kIndexElements,
};

enum Type : int32_t { kHalf, kBfloat16, kInt16, kUint16, kInt32, kUint32, kFloat };

struct GatherCase {
    int32_t function;
    int32_t type;
    uint32_t imageBytes;
    uint32_t dst;  // byte addresses
    uint32_t src;
    uint32_t src1;    // offsets, or bits of a pattern
    uint32_t result;  // 16 bytes: the numbers of kept elements
    int32_t position;
    int32_t defaults;  // 1: repeat parameters as their constructor leaves them
    int32_t repeats;
    int32_t dstBlkStride;
    int32_t dstRepStride;
    int32_t srcBlkStride;
    int32_t srcRepStride;
    int32_t src1RepStride;
    int32_t pattern;
    int32_t reduceMode;
    int32_t lanes;
    int32_t elements;
    uint32_t srcBaseAddr;
    int32_t firstValue;
    int32_t reserved;
    uint64_t mask[2];
};

template <class T>
class Gatherer {
 public:
    __aicore__ explicit Gatherer(const GatherCase& test)
        : test_(test),
          dst_(probe::At<T>(test.dst, test.imageBytes, test.position)),
          src_(probe::Ub<T>(test.src, test.imageBytes)) {}

    __aicore__ void Run() {
        switch (test_.function) {
            case kBrcb:
                Brcb(dst_, src_, static_cast<uint8_t>(test_.repeats), BrcbParams());
                break;
            case kGatherBits:
            case kGatherCount:
            case kGatherElements:
                RunGather();
                break;
            case kGatherb:
                RunGatherb();
                break;
            case kGatherMaskTensor:
            case kGatherMaskPattern:
                RunGatherMask();
                break;
            case kReadRemainCount:
                static_cast<void>(GetGatherMaskRemainCount());
                break;
            default:
                RunIndex();
        }
    }

 private:
    using Bits = typename std::conditional<sizeof(T) == 2, uint16_t, uint32_t>::type;

    __aicore__ BrcbRepeatParams BrcbParams() const {
        if (test_.defaults != 0) {
            return BrcbRepeatParams();
        }
        return BrcbRepeatParams(static_cast<uint16_t>(test_.dstBlkStride),
                                static_cast<uint16_t>(test_.dstRepStride));
    }

    __aicore__ void RunGather() {
        const LocalTensor<uint32_t> offsets = probe::Ub<uint32_t>(test_.src1, test_.imageBytes);
        const auto repeats = static_cast<uint8_t>(test_.repeats);
        const auto stride = static_cast<uint16_t>(test_.dstRepStride);
        if (test_.function == kGatherBits) {
            Gather(dst_, src_, offsets, test_.srcBaseAddr, test_.mask, repeats, stride);
        } else if (test_.function == kGatherCount) {
            Gather(dst_, src_, offsets, test_.srcBaseAddr, static_cast<uint64_t>(test_.lanes),
                   repeats, stride);
        } else {
            Gather(dst_, src_, offsets, test_.srcBaseAddr, static_cast<uint32_t>(test_.elements));
        }
    }

    __aicore__ void RunGatherb() {
        if constexpr (std::is_same<T, uint16_t>::value || std::is_same<T, uint32_t>::value) {
            const LocalTensor<uint32_t> offsets = probe::Ub<uint32_t>(test_.src1, test_.imageBytes);
            GatherRepeatParams params;
            if (test_.defaults == 0) {
                params = GatherRepeatParams(static_cast<uint8_t>(test_.dstBlkStride),
                                            static_cast<uint8_t>(test_.dstRepStride));
            }
            Gatherb(dst_, src_, offsets, static_cast<uint8_t>(test_.repeats), params);
        }
    }

    __aicore__ void RunGatherMask() {
        GatherMaskParams params;
        if (test_.defaults == 0) {
            params = GatherMaskParams(static_cast<uint8_t>(test_.srcBlkStride),
                                      static_cast<uint16_t>(test_.repeats),
                                      static_cast<uint16_t>(test_.srcRepStride),
                                      static_cast<uint8_t>(test_.src1RepStride));
        } else {
            params.repeatTimes = static_cast<uint16_t>(test_.repeats);
        }
        uint64_t kept = 0;
        const bool reduceMode = test_.reduceMode != 0;
        const auto elements = static_cast<uint32_t>(test_.elements);
        if (test_.function == kGatherMaskTensor) {
            GatherMask(dst_, src_, probe::Ub<Bits>(test_.src1, test_.imageBytes), reduceMode,
                       elements, params, kept);
        } else {
            GatherMask(dst_, src_, static_cast<uint8_t>(test_.pattern), reduceMode, elements,
                       params, kept);
        }
        const LocalTensor<uint64_t> result = probe::Ub<uint64_t>(test_.result, ONE_BLK_SIZE);
        result.SetValue(0, kept);
        result.SetValue(1, static_cast<uint64_t>(GetGatherMaskRemainCount()));
    }

    __aicore__ void RunIndex() {
        if constexpr (std::is_same<T, half>::value || std::is_same<T, int16_t>::value ||
                      std::is_same<T, float>::value || std::is_same<T, int32_t>::value) {
            const T first = static_cast<T>(test_.firstValue);
            const auto repeats = static_cast<uint8_t>(test_.repeats);
            const auto block = static_cast<uint16_t>(test_.dstBlkStride);
            const auto repeat = static_cast<uint8_t>(test_.dstRepStride);
            uint64_t mask[2] = {test_.mask[0], test_.mask[1]};
            if (test_.function == kIndexBits) {
                CreateVecIndex(dst_, first, mask, repeats, block, repeat);
            } else if (test_.function == kIndexCount) {
                CreateVecIndex(dst_, first, static_cast<uint64_t>(test_.lanes), repeats, block,
                               repeat);
            } else {
                CreateVecIndex(dst_, first, static_cast<uint32_t>(test_.elements));
            }
        }
    }

    const GatherCase& test_;
    LocalTensor<T> dst_;
    LocalTensor<T> src_;
};

__aicore__ inline void RunCase(const GatherCase& test) {
    switch (test.type) {
        case kHalf:
            return Gatherer<half>(test).Run();
        case kBfloat16:
            return Gatherer<bfloat16_t>(test).Run();
        case kInt16:
            return Gatherer<int16_t>(test).Run();
        case kUint16:
            return Gatherer<uint16_t>(test).Run();
        case kInt32:
            return Gatherer<int32_t>(test).Run();
        case kUint32:
            return Gatherer<uint32_t>(test).Run();
        default:
            return Gatherer<float>(test).Run();
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_gather(GM_ADDR in, GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    REGISTER_TILING_DEFAULT(GatherCase);
    GET_TILING_DATA_WITH_STRUCT(GatherCase, test, tiling);
    TPipe pipe;
    probe::LoadImage(in, test.imageBytes);
    RunCase(test);
    probe::StoreImage(out, test.imageBytes);
}
