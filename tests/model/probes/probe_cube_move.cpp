// SPDX-License-Identifier: Apache-2.0
// One move that fills or empties L1 a launch: L1 is an image that is loaded before, and any local
// memory can be stored after.
#include "cube_image.h"
#include "element_types.h"

using namespace AscendC;

namespace {

enum Form : int32_t { kCount, kParams, kEnhanced, kNd2Nz };
enum Path : int32_t { kGmToL1, kL1ToGm, kL1ToBias, kL1ToFixbuf };
enum Type : int32_t {
    PROBE_ELEMENT_TYPES(PROBE_ELEMENT_NAME) kUint64,
    kDouble,
    kHalfToFloat,
    kInt4,
};

struct CubeMoveCase {
    int32_t form;
    int32_t path;
    int32_t type;
    int32_t position;  // of the side that is not GM; 0: the usual one of the path
    int32_t to;        // of the target within the core; 0: the usual one of the path
    int32_t atomic;    // 1: adds
    uint32_t imageBytes;
    uint32_t gm;      // byte offset of the GM side
    uint32_t local;   // byte address of the side that is not GM, or of the source
    uint32_t target;  // byte address of the target within the core
    uint32_t count;
    uint32_t burst[4];  // blockCount, blockLen, srcStride, dstStride
    uint32_t nd[8];     // fields of Nd2NzParams in their order
    int32_t unordered;  // a move into L1 without a flag: 1 before the move, 2 behind it
    int32_t memory;     // NpuMemory to store
    uint32_t storeBytes;
};

constexpr uint32_t kTensorBytes = 1u << 20;  // the instruction checks the range, not the tensor

template <class T, class Source = T>
class Mover {
 public:
    __aicore__ Mover(const CubeMoveCase& test, GM_ADDR gm)
        : test_(test),
          gm_(probe::Gm<T>(gm + test.gm)),
          local_(probe::Local<Source>(Position(test.position, TPosition::A1), test.local,
                                      kTensorBytes)),
          target_(probe::Local<T>(
              Position(test.to, test.path == kL1ToBias ? TPosition::C2 : TPosition::C2PIPE2GM),
              test.target, kTensorBytes)) {}

    __aicore__ void Run() {
        switch (test_.form) {
            case kCount:
                if constexpr (std::is_same<T, Source>::value) {
                    Copy(test_.count);
                }
                break;
            case kParams:
                Copy(Params());
                break;
            case kEnhanced:
                CopyEnhanced();
                break;
            default:
                CopyNd2Nz();
        }
    }

 private:
    __aicore__ static TPosition Position(int32_t chosen, TPosition usual) {
        return chosen == 0 ? usual : static_cast<TPosition>(chosen);
    }

    __aicore__ DataCopyParams Params() const {
        const auto field = [this](int32_t i) { return static_cast<uint16_t>(test_.burst[i]); };
        return DataCopyParams(field(0), field(1), field(2), field(3));
    }

    template <class How>
    __aicore__ void Copy(const How& how) {
        if constexpr (std::is_same<T, Source>::value) {
            if (test_.path == kGmToL1) {
                DataCopy(local_, gm_, how);
                return;
            }
            if (test_.path == kL1ToGm) {
                DataCopy(gm_, local_, how);
                return;
            }
        }
        DataCopy(target_, local_, how);
    }

    __aicore__ void CopyEnhanced() {
        if constexpr (std::is_same<T, Source>::value) {
            if (test_.path == kGmToL1) {
                DataCopy(local_, gm_, Params(), DataCopyEnhancedParams());
            } else {
                DataCopy(gm_, local_, Params(), DataCopyEnhancedParams());
            }
        }
    }

    __aicore__ void CopyNd2Nz() {
        if constexpr (std::is_same<T, Source>::value && sizeof(T) <= 4) {
            const auto field = [this](int32_t i) { return static_cast<uint16_t>(test_.nd[i]); };
            DataCopy(local_, gm_,
                     Nd2NzParams(field(0), field(1), field(2), field(3), field(4), field(5),
                                 field(6), field(7)));
        }
    }

    const CubeMoveCase& test_;
    GlobalTensor<T> gm_;
    LocalTensor<Source> local_;
    LocalTensor<T> target_;
};

__aicore__ inline void RunCase(const CubeMoveCase& test, GM_ADDR gm) {
    switch (test.type) {
#define PROBE_TYPE(name, T) \
    case name:              \
        return Mover<T>(test, gm).Run();
        PROBE_ELEMENT_TYPES(PROBE_TYPE)
        PROBE_TYPE(kUint64, uint64_t)
        PROBE_TYPE(kDouble, double)
#undef PROBE_TYPE
        case kHalfToFloat:
            return Mover<float, half>(test, gm).Run();
        default:
            return Mover<int4b_t>(test, gm).Run();
    }
}

}  // namespace

extern "C" __global__ __aicore__ void probe_cube_move(GM_ADDR image, GM_ADDR gm, GM_ADDR out,
                                                      GM_ADDR tiling) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    REGISTER_TILING_DEFAULT(CubeMoveCase);
    GET_TILING_DATA_WITH_STRUCT(CubeMoveCase, test, tiling);
    TPipe pipe;
    if (ASCEND_IS_AIC && test.imageBytes > 0) {
        probe::LoadL1(image, 0, test.imageBytes);
    }
    if (test.atomic != 0) {
        SetAtomicAdd<half>();
    }
    if (test.unordered == 1) {
        DataCopy(probe::Local<int8_t>(TPosition::A1, test.local, kTensorBytes),
                 probe::Gm<int8_t>(gm), 256);
    }
    RunCase(test, gm);
    if (test.unordered == 2) {
        DataCopy(probe::Local<int8_t>(TPosition::A1, test.local, kTensorBytes),
                 probe::Gm<int8_t>(gm), 256);
    }
    PipeBarrier<PIPE_ALL>();
    SetAtomicNone();
    if (ASCEND_IS_AIC && test.storeBytes > 0) {
        probe::StoreLocal(out, static_cast<NpuMemory>(test.memory), 0, test.storeBytes);
    }
}
