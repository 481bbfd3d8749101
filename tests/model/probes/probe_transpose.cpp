// SPDX-License-Identifier: Apache-2.0
// One transposition a launch, on tensors in an image of UB.
#include "probe_image.h"

using namespace AscendC;

namespace {

enum Function : int32_t {
    kTransposeMatrix,
    kTransposeExt,
    kRearrangeTensors,
    kRearrangeAddresses,
    kRearrangeAddressTensor,
};

enum Type : int32_t { kInt8, kUint8, kInt16, kUint16, kHalf, kInt32, kUint32, kFloat };

struct TransposeCase {
    int32_t function;
    int32_t type;
    uint32_t imageBytes;
    uint32_t dst;  // byte addresses
    uint32_t src;
    uint32_t work;
    uint32_t workBytes;
    uint32_t dstStep;  // bytes between the 16 blocks of the lists
    uint32_t srcStep;
    uint32_t dstList;  // where the lists lie in UB
    uint32_t srcList;
    int32_t position;
    int32_t defaults;  // 1: parameters as their constructor leaves them
    int32_t dstHighHalf;
    int32_t srcHighHalf;
    int32_t repeats;
    int32_t dstRepStride;
    int32_t srcRepStride;
    int32_t n;
    int32_t c;
    int32_t h;
    int32_t w;
    int32_t transposeType;
};

template <class T>
class Transposer {
 public:
    __aicore__ explicit Transposer(const TransposeCase& test) : test_(test) {}

    __aicore__ void Run() {
        switch (test_.function) {
            case kTransposeMatrix:
                RunMatrix();
                break;
            case kTransposeExt:
                Transpose(Dst(0), Src(0), probe::Ub<uint8_t>(test_.work, test_.workBytes), Image());
                break;
            case kRearrangeTensors:
                RunTensors();
                break;
            case kRearrangeAddresses:
                RunAddresses();
                break;
            default:
                RunAddressTensor();
        }
    }

 private:
    __aicore__ LocalTensor<T> Dst(int32_t i) const {
        return probe::At<T>(test_.dst + static_cast<uint32_t>(i) * test_.dstStep, test_.imageBytes,
                            test_.position);
    }
    __aicore__ LocalTensor<T> Src(int32_t i) const {
        return probe::Ub<T>(test_.src + static_cast<uint32_t>(i) * test_.srcStep, test_.imageBytes);
    }

    __aicore__ TransposeParamsExt Image() const {
        if (test_.defaults != 0) {
            TransposeParamsExt params;
            params.hSize = static_cast<uint16_t>(test_.h);
            params.wSize = static_cast<uint16_t>(test_.w);
            return params;
        }
        return TransposeParamsExt(static_cast<uint16_t>(test_.n), static_cast<uint16_t>(test_.c),
                                  static_cast<uint16_t>(test_.h), static_cast<uint16_t>(test_.w),
                                  static_cast<TransposeType>(test_.transposeType));
    }

    __aicore__ TransDataTo5HDParams Params() const {
        if (test_.defaults != 0) {
            return TransDataTo5HDParams();
        }
        return TransDataTo5HDParams(
            test_.dstHighHalf != 0, test_.srcHighHalf != 0, static_cast<uint8_t>(test_.repeats),
            static_cast<uint16_t>(test_.dstRepStride), static_cast<uint16_t>(test_.srcRepStride));
    }

    __aicore__ void RunMatrix() {
        if constexpr (std::is_same<T, int16_t>::value || std::is_same<T, uint16_t>::value ||
                      std::is_same<T, half>::value) {
            Transpose(Dst(0), Src(0));
        }
    }

    __aicore__ void RunTensors() {
        LocalTensor<T> dst[NCHW_CONV_ADDR_LIST_SIZE];
        LocalTensor<T> src[NCHW_CONV_ADDR_LIST_SIZE];
        for (int32_t i = 0; i < NCHW_CONV_ADDR_LIST_SIZE; ++i) {
            dst[i] = Dst(i);
            src[i] = Src(i);
        }
        TransDataTo5HD<T>(dst, src, Params());
    }

    __aicore__ void RunAddresses() {
        uint64_t dst[NCHW_CONV_ADDR_LIST_SIZE];
        uint64_t src[NCHW_CONV_ADDR_LIST_SIZE];
        for (int32_t i = 0; i < NCHW_CONV_ADDR_LIST_SIZE; ++i) {
            dst[i] = reinterpret_cast<uint64_t>(Dst(i).GetPhyAddr());
            src[i] = reinterpret_cast<uint64_t>(Src(i).GetPhyAddr());
        }
        TransDataTo5HD<T>(dst, src, Params());
    }

    __aicore__ void RunAddressTensor() {
        const LocalTensor<uint64_t> dst = probe::Ub<uint64_t>(test_.dstList, 128);
        const LocalTensor<uint64_t> src = probe::Ub<uint64_t>(test_.srcList, 128);
        for (int32_t i = 0; i < NCHW_CONV_ADDR_LIST_SIZE; ++i) {
            dst.SetValue(static_cast<uint32_t>(i), reinterpret_cast<uint64_t>(Dst(i).GetPhyAddr()));
            src.SetValue(static_cast<uint32_t>(i), reinterpret_cast<uint64_t>(Src(i).GetPhyAddr()));
        }
        TransDataTo5HD<T>(dst, src, Params());
    }

    const TransposeCase& test_;
};

__aicore__ inline void RunCase(const TransposeCase& test) {
    switch (test.type) {
        case kInt8:
            return Transposer<int8_t>(test).Run();
        case kUint8:
            return Transposer<uint8_t>(test).Run();
        case kInt16:
            return Transposer<int16_t>(test).Run();
        case kUint16:
            return Transposer<uint16_t>(test).Run();
        case kHalf:
            return Transposer<half>(test).Run();
        case kInt32:
            return Transposer<int32_t>(test).Run();
        case kUint32:
            return Transposer<uint32_t>(test).Run();
        default:
            return Transposer<float>(test).Run();
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_transpose(GM_ADDR in, GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    REGISTER_TILING_DEFAULT(TransposeCase);
    GET_TILING_DATA_WITH_STRUCT(TransposeCase, test, tiling);
    TPipe pipe;
    probe::LoadImage(in, test.imageBytes);
    RunCase(test);
    probe::StoreImage(out, test.imageBytes);
}
