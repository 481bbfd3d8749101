// SPDX-License-Identifier: Apache-2.0
// One load of fractals, or one constant fill, a launch: pieces of L1 are loaded before, and any
// local memory can be read or stored after.
#include <type_traits>

#include "cube_image.h"
#include "element_types.h"

using namespace AscendC;

namespace {

enum Form : int32_t { kFractals, kFromGm, kSquares, kImage, kImagePro, kInitConst, kFill };
enum Type : int32_t { PROBE_ELEMENT_TYPES(PROBE_ELEMENT_NAME) };

struct Piece {
    uint32_t begin, bytes;
};

struct LoadCase {
    uint64_t value;  // bits of the padding or fill value
    int32_t form;
    int32_t type;
    int32_t target;  // TPosition
    int32_t source;
    uint32_t targetAddress;
    uint32_t sourceAddress;
    int32_t defaults;     // 1: parameters as their constructor leaves them
    int32_t set;          // of an image: bit 0 the feature map, bit 1 the padding
    uint32_t numbers[8];  // fields in the order of the constructor, images: image
    uint8_t pads[4];
    uint32_t image[18];
    int32_t featureMap;  // SetFmatrix before: 1 left, 2 right
    int32_t setPadding;
    int32_t setBoundary;
    uint32_t boundary;
    int32_t setRepeat;
    uint32_t repeat[3];
    int32_t loads;      // how often
    int32_t unordered;  // 1: no barrier between the pieces and the load
    uint32_t pieces;
    Piece piece[16];
    uint32_t product[3];  // m, n, k of a product of halves with what was loaded
    uint32_t readAddress;
    uint32_t readBytes;
    uint32_t storeBytes;
};

constexpr uint32_t kTensorBytes = 1u << 20;  // the instruction checks the range, not the tensor
constexpr IsResetLoad3dConfig kNothing = {false, false};
constexpr IsResetLoad3dConfig kFeatureMapOnly = {true, false};
constexpr IsResetLoad3dConfig kPaddingOnly = {false, true};

// The headers of CANN refuse some element types when they are compiled, ours when they run.
#ifdef PROBE_CANN
template <class T>
constexpr bool kIsShort = std::is_same_v<T, int16_t> || std::is_same_v<T, uint16_t>;
template <class T>
constexpr bool kHasImages = !std::is_same_v<T, int64_t> && !kIsShort<T>;
#ifdef PROBE_CANN_8_1
template <class T>
constexpr bool kHasFractals = kHasImages<T>;
#else
template <class T>
constexpr bool kHasFractals = !std::is_same_v<T, int64_t>;
#endif
#else
template <class T>
constexpr bool kHasFractals = true;
template <class T>
constexpr bool kHasImages = true;
#endif

__aicore__ inline uint16_t Short(uint32_t value) { return static_cast<uint16_t>(value); }
__aicore__ inline uint8_t Byte(uint32_t value) { return static_cast<uint8_t>(value); }

template <class T>
class Loader {
 public:
    __aicore__ Loader(const LoadCase& test, GM_ADDR gm)
        : test_(test),
          gm_(probe::Gm<T>(gm)),
          dst_(probe::Local<T>(static_cast<TPosition>(test.target), test.targetAddress,
                               kTensorBytes)),
          src_(probe::Local<T>(static_cast<TPosition>(test.source), test.sourceAddress,
                               kTensorBytes)) {
        std::memcpy(&value_, &test.value, sizeof(value_));
    }

    __aicore__ void Run() {
        SetRegisters();
        for (int32_t i = 0; i < test_.loads; ++i) {
            Load();
        }
    }

 private:
    __aicore__ void SetRegisters() {
        if (test_.featureMap != 0) {
            SetFmatrix(
                Short(test_.image[0]), Short(test_.image[1]), test_.pads,
                test_.featureMap == 1 ? FmatrixMode::FMATRIX_LEFT : FmatrixMode::FMATRIX_RIGHT);
        }
        if (test_.setPadding != 0) {
            SetLoadDataPaddingValue(value_);
        }
        if (test_.setBoundary != 0) {
            SetLoadDataBoundary(test_.boundary);
        }
        if (test_.setRepeat == 1) {
            SetLoadDataRepeat(
                {Short(test_.repeat[0]), Byte(test_.repeat[1]), Byte(test_.repeat[2])});
        } else if (test_.setRepeat == 2) {
            SetLoadDataRepeat(LoadDataRepeatParam());
        }
    }

    __aicore__ void Load() {
        switch (test_.form) {
            case kFractals:
            case kFromGm:
                if constexpr (kHasFractals<T>) {
                    return LoadFractals();
                }
                return probe::Refuse();
            case kSquares:
            case kImage:
            case kImagePro:
                if constexpr (kHasImages<T>) {
                    return LoadSquaresOrImage();
                }
                return probe::Refuse();
            case kInitConst:
                return InitConstValue(dst_, Constant());
            default:
#ifdef PROBE_CANN_8_1
                return probe::Refuse();
#else
                return Fill(dst_, Constant());
#endif
        }
    }
    __aicore__ void LoadFractals() {
        if (test_.form == kFractals) {
            LoadData(dst_, src_, Fractals());
        } else {
            LoadData(dst_, gm_, Fractals());
        }
    }
    __aicore__ void LoadSquaresOrImage() {
        switch (test_.form) {
            case kSquares:
                return LoadDataWithTranspose(dst_, src_, Squares());
            case kImage:
                return LoadImage();
            default:
                return LoadData(dst_, src_, ImagePro());
        }
    }

    __aicore__ LoadData2DParams Fractals() const {
        const uint32_t (&n)[8] = test_.numbers;
        return test_.defaults != 0
                   ? LoadData2DParams()
                   : LoadData2DParams(Short(n[0]), Byte(n[1]), Short(n[2]), Byte(n[3]), Short(n[4]),
                                      n[5] != 0, Byte(n[6]));
    }
    __aicore__ LoadData2dTransposeParams Squares() const {
        const uint32_t (&n)[8] = test_.numbers;
        if (test_.defaults != 0) {
            return LoadData2dTransposeParams();
        }
        return n[5] == 0 ? LoadData2dTransposeParams(Short(n[0]), Byte(n[1]), Short(n[2]),
                                                     Short(n[3]), Short(n[4]))
                         : LoadData2dTransposeParams(Short(n[0]), Byte(n[1]), Short(n[2]),
                                                     Short(n[3]), Short(n[4]), Byte(n[5]));
    }
    __aicore__ InitConstValueParams<T> Constant() const {
        const uint32_t (&n)[8] = test_.numbers;
        if (test_.defaults != 0) {
            return InitConstValueParams<T>(Short(n[0]), value_);
        }
        return InitConstValueParams<T>(Short(n[0]), Short(n[1]), Short(n[2]), value_);
    }

    __aicore__ void LoadImage() {
        switch (test_.set) {
            case 0:
                return LoadData<T, kNothing>(dst_, src_, Image());
            case 1:
                return LoadData<T, kFeatureMapOnly>(dst_, src_, Image());
            case 2:
                return LoadData<T, kPaddingOnly>(dst_, src_, Image());
            default:
                return LoadData(dst_, src_, Image());
        }
    }
    __aicore__ LoadData3DParamsV2<T> Image() const {
        const uint32_t (&n)[18] = test_.image;
        LoadData3DParamsV2<T> params;
        if (test_.defaults != 0) {
            params.l1H = Short(n[0]);
            params.l1W = Short(n[1]);
            params.channelSize = Short(n[2]);
            params.kExtension = Short(n[3]);
            params.mExtension = Short(n[4]);
            return params;
        }
        if (n[15] + n[16] + n[17] == 0) {
            return LoadData3DParamsV2<T>(test_.pads, Short(n[0]), Short(n[1]), Short(n[2]),
                                         Short(n[3]), Short(n[4]), Short(n[5]), Short(n[6]),
                                         Byte(n[7]), Byte(n[8]), Byte(n[9]), Byte(n[10]),
                                         Byte(n[11]), Byte(n[12]), n[13] != 0, n[14] != 0, value_);
        }
        return LoadData3DParamsV2<T>(test_.pads, Short(n[0]), Short(n[1]), Short(n[2]), Short(n[3]),
                                     Short(n[4]), Short(n[5]), Short(n[6]), Byte(n[7]), Byte(n[8]),
                                     Byte(n[9]), Byte(n[10]), Byte(n[11]), Byte(n[12]), n[13] != 0,
                                     n[14] != 0, value_, n[15] != 0, n[16] != 0, n[17] != 0);
    }
    __aicore__ LoadData3DParamsV2Pro ImagePro() const {
        const uint32_t (&n)[18] = test_.image;
        const uint64_t extension =
            uint64_t{n[6]} << 48 | uint64_t{n[5]} << 32 | uint64_t{n[4]} << 16 | uint64_t{n[3]};
        LoadData3DParamsV2Pro params;
        if (test_.defaults != 0) {
            params.channelSize = Short(n[2]);
            params.extConfig = extension;
            return params;
        }
        uint64_t filter = 0;
        for (int32_t i = 0; i < 6; ++i) {
            filter |= uint64_t{n[7 + i]} << (8 * i);
        }
        return LoadData3DParamsV2Pro(Short(n[2]), n[13] != 0, n[14] != 0, n[15] != 0, n[16] != 0,
                                     n[17] != 0, extension, filter);
    }

    const LoadCase& test_;
    GlobalTensor<T> gm_;
    LocalTensor<T> dst_;
    LocalTensor<T> src_;
    T value_;
};

__aicore__ inline void RunCase(const LoadCase& test, GM_ADDR gm) {
    switch (test.type) {
#define PROBE_TYPE(name, T) \
    case name:              \
        return Loader<T>(test, gm).Run();
        PROBE_ELEMENT_TYPES(PROBE_TYPE)
#undef PROBE_TYPE
    }
}

// With ones on the other side.
__aicore__ inline void Multiply(const LoadCase& test) {
    constexpr uint32_t kL0Bytes = 64 * 1024;
    const bool left = static_cast<TPosition>(test.target) == TPosition::A2;
    const LocalTensor<half> a = probe::Local<half>(TPosition::A2, 0, kL0Bytes);
    const LocalTensor<half> b = probe::Local<half>(TPosition::B2, 0, kL0Bytes);
    InitConstValue(left ? b : a, InitConstValueParams<half>(1, kL0Bytes / 512, 0, half(1)));
    PipeBarrier<PIPE_ALL>();
    MmadParams params;
    params.m = Short(test.product[0]);
    params.n = Short(test.product[1]);
    params.k = Short(test.product[2]);
    Mmad(probe::Local<float>(TPosition::CO1, 0, 2 * kL0Bytes), a, b, params);
}

}  // namespace

extern "C" __global__ __aicore__ void probe_load_data(GM_ADDR image, GM_ADDR out, GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    REGISTER_TILING_DEFAULT(LoadCase);
    GET_TILING_DATA_WITH_STRUCT(LoadCase, test, tiling);
    TPipe pipe;
    for (uint32_t i = 0; i < test.pieces; ++i) {
        const Piece& piece = test.piece[i];
        DataCopy(probe::Local<int8_t>(TPosition::A1, piece.begin, piece.bytes),
                 probe::Gm<int8_t>(image + piece.begin), piece.bytes);
    }
    if (test.unordered == 0) {
        PipeBarrier<PIPE_ALL>();
    }
    RunCase(test, image + test.sourceAddress);
    if (test.product[0] != 0) {
        Multiply(test);
    }
    const NpuMemory memory = probe::MemoryAt(static_cast<TPosition>(test.target));
    if (test.readBytes != 0) {
        PipeBarrier<PIPE_ALL>();
        NpuDump(memory, test.readAddress, test.readBytes);
    }
    if (ASCEND_IS_AIC) {
        probe::StoreLocal(out, memory, 0, test.storeBytes);
    }
}
