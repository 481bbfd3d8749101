// SPDX-License-Identifier: Apache-2.0
// One drawn instruction of the cube side a launch: its destination is filled before and read back
// whole, so that a test sees every byte that changed. Images of L0A, L0B and L0C are read and
// written through the host, which needs no further instruction.
#include <cstring>

#include "kernel_operator.h"

using namespace AscendC;

namespace {

constexpr uint32_t kImageBytes = 65536;       // of L0A, L0B, and of the images of L1 and L0C
constexpr uint32_t kSpare = 2 * kImageBytes;  // place in L1 of what only prepares a case
constexpr uint32_t kParameterBytes = 32768;   // of a tensor of parameters of Fixpipe
constexpr uint32_t kSteps = 3;

enum Type : uint32_t { kInt8, kUint8, kHalf, kBfloat16, kInt32, kFloat };
enum Memory : uint32_t { kGm, kL1, kL0a, kL0b };

template <class T>
__aicore__ LocalTensor<T> Tensor(TPosition position, uint32_t address) {
    TBuffAddr place{};
    place.dataLen = kImageBytes;
    place.bufferAddr = address;
    place.logicPos = static_cast<uint8_t>(position);
    LocalTensor<T> tensor;
    tensor.SetAddr(place);
    return tensor;
}

template <class T>
__aicore__ GlobalTensor<T> Global(GM_ADDR address) {
    GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address));
    return tensor;
}

__aicore__ void FillL1(uint32_t address, GM_ADDR image, uint32_t bytes) {
    DataCopy(Tensor<int8_t>(TPosition::A1, address), Global<int8_t>(image), bytes);
    PipeBarrier<PIPE_ALL>();
}

__aicore__ void StoreL1(GM_ADDR image, uint32_t address, uint32_t bytes) {
    PipeBarrier<PIPE_ALL>();
    DataCopy(Global<int8_t>(image), Tensor<int8_t>(TPosition::A1, address), bytes);
}

// Whole fractals from L1 to the start of L0A or L0B, in the order in which they lie.
__aicore__ void FillL0(TPosition position, uint32_t from, uint32_t bytes) {
    LoadData2DParams params;
    params.repeatTimes = static_cast<uint8_t>(bytes / 512);
    params.srcStride = 1;
    const TPosition source = position == TPosition::A2 ? TPosition::A1 : TPosition::B1;
    LoadData(Tensor<half>(position, 0), Tensor<half>(source, from), params);
    PipeBarrier<PIPE_ALL>();
}

// ND2NZ.

struct Nd2NzCase {
    uint32_t type;
    uint32_t gm;     // byte offset of the source
    uint32_t l1;     // byte address of the destination
    uint32_t image;  // byte address in L1 of what is filled and read back
    uint32_t ndNum, nValue, dValue, srcNdMatrixStride, srcDValue;
    uint32_t dstNzC0Stride, dstNzNStride, dstNzMatrixStride;
};

template <class T>
__aicore__ void RunNd2Nz(const Nd2NzCase& test, GM_ADDR source) {
    const Nd2NzParams params(
        static_cast<uint16_t>(test.ndNum), static_cast<uint16_t>(test.nValue),
        static_cast<uint16_t>(test.dValue), static_cast<uint16_t>(test.srcNdMatrixStride),
        static_cast<uint16_t>(test.srcDValue), static_cast<uint16_t>(test.dstNzC0Stride),
        static_cast<uint16_t>(test.dstNzNStride), static_cast<uint16_t>(test.dstNzMatrixStride));
    DataCopy(Tensor<T>(TPosition::A1, test.l1), Global<T>(source + test.gm), params);
}

// Loads of fractals.

enum LoadForm : uint32_t { kLoad2D, kLoadTransposed, kLoad3D };

struct LoadCase {
    uint32_t form;
    uint32_t type;
    uint32_t from;   // Memory
    uint32_t to;     // Memory
    uint32_t src;    // byte address, or offset in GM
    uint32_t dst;    // byte address
    uint32_t image;  // byte address of the source's image in L1
    uint32_t startIndex, repeatTimes, srcStride, dstGap, dstFracGap, ifTranspose, addrMode;
    uint32_t padBits, padLeft, padRight, padTop, padBottom;
    uint32_t l1H, l1W, channelSize, kExtension, mExtension, kStartPt, mStartPt;
    uint32_t strideW, strideH, filterW, filterH, dilationW, dilationH, enTranspose;
};

template <class T>
class Loader {
 public:
    __aicore__ Loader(const LoadCase& test, GM_ADDR source)
        : test_(test),
          target_(Tensor<T>(test.to == kL0a   ? TPosition::A2
                            : test.to == kL0b ? TPosition::B2
                                              : TPosition::A1,
                            test.dst)),
          local_(Tensor<T>(test.to == kL0b ? TPosition::B1 : TPosition::A1, test.src)),
          global_(Global<T>(source + test.src)) {}

    __aicore__ void Run() {
        if (test_.form == kLoad2D) {
            Run2D();
        } else if (test_.form == kLoadTransposed) {
            RunTransposed();
        } else {
            Run3D();
        }
    }

 private:
    __aicore__ void Run2D() {
        LoadData2DParams params;
        params.startIndex = static_cast<uint16_t>(test_.startIndex);
        params.repeatTimes = static_cast<uint8_t>(test_.repeatTimes);
        params.srcStride = static_cast<uint16_t>(test_.srcStride);
        params.dstGap = static_cast<uint16_t>(test_.dstGap);
        params.ifTranspose = test_.ifTranspose != 0;
        params.addrMode = static_cast<uint8_t>(test_.addrMode);
        if (test_.from == kGm) {
            LoadData(target_, global_, params);
        } else {
            LoadData(target_, local_, params);
        }
    }

    __aicore__ void RunTransposed() {
        LoadData2dTransposeParams params;
        params.startIndex = static_cast<uint16_t>(test_.startIndex);
        params.repeatTimes = static_cast<uint8_t>(test_.repeatTimes);
        params.srcStride = static_cast<uint16_t>(test_.srcStride);
        params.dstGap = static_cast<uint16_t>(test_.dstGap);
        params.dstFracGap = static_cast<uint16_t>(test_.dstFracGap);
        LoadDataWithTranspose(target_, local_, params);
    }

    __aicore__ void Run3D() {
        LoadData3DParamsV2<T> params;
        params.padList[0] = static_cast<uint8_t>(test_.padLeft);
        params.padList[1] = static_cast<uint8_t>(test_.padRight);
        params.padList[2] = static_cast<uint8_t>(test_.padTop);
        params.padList[3] = static_cast<uint8_t>(test_.padBottom);
        params.l1H = static_cast<uint16_t>(test_.l1H);
        params.l1W = static_cast<uint16_t>(test_.l1W);
        params.channelSize = static_cast<uint16_t>(test_.channelSize);
        params.kExtension = static_cast<uint16_t>(test_.kExtension);
        params.mExtension = static_cast<uint16_t>(test_.mExtension);
        params.kStartPt = static_cast<uint16_t>(test_.kStartPt);
        params.mStartPt = static_cast<uint16_t>(test_.mStartPt);
        params.strideW = static_cast<uint8_t>(test_.strideW);
        params.strideH = static_cast<uint8_t>(test_.strideH);
        params.filterW = static_cast<uint8_t>(test_.filterW);
        params.filterH = static_cast<uint8_t>(test_.filterH);
        params.dilationFilterW = static_cast<uint8_t>(test_.dilationW);
        params.dilationFilterH = static_cast<uint8_t>(test_.dilationH);
        params.enTranspose = test_.enTranspose != 0;
        std::memcpy(&params.padValue, &test_.padBits, sizeof(T));
        LoadData(target_, local_, params);
    }

    const LoadCase& test_;
    LocalTensor<T> target_;
    LocalTensor<T> local_;
    GlobalTensor<T> global_;
};

// Mmad.

enum Start : uint32_t { kZero, kKeep, kBias, kBiasOfL0c, kBiasIgnored };

struct MmadStep {
    uint32_t k, a, b, start, unitFlag, kDirectionAlign;
};

struct MmadCase {
    uint32_t type;
    uint32_t m, n;
    uint32_t c;     // byte address of the result
    uint32_t bias;  // byte address in the bias table
    uint32_t aBytes, bBytes;
    uint32_t fixpipeUnitFlag;
    uint32_t steps;
    MmadStep step[kSteps];
};

template <class T, class Acc>
__aicore__ void RunMmadStep(const MmadCase& test, const MmadStep& step) {
    MmadParams params;
    params.m = static_cast<uint16_t>(test.m);
    params.n = static_cast<uint16_t>(test.n);
    params.k = static_cast<uint16_t>(step.k);
    params.unitFlag = static_cast<uint8_t>(step.unitFlag);
    params.kDirectionAlign = step.kDirectionAlign != 0;
    params.cmatrixInitVal = step.start == kZero || step.start == kBiasIgnored;
    const LocalTensor<Acc> c = Tensor<Acc>(TPosition::CO1, test.c);
    const LocalTensor<T> a = Tensor<T>(TPosition::A2, step.a);
    const LocalTensor<T> b = Tensor<T>(TPosition::B2, step.b);
    if (step.start == kBias || step.start == kBiasIgnored) {
        Mmad(c, a, b, Tensor<Acc>(TPosition::C2, test.bias), params);
    } else if (step.start == kBiasOfL0c) {
        Mmad(c, a, b, c, params);
    } else {
        Mmad(c, a, b, params);
    }
}

template <class T, class Acc>
__aicore__ void RunMmad(const MmadCase& test, GM_ADDR bias, GM_ADDR out) {
    FillL1(kSpare, bias, 1024);
    const DataCopyParams wholeTable(1, 16, 0, 0);
    DataCopy(Tensor<Acc>(TPosition::C2, 0), Tensor<Acc>(TPosition::C1, kSpare), wholeTable);
    PipeBarrier<PIPE_ALL>();
    for (uint32_t i = 0; i < test.steps; ++i) {
        RunMmadStep<T, Acc>(test, test.step[i]);
        PipeBarrier<PIPE_M>();
    }
    if (test.fixpipeUnitFlag == 0) {
        PipeBarrier<PIPE_ALL>();
    }
    FixpipeParamsV220 params;
    params.nSize = static_cast<uint16_t>(test.n);
    params.mSize = static_cast<uint16_t>(test.m);
    params.srcStride = static_cast<uint16_t>((test.m + 15) / 16 * 16);
    params.dstStride = test.n;
    params.unitFlag = static_cast<uint8_t>(test.fixpipeUnitFlag);
    Fixpipe<Acc, Acc, CFG_ROW_MAJOR>(Global<Acc>(out), Tensor<Acc>(TPosition::CO1, test.c), params);
}

// Fixpipe.

constexpr QuantMode_t kQuants[] = {
    QuantMode_t::NoQuant,      QuantMode_t::F322F16, QuantMode_t::F322BF16,
    QuantMode_t::DEQF16,       QuantMode_t::VDEQF16, QuantMode_t::QF322B8_PRE,
    QuantMode_t::VQF322B8_PRE, QuantMode_t::REQ8,    QuantMode_t::VREQ8,
};

struct FixpipeCase {
    uint32_t sourceType, targetType;
    uint32_t toL1, rowMajor;
    uint32_t vector;     // 1: the overload with a tensor of parameters
    uint32_t src;        // byte address in L0C
    uint32_t dst;        // byte address in L1, or offset in GM
    uint32_t workspace;  // byte address in L1 of the tensor of parameters
    uint32_t quant;      // of kQuants
    uint32_t nSize, mSize, srcStride, dstStride, ndNum, srcNdStride, dstNdStride;
    uint32_t relu, channelSplit;
    uint32_t scalarLow, scalarHigh;
};

template <class Dst, class Src>
class Mover {
 public:
    __aicore__ Mover(const FixpipeCase& test, GM_ADDR out)
        : test_(test),
          source_(Tensor<Src>(TPosition::CO1, test.src)),
          local_(Tensor<Dst>(TPosition::A1, test.dst)),
          global_(Global<Dst>(out + test.dst)) {}

    __aicore__ void Run() {
        params_.nSize = static_cast<uint16_t>(test_.nSize);
        params_.mSize = static_cast<uint16_t>(test_.mSize);
        params_.srcStride = static_cast<uint16_t>(test_.srcStride);
        params_.dstStride = test_.dstStride;
        params_.quantPre = kQuants[test_.quant];
        params_.deqScalar = (static_cast<uint64_t>(test_.scalarHigh) << 32) | test_.scalarLow;
        params_.ndNum = static_cast<uint16_t>(test_.ndNum);
        params_.srcNdStride = static_cast<uint16_t>(test_.srcNdStride);
        params_.dstNdStride = static_cast<uint16_t>(test_.dstNdStride);
        params_.reluEn = test_.relu != 0;
        params_.isChannelSplit = test_.channelSplit != 0;
        if (test_.toL1 != 0) {
            RunToL1();
        } else if (test_.rowMajor != 0) {
            RunToGm<CFG_ROW_MAJOR>();
        } else {
            RunToGm<CFG_NZ>();
        }
    }

 private:
    template <const FixpipeConfig& config>
    __aicore__ void RunToGm() {
        if (test_.vector != 0) {
            Fixpipe<Dst, Src, config>(global_, source_, Workspace(), params_);
        } else {
            Fixpipe<Dst, Src, config>(global_, source_, params_);
        }
    }

    __aicore__ void RunToL1() {
        // CANN 8.1.RC1 has no such move for equal types and for uint8_t.
        if constexpr (!std::is_same<Dst, Src>::value && !std::is_same<Dst, uint8_t>::value) {
            if (test_.vector != 0) {
                Fixpipe<Dst, Src, CFG_NZ>(local_, source_, Workspace(), params_);
            } else {
                Fixpipe<Dst, Src, CFG_NZ>(local_, source_, params_);
            }
        }
    }

    __aicore__ LocalTensor<uint64_t> Workspace() const {
        return Tensor<uint64_t>(TPosition::C1, test_.workspace);
    }

    const FixpipeCase& test_;
    FixpipeParamsV220 params_;
    LocalTensor<Src> source_;
    LocalTensor<Dst> local_;
    GlobalTensor<Dst> global_;
};

template <class Src>
__aicore__ void RunFixpipe(const FixpipeCase& test, GM_ADDR out) {
    switch (test.targetType) {
        case kInt8:
            return Mover<int8_t, Src>(test, out).Run();
        case kUint8:
            return Mover<uint8_t, Src>(test, out).Run();
        case kHalf:
            return Mover<half, Src>(test, out).Run();
        case kBfloat16:
            if constexpr (std::is_same<Src, float>::value) {
                Mover<bfloat16_t, Src>(test, out).Run();
            }
            return;
        default:
            return Mover<Src, Src>(test, out).Run();
    }
}

// Products of zeros define the first half of L0C; then the host puts the values there.
__aicore__ void FillL0c(GM_ADDR zeros, GM_ADDR values) {
    FillL1(kSpare, zeros, kImageBytes / 2);
    FillL0(TPosition::A2, kSpare, kImageBytes / 2);
    FillL0(TPosition::B2, kSpare, 512);
    MmadParams params;
    params.m = kImageBytes / 64;
    params.n = 16;
    params.k = 16;
    Mmad(Tensor<float>(TPosition::CO1, 0), Tensor<half>(TPosition::A2, 0),
         Tensor<half>(TPosition::B2, 0), params);
    PipeBarrier<PIPE_ALL>();
    std::memcpy(NpuLocalHost(kNpuL0c), values, kImageBytes);
}

}  // namespace

extern "C" __global__ __aicore__ void probe_fuzz_nd2nz(GM_ADDR source, GM_ADDR before, GM_ADDR out,
                                                       GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    REGISTER_TILING_DEFAULT(Nd2NzCase);
    GET_TILING_DATA_WITH_STRUCT(Nd2NzCase, test, tiling);
    FillL1(test.image, before, kImageBytes);
    switch (test.type) {
        case kInt8:
            RunNd2Nz<int8_t>(test, source);
            break;
        case kBfloat16:
            RunNd2Nz<bfloat16_t>(test, source);
            break;
        case kHalf:
            RunNd2Nz<half>(test, source);
            break;
        default:
            RunNd2Nz<float>(test, source);
    }
    StoreL1(out, test.image, kImageBytes);
}

extern "C" __global__ __aicore__ void probe_fuzz_load(GM_ADDR source, GM_ADDR before, GM_ADDR out,
                                                      GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    REGISTER_TILING_DEFAULT(LoadCase);
    GET_TILING_DATA_WITH_STRUCT(LoadCase, test, tiling);
    FillL1(kSpare, before, kImageBytes);
    if (test.to != kL1) {
        FillL0(test.to == kL0a ? TPosition::A2 : TPosition::B2, kSpare, kImageBytes);
    }
    FillL1(test.image, source, kImageBytes);
    switch (test.type) {
        case kInt8:
            Loader<int8_t>(test, source).Run();
            break;
        case kBfloat16:
            Loader<bfloat16_t>(test, source).Run();
            break;
        case kHalf:
            Loader<half>(test, source).Run();
            break;
        default:
            Loader<float>(test, source).Run();
    }
    if (test.to == kL1) {
        return StoreL1(out, kSpare, kImageBytes);
    }
    PipeBarrier<PIPE_ALL>();
    std::memcpy(out, NpuLocalHost(test.to == kL0a ? kNpuL0a : kNpuL0b), kImageBytes);
}

extern "C" __global__ __aicore__ void probe_fuzz_mmad(GM_ADDR a, GM_ADDR b, GM_ADDR bias,
                                                      GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    REGISTER_TILING_DEFAULT(MmadCase);
    GET_TILING_DATA_WITH_STRUCT(MmadCase, test, tiling);
    FillL1(0, a, test.aBytes);
    FillL1(kImageBytes, b, test.bBytes);
    FillL0(TPosition::A2, 0, test.aBytes);
    FillL0(TPosition::B2, kImageBytes, test.bBytes);
    switch (test.type) {
        case kInt8:
            return RunMmad<int8_t, int32_t>(test, bias, out);
        case kBfloat16:
            return RunMmad<bfloat16_t, float>(test, bias, out);
        case kHalf:
            return RunMmad<half, float>(test, bias, out);
        default:
            return RunMmad<float, float>(test, bias, out);
    }
}

extern "C" __global__ __aicore__ void probe_fuzz_fixpipe(GM_ADDR zeros, GM_ADDR values,
                                                         GM_ADDR parameters, GM_ADDR before,
                                                         GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    REGISTER_TILING_DEFAULT(FixpipeCase);
    GET_TILING_DATA_WITH_STRUCT(FixpipeCase, test, tiling);
    FillL0c(zeros, values);
    FillL1(test.workspace & ~31U, parameters, kParameterBytes);
    if (test.toL1 != 0) {
        FillL1(0, before, kImageBytes);
    }
    if (test.sourceType == kFloat) {
        RunFixpipe<float>(test, out);
    } else {
        RunFixpipe<int32_t>(test, out);
    }
    if (test.toL1 != 0) {
        StoreL1(out, 0, kImageBytes);
    }
}
