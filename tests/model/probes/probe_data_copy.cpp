// SPDX-License-Identifier: Apache-2.0
// One move between GM and UB a launch: UB is an image that is loaded before and stored after.
#include "element_types.h"
#include "probe_image.h"

using namespace AscendC;

namespace {

enum Form : int32_t { kCount, kParams, kEnhanced, kSlice, kNz2Nd, kPad, kPadExt };
enum Path : int32_t { kGmToUb, kUbToGm, kUbToUb };
enum Atomic : int32_t { kNone, kAdd, kMax, kMin, kMaxThenType };
enum Type : int32_t {
    PROBE_ELEMENT_TYPES(PROBE_ELEMENT_NAME) kUint64,
    kDouble,
};

constexpr int32_t kMostDims = 9;

struct Slice {
    uint32_t start, end, stride, burst, shape;
};

struct CopyCase {
    uint64_t paddingValue;
    uint64_t setPadValue;  // bits for SetPadValue
    int32_t form;
    int32_t path;
    int32_t type;
    int32_t atomic;
    uint32_t imageBytes;
    uint32_t storeBegin;  // what of the image to store
    uint32_t storeEnd;
    uint32_t gm;   // byte offset of the GM side
    uint32_t ub;   // byte address of the UB side; of the destination within UB
    uint32_t src;  // within UB
    int32_t position;
    int32_t defaults;  // 1: parameters as their constructor leaves them, except blockLen
    uint32_t count;
    uint32_t blockCount;
    uint32_t blockLen;
    uint32_t srcStride;
    uint32_t dstStride;
    int32_t isPad;
    int32_t left;
    int32_t right;
    int32_t callSetPadValue;
    int32_t dims;
    int32_t shapeInTensors;
    Slice dstSlices[kMostDims];
    Slice srcSlices[kMostDims];
    int32_t nz[7];
};

template <class T>
class Copier {
 public:
    __aicore__ Copier(const CopyCase& test, GM_ADDR gm)
        : test_(test),
          gm_(probe::Gm<T>(gm + test.gm)),
          ub_(probe::At<T>(test.ub, test.imageBytes, test.position)),
          from_(probe::Ub<T>(test.src, test.imageBytes)) {}

    __aicore__ void Run() {
        SetAtomic();
        switch (test_.form) {
            case kCount:
                Copy(test_.count);
                break;
            case kParams:
                Copy(Params());
                break;
            case kEnhanced:
                CopyEnhanced();
                break;
            case kSlice:
                CopySlice();
                break;
            case kNz2Nd:
                CopyNz2Nd();
                break;
            default:
                CopyPad();
        }
        PipeBarrier<PIPE_ALL>();
        SetAtomicNone();
    }

 private:
    template <class How>
    __aicore__ void Copy(const How& how) {
        if (test_.path == kGmToUb) {
            DataCopy(ub_, gm_, how);
        } else if (test_.path == kUbToGm) {
            DataCopy(gm_, ub_, how);
        } else {
            DataCopy(ub_, from_, how);
        }
    }

    __aicore__ DataCopyParams Params() const {
        DataCopyParams params;
        params.blockLen = static_cast<uint16_t>(test_.blockLen);
        if (test_.defaults == 0) {
            params = DataCopyParams(static_cast<uint16_t>(test_.blockCount), params.blockLen,
                                    static_cast<uint16_t>(test_.srcStride),
                                    static_cast<uint16_t>(test_.dstStride));
        }
        return params;
    }
    __aicore__ DataCopyExtParams ExtParams() const {
        DataCopyExtParams params;
        params.blockLen = test_.blockLen;
        if (test_.defaults == 0) {
            params = DataCopyExtParams(static_cast<uint16_t>(test_.blockCount), test_.blockLen,
                                       test_.srcStride, test_.dstStride, 0);
        }
        return params;
    }

    __aicore__ void CopyEnhanced() {
        DataCopyEnhancedParams enhanced;
        if (test_.path == kGmToUb) {
            DataCopy(ub_, gm_, Params(), enhanced);
        } else if (test_.path == kUbToGm) {
            DataCopy(gm_, ub_, Params(), enhanced);
        } else if constexpr (std::is_same<T, half>::value || std::is_same<T, bfloat16_t>::value ||
                             std::is_same<T, float>::value || std::is_same<T, int32_t>::value ||
                             std::is_same<T, uint32_t>::value) {
            DataCopy(ub_, from_, Params(), enhanced);
        }
    }

    __aicore__ static void ToSliceInfo(const Slice* slices, SliceInfo* infos, bool withShape) {
        for (int32_t i = 0; i < kMostDims; ++i) {
            const Slice& slice = slices[i];
            infos[i] = withShape ? SliceInfo(slice.start, slice.end, slice.stride, slice.burst,
                                             slice.shape)
                                 : SliceInfo(slice.start, slice.end, slice.stride, slice.burst);
        }
    }

    template <class Tensor>
    __aicore__ void SetShape(Tensor& tensor, const Slice* slices) const {
        uint32_t shape[kMostDims];
        for (int32_t i = 0; i < test_.dims; ++i) {
            shape[i] = slices[i].shape;
        }
        tensor.SetShapeInfo(ShapeInfo(static_cast<uint8_t>(test_.dims), shape));
    }

    __aicore__ void CopySlice() {
        if constexpr (sizeof(T) <= 4) {
            const bool withShape = test_.shapeInTensors == 0;
            SliceInfo dst[kMostDims];
            SliceInfo src[kMostDims];
            ToSliceInfo(test_.dstSlices, dst, withShape);
            ToSliceInfo(test_.srcSlices, src, withShape);
            if (!withShape) {
                SetShape(gm_, test_.path == kGmToUb ? test_.srcSlices : test_.dstSlices);
                SetShape(ub_, test_.path == kGmToUb ? test_.dstSlices : test_.srcSlices);
            }
            const auto dims = static_cast<uint32_t>(test_.dims);
            if (test_.path == kGmToUb) {
                DataCopy(ub_, gm_, dst, src, dims);
            } else {
                DataCopy(gm_, ub_, dst, src, dims);
            }
        }
    }

    __aicore__ void CopyNz2Nd() {
        if constexpr (sizeof(T) == 2 || sizeof(T) == 4) {
            const auto field = [this](int32_t i) { return static_cast<uint16_t>(test_.nz[i]); };
            DataCopy(gm_, ub_,
                     Nz2NdParamsFull(field(0), field(1), field(2), field(3), field(4), field(5),
                                     field(6)));
        }
    }

    __aicore__ void CopyPad() {
        const bool ext = test_.form == kPadExt;
        if (test_.path == kUbToGm) {
            ext ? DataCopyPad(gm_, ub_, ExtParams()) : DataCopyPad(gm_, ub_, Params());
            return;
        }
        if (test_.callSetPadValue != 0) {
            SetPadValue(FromBits(test_.setPadValue));
        }
        const auto left = static_cast<uint8_t>(test_.left);
        const auto right = static_cast<uint8_t>(test_.right);
        const bool isPad = test_.isPad != 0;
        if (ext) {
            DataCopyPadExtParams<T> pad;
            if (test_.defaults == 0) {
                pad = DataCopyPadExtParams<T>(isPad, left, right, FromBits(test_.paddingValue));
            }
            DataCopyPad(ub_, gm_, ExtParams(), pad);
        } else {
            DataCopyPadParams pad;
            if (test_.defaults == 0) {
                pad = DataCopyPadParams(isPad, left, right, test_.paddingValue);
            }
            DataCopyPad(ub_, gm_, Params(), pad);
        }
    }

    __aicore__ static T FromBits(uint64_t bits) {
        T value;
        __builtin_memcpy(static_cast<void*>(&value), &bits, sizeof(T));
        return value;
    }

    __aicore__ void SetAtomic() const {
        if constexpr (std::is_same<T, float>::value || std::is_same<T, half>::value ||
                      std::is_same<T, bfloat16_t>::value || std::is_same<T, int8_t>::value ||
                      std::is_same<T, int16_t>::value || std::is_same<T, int32_t>::value) {
            if (test_.atomic == kAdd) {
                SetAtomicAdd<T>();
            } else if (test_.atomic == kMax) {
                SetAtomicMax<T>();
            } else if (test_.atomic == kMin) {
                SetAtomicMin<T>();
            } else if (test_.atomic == kMaxThenType) {
                SetAtomicMax<int8_t>();
                SetAtomicType<T>();
            }
        }
    }

    const CopyCase& test_;
    GlobalTensor<T> gm_;
    LocalTensor<T> ub_;
    LocalTensor<T> from_;
};

__aicore__ inline void RunCase(const CopyCase& test, GM_ADDR gm) {
    switch (test.type) {
#define PROBE_TYPE(name, T) \
    case name:              \
        return Copier<T>(test, gm).Run();
        PROBE_ELEMENT_TYPES(PROBE_TYPE)
        PROBE_TYPE(kUint64, uint64_t)
#undef PROBE_TYPE
        default:
            return Copier<double>(test, gm).Run();
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_data_copy(GM_ADDR image, GM_ADDR gm, GM_ADDR out,
                                                      GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    REGISTER_TILING_DEFAULT(CopyCase);
    GET_TILING_DATA_WITH_STRUCT(CopyCase, test, tiling);
    TPipe pipe;
    probe::LoadImage(image, test.imageBytes);
    RunCase(test, gm);
    if (test.storeEnd > test.storeBegin) {
        const uint32_t bytes = test.storeEnd - test.storeBegin;
        DataCopyPad(probe::Gm<int8_t>(out + test.storeBegin),
                    probe::Ub<int8_t>(test.storeBegin, bytes),
                    DataCopyExtParams(1, bytes, 0, 0, 0));
    }
}
