// SPDX-License-Identifier: Apache-2.0
// What cube and vector cores of one kernel are told about themselves, before and after they have
// waited for each other in every way: a front end must not mix up the cores.
#include "kernel_operator.h"

using namespace AscendC;

namespace {

constexpr int32_t kNumbers = 8;  // one cache line
constexpr int32_t kRounds = 5;
constexpr uint16_t kToVector = 4;
constexpr uint16_t kToCube = 5;
constexpr uint16_t kVectorsOfBlock = 6;
constexpr uint16_t kAllOfKind = 7;

class Witness {
 public:
    __aicore__ explicit Witness(GM_ADDR out) {
        const int64_t core = IsVectorCore() ? GetBlockNum() + GetBlockIdx() : GetBlockIdx();
        lines_.SetGlobalBuffer(reinterpret_cast<__gm__ int64_t*>(out) + core * kRounds * kNumbers);
    }
    __aicore__ void Record() {
        const GlobalTensor<int64_t> line = lines_[round_++ * kNumbers];
        const int64_t numbers[kNumbers] = {
            IsVectorCore() ? 2 : 1, GetBlockIdx(),   GetBlockNum(), GetSubBlockIdx(),
            GetSubBlockNum(),       GetTaskRation(), round_,        0};
        for (int32_t i = 0; i < kNumbers; ++i) {
            lines_.SetValue((round_ - 1) * kNumbers + i, numbers[i]);
        }
        DataCacheCleanAndInvalid<int64_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(
            line);
    }

 private:
    static __aicore__ bool IsVectorCore() {
        if ASCEND_IS_AIV {
            return true;
        }
        return false;
    }

    GlobalTensor<int64_t> lines_;
    int64_t round_ = 0;
};

}  // namespace

// out: [cores, kRounds, kNumbers] int64, the cube cores first.
extern "C" __global__ __aicore__ void probe_mix_state(GM_ADDR out) {
    TPipe pipe;
    Witness witness(out);
    witness.Record();
    if ASCEND_IS_AIC {
        CrossCoreSetFlag<2, PIPE_FIX>(kToVector);
        CrossCoreWaitFlag(kToCube);
    }
    if ASCEND_IS_AIV {
        CrossCoreWaitFlag(kToVector);
        CrossCoreSetFlag<2, PIPE_MTE3>(kToCube);
    }
    witness.Record();
    if ASCEND_IS_AIV {
        CrossCoreSetFlag<1, PIPE_MTE3>(kVectorsOfBlock);
        CrossCoreWaitFlag(kVectorsOfBlock);
    }
    witness.Record();
    CrossCoreSetFlag<0, PIPE_MTE2>(kAllOfKind);
    CrossCoreWaitFlag(kAllOfKind);
    witness.Record();
    SyncAll<false>();
    witness.Record();
}
