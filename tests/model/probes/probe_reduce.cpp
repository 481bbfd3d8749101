// SPDX-License-Identifier: Apache-2.0
// One reduction a launch, on tensors in an image of UB.
#include "probe_image.h"

using namespace AscendC;

namespace {

enum Function : int32_t {
    kBlockReduceSum,
    kBlockReduceMax,
    kBlockReduceMin,
    kPairReduceSum,
    kRepeatReduceSum,
    kWholeReduceSum,
    kWholeReduceMax,
    kWholeReduceMin,
    kReduceMax,
    kReduceMin,
    kReduceSum,
    kReadExtreme,      // GetReduceMaxMinCount alone
    kReadAccumulator,  // GetAccVal alone
};

// How the function gets its mask.
enum Form : int32_t {
    kBits,
    kCount,     // lanes; or elements of the tensor functions
    kPreset,    // isSetMask = false after SetVectorMask, in normal mode
    kCounter,   // isSetMask = false in counter mode: `elements` in all
    kElements,  // the first `elements` elements, of the tensor functions
};

struct ReduceCase {
    int32_t function;
    int32_t isHalf;
    int32_t form;
    uint32_t imageBytes;
    uint32_t dst;  // byte addresses
    uint32_t src;
    uint32_t work;
    uint32_t workBytes;
    uint32_t result;  // 16 bytes: what the register functions return afterwards
    int32_t position;
    int32_t repeats;
    int32_t dstRepStride;
    int32_t srcBlkStride;
    int32_t srcRepStride;
    int32_t order;
    int32_t calIndex;
    int32_t lanes;
    int32_t elements;
    uint64_t mask[2];
};

template <class T>
class Reducer {
 public:
    __aicore__ explicit Reducer(const ReduceCase& test)
        : test_(test),
          dst_(probe::At<T>(test.dst, test.imageBytes, test.position)),
          src_(probe::Ub<T>(test.src, test.imageBytes)),
          work_(probe::Ub<T>(test.work, test.workBytes)) {}

    __aicore__ void Run() {
        if (test_.form == kCounter) {
            SetMaskCount();
            SetVectorMask<T, MaskMode::COUNTER>(0, static_cast<uint64_t>(test_.elements));
        } else if (test_.form == kPreset) {
            SetVectorMask<T>(test_.mask[1], test_.mask[0]);
        }
        if (test_.function >= kReadExtreme) {
            Read();
        } else if (test_.function >= kReduceMax) {
            ReduceTensor();
        } else if (test_.form == kBits) {
            ReduceRepeats<true>(test_.mask);
        } else if (test_.form == kCount) {
            ReduceRepeats<true>(test_.lanes);
        } else {
            ReduceRepeats<false>(static_cast<int32_t>(MASK_PLACEHOLDER));
        }
        if (test_.form == kCounter) {
            SetMaskNorm();
        }
    }

 private:
    template <bool isSetMask, class Mask>
    __aicore__ void ReduceRepeats(const Mask& mask) {
        const ReduceCase& c = test_;
        const auto order = static_cast<ReduceOrder>(c.order);
        switch (c.function) {
            case kBlockReduceSum:
                BlockReduceSum<T, isSetMask>(dst_, src_, c.repeats, mask, c.dstRepStride,
                                             c.srcBlkStride, c.srcRepStride);
                break;
            case kBlockReduceMax:
                BlockReduceMax<T, isSetMask>(dst_, src_, c.repeats, mask, c.dstRepStride,
                                             c.srcBlkStride, c.srcRepStride);
                break;
            case kBlockReduceMin:
                BlockReduceMin<T, isSetMask>(dst_, src_, c.repeats, mask, c.dstRepStride,
                                             c.srcBlkStride, c.srcRepStride);
                break;
            case kPairReduceSum:
                PairReduceSum<T, isSetMask>(dst_, src_, c.repeats, mask, c.dstRepStride,
                                            c.srcBlkStride, c.srcRepStride);
                break;
            case kRepeatReduceSum:
                RepeatReduceSum<T, isSetMask>(dst_, src_, c.repeats, c.lanes, 1, c.srcBlkStride,
                                              c.dstRepStride, c.srcRepStride);
                break;
            case kWholeReduceSum:
                WholeReduceSum<T, isSetMask>(dst_, src_, mask, c.repeats, c.dstRepStride,
                                             c.srcBlkStride, c.srcRepStride);
                break;
            case kWholeReduceMax:
                WholeReduceMax<T, isSetMask>(dst_, src_, mask, c.repeats, c.dstRepStride,
                                             c.srcBlkStride, c.srcRepStride, order);
                StoreExtreme();
                break;
            default:
                WholeReduceMin<T, isSetMask>(dst_, src_, mask, c.repeats, c.dstRepStride,
                                             c.srcBlkStride, c.srcRepStride, order);
                StoreExtreme();
        }
    }

    __aicore__ void ReduceTensor() {
        const ReduceCase& c = test_;
        const bool calIndex = c.calIndex != 0;
        const bool max = c.function == kReduceMax;
        if (c.function == kReduceSum) {
            SumTensor();
        } else if (c.form == kElements) {
            max ? ReduceMax(dst_, src_, work_, c.elements, calIndex)
                : ReduceMin(dst_, src_, work_, c.elements, calIndex);
        } else if (c.form == kBits) {
            max ? ReduceMax(dst_, src_, work_, c.mask, c.repeats, c.srcRepStride, calIndex)
                : ReduceMin(dst_, src_, work_, c.mask, c.repeats, c.srcRepStride, calIndex);
        } else {
            max ? ReduceMax(dst_, src_, work_, c.lanes, c.repeats, c.srcRepStride, calIndex)
                : ReduceMin(dst_, src_, work_, c.lanes, c.repeats, c.srcRepStride, calIndex);
        }
    }

    __aicore__ void SumTensor() {
        const ReduceCase& c = test_;
        if (c.form == kBits) {
            ReduceSum(dst_, src_, work_, c.mask, c.repeats, c.srcRepStride);
        } else if (c.form == kCount) {
            ReduceSum(dst_, src_, work_, c.lanes, c.repeats, c.srcRepStride);
        } else if (c.form == kCounter) {
            ReduceSum<T, false>(dst_, src_, work_, 1);
            StoreAccumulator();
        } else {
            ReduceSum(dst_, src_, work_, c.elements);
            if (c.elements > 0) {
                StoreAccumulator();
            }
        }
    }

    __aicore__ void Read() {
        if (test_.function == kReadExtreme) {
            T value(0);
            T index(0);
            GetReduceMaxMinCount<T>(value, index);
        } else {
            static_cast<void>(GetAccVal<T>());
        }
    }

    // Both forms: as elements, and as raw numbers.
    __aicore__ void StoreExtreme() {
        if (test_.result == 0) {
            return;
        }
        T value(0);
        T index(0);
        GetReduceMaxMinCount<T>(value, index);
        uint32_t rawValue = 0;
        uint32_t rawIndex = 0;
        GetReduceMaxMinCount<T>(rawValue, rawIndex);
        const LocalTensor<T> typed = probe::Ub<T>(test_.result, ONE_BLK_SIZE);
        typed.SetValue(0, value);
        typed.SetValue(1, index);
        const LocalTensor<uint32_t> raw = probe::Ub<uint32_t>(test_.result + 8, ONE_BLK_SIZE);
        raw.SetValue(0, rawValue);
        raw.SetValue(1, rawIndex);
    }

    __aicore__ void StoreAccumulator() {
        if (test_.result == 0) {
            return;
        }
        probe::Ub<T>(test_.result, ONE_BLK_SIZE).SetValue(0, GetAccVal<T>());
        probe::Ub<uint64_t>(test_.result + 8, ONE_BLK_SIZE)
            .SetValue(0, static_cast<uint64_t>(GetAccVal()));
    }

    const ReduceCase& test_;
    LocalTensor<T> dst_;
    LocalTensor<T> src_;
    LocalTensor<T> work_;
};

}  // namespace

extern "C" __global__ __aicore__ void probe_reduce(GM_ADDR in, GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    REGISTER_TILING_DEFAULT(ReduceCase);
    GET_TILING_DATA_WITH_STRUCT(ReduceCase, test, tiling);
    TPipe pipe;
    probe::LoadImage(in, test.imageBytes);
    if (test.isHalf != 0) {
        Reducer<half>(test).Run();
    } else {
        Reducer<float>(test).Run();
    }
    probe::StoreImage(out, test.imageBytes);
}
