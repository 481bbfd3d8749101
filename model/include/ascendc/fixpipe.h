// SPDX-License-Identifier: Apache-2.0
// Fixpipe and DataCopy out of L0C, and the registers that they read.
#pragma once

#include "ascendc/data_copy_cube.h"
#include "ascendc/fixpipe_params.h"
#include "ascendc/sync.h"

namespace AscendC {

// What DataCopy with a parameter of quantisation for each column reads: in the Fixpipe buffer.
// isUnitFlag puts all unit flags of L0C down; then the tensor may also be one in L0C.
template <typename T, bool setRelu = false>
inline void SetFixPipeConfig(const LocalTensor<T>& preData, bool isUnitFlag = false) {
    static_assert(!setRelu, "SetFixPipeConfig: setRelu must be false");
    if (ASCEND_IS_AIV) {
        return;
    }
    constexpr uint32_t kUnit = 128;
    const bool flagsOnly = isUnitFlag && preData.Memory() == kNpuL0c;
    if (preData.Memory() != kNpuFixbuf && !flagsOnly) {
        detail::FailPosition("SetFixPipeConfig", "quantPre", preData.Memory(), "C2PIPE2GM");
    }
    if (preData.Address() % kUnit != 0) {
        detail::FailArgument("SetFixPipeConfig", "quantPre address", preData.Address(),
                             "be a multiple of 128 bytes");
    }
    NpuSetFixpipeConfig(uint64_t{preData.Address() / kUnit} << 8 | uint64_t{isUnitFlag} << 63);
}
// reluPre is for later use: nothing reads it.
template <typename T>
inline void SetFixPipeConfig(const LocalTensor<T>& reluPre, const LocalTensor<T>& quantPre,
                             bool isUnitFlag = false) {
    static_cast<void>(reluPre);
    SetFixPipeConfig<T, false>(quantPre, isUnitFlag);
}

inline void SetFixpipeNz2ndFlag(uint16_t ndNum, uint16_t srcNdStride, uint16_t dstNdStride) {
    if (ASCEND_IS_AIC) {
        detail::RequireRange(kNpuRuleArgument, "SetFixpipeNz2ndFlag", "srcNdStride", srcNdStride, 0,
                             512);
        NpuSetNdPara(uint64_t{dstNdStride} << 32 | uint64_t{srcNdStride} << 16 | ndNum);
    }
}

inline void SetFixpipePreQuantFlag(uint64_t config) {
    if (ASCEND_IS_AIC) {
        NpuSetQuantPre(config);
    }
}

namespace detail {

template <typename U>
void RequireL0c(const char* function, const LocalTensor<U>& src) {
    if (src.Memory() != kNpuL0c) {
        FailPosition(function, "src", src.Memory(), "CO1");
    }
}

// Where the result goes: what the two paths do not have in common.
template <typename T>
class L0cTarget {
 public:
    L0cTarget(const char*, const GlobalTensor<T>& dst) : gm_(GmAddress(dst)) {}
    L0cTarget(const char* function, const LocalTensor<T>& dst) : l1_(dst.Address()), intoL1_(true) {
        if (dst.Memory() != kNpuL1) {
            FailPosition(function, "dst", dst.Memory(), "A1, B1 or C1");
        }
    }

    bool IntoL1() const { return intoL1_; }
    void Copy(uint64_t offsetBytes, uint32_t source, const NpuFixpipe& fixpipe) const {
        if (intoL1_) {
            NpuCopyL0cToL1(l1_ + static_cast<uint32_t>(offsetBytes), source, &fixpipe);
        } else {
            NpuCopyL0cToGm(gm_ + offsetBytes, source, &fixpipe);
        }
    }

 private:
    uint64_t gm_ = 0;
    uint32_t l1_ = 0;
    bool intoL1_ = false;
};

// One call of Fixpipe: the instruction for all columns, and the registers it sets.
struct FixpipeCall {
    NpuFixpipe fixpipe;
    uint64_t deqScalar;
    uint64_t ndPara;
};

template <typename T, typename U>
NpuFixpipe ToFixpipe(uint16_t columns, uint16_t rows, uint32_t targetStride,
                     uint16_t sourceStride) {
    static_assert(SupportType<U, float, int32_t>(),
                  "moves out of L0C: the source must be float or int32_t");
    static_assert(
        SupportType<T, float, half, bfloat16_t, int8_t, uint8_t, int32_t>(),
        "moves out of L0C: the target must be float, half, bfloat16_t, int8_t, uint8_t or "
        "int32_t");
    NpuFixpipe fixpipe{};
    fixpipe.source = TypeOf<U>();
    fixpipe.target = TypeOf<T>();
    fixpipe.columns = columns;
    fixpipe.rows = rows;
    fixpipe.targetStride = targetStride;
    fixpipe.sourceStride = sourceStride;
    return fixpipe;
}

constexpr uint64_t NdPara(uint16_t ndNum, uint16_t srcNdStride, uint16_t dstNdStride) {
    return uint64_t{dstNdStride} << 32 | uint64_t{srcNdStride} << 16 | ndNum;
}

template <typename T, typename U, const FixpipeConfig& config>
FixpipeCall ToCall(const FixpipeParamsV220& params, bool intoL1) {
    FixpipeCall call{
        ToFixpipe<T, U>(params.nSize, params.mSize, params.dstStride, params.srcStride),
        params.deqScalar, NdPara(params.ndNum, params.srcNdStride, params.dstNdStride)};
    call.fixpipe.unitFlag = params.unitFlag;
    call.fixpipe.quant = params.quantPre;
    call.fixpipe.relu = params.reluEn;
    call.fixpipe.channelSplit = params.isChannelSplit;
    call.fixpipe.toRows = config.format == CO2Layout::ROW_MAJOR && !intoL1;
    return call;
}

template <typename T, typename U>
FixpipeCall ToCall(const FixpipeParams<U>& params) {
    constexpr uint16_t kSide = 16;
    const Nz2NdParams& nd = params.nz2ndParams;
    const auto rows = static_cast<uint16_t>(params.burstLen / 2);
    const auto columns =
        static_cast<uint16_t>(nd.nz2ndEn ? nd.originalNSize : params.cburstNum * kSide);
    const uint32_t target =
        params.dstStride +
        (nd.nz2ndEn ? 0 : params.burstLen * uint32_t{sizeof(T)} / uint32_t{sizeof(U)});
    const auto source =
        static_cast<uint16_t>(params.srcStride * kSide + (rows + kSide - 1) / kSide * kSide);
    FixpipeCall call{ToFixpipe<T, U>(columns, rows, target, source), params.quantParams.deqScalar,
                     NdPara(nd.ndNum, nd.srcNdStride, nd.dstNdStride)};
    call.fixpipe.unitFlag = params.unitFlag;
    call.fixpipe.quant = params.quantParams.quantPre;
    call.fixpipe.relu = params.reluEn;
    call.fixpipe.toRows = nd.nz2ndEn;
    if (nd.nz2ndEn && nd.originalNSize == 0) {
        FailArgument("Fixpipe", "originalNSize", 0, "not be 0 with nz2ndEn");
    }
    return call;
}

constexpr bool TakesOneParameter(uint8_t quant) {
    return quant == QuantMode_t::DEQF16 || quant == QuantMode_t::QF322B8_PRE ||
           quant == QuantMode_t::REQ8;
}
constexpr bool TakesParameters(uint8_t quant) {
    return quant == QuantMode_t::VDEQF16 || quant == QuantMode_t::VQF322B8_PRE ||
           quant == QuantMode_t::VREQ8;
}

inline void SetMatrices(const FixpipeCall& call) {
    if (call.fixpipe.toRows && ASCEND_IS_AIC) {
        NpuSetNdPara(call.ndPara);
    }
}

// On the way to L1 no barrier comes first, as in the newest headers of CANN; older ones have one.
template <typename T>
void RunFixpipe(const L0cTarget<T>& target, uint32_t source, const FixpipeCall& call) {
    if (TakesParameters(call.fixpipe.quant)) {
        FailArgument("Fixpipe", "quantPre", call.fixpipe.quant,
                     "take one parameter or none: those of the columns come with cbufWorkspace");
    }
    SetMatrices(call);
    if (TakesOneParameter(call.fixpipe.quant)) {
        SetFixpipePreQuantFlag(call.deqScalar);
    }
    if (!target.IntoL1()) {
        PipeBarrier<PIPE_FIX>();
    }
    if (ASCEND_IS_AIC) {
        target.Copy(0, source, call.fixpipe);
    }
}

// More than 256 columns go in steps of 128: the parameters of a step fit in the Fixpipe buffer.
template <typename T>
void RunFixpipe(const L0cTarget<T>& target, uint32_t source, uint32_t workspace,
                const FixpipeCall& call) {
    if (!TakesParameters(call.fixpipe.quant)) {
        FailArgument("Fixpipe", "quantPre", call.fixpipe.quant,
                     "be VDEQF16, VQF322B8_PRE or VREQ8 with cbufWorkspace");
    }
    SetMatrices(call);
    constexpr uint32_t kMost = 256;
    constexpr uint32_t kUnit = 128;  // bytes of a load
    const uint32_t columns = call.fixpipe.columns;
    RequireRange(kNpuRuleArgument, "Fixpipe", "nSize", columns, 0, 4095);
    const uint32_t step = columns <= kMost ? columns : kMost / 2;
    for (uint32_t first = 0; first < columns; first += step) {
        NpuFixpipe part = call.fixpipe;
        part.columns = static_cast<uint16_t>(columns - first < step ? columns - first : step);
        if (ASCEND_IS_AIC) {
            const auto units =
                static_cast<uint16_t>((part.columns * sizeof(uint64_t) + kUnit - 1) / kUnit);
            const NpuBurst burst{1, units, 0, 0};
            NpuCopyL1ToFixbuf(0, workspace + first * uint32_t{sizeof(uint64_t)}, &burst);
            NpuSetFixpipeConfig(0);
        }
        PipeBarrier<PIPE_FIX>();
        if (ASCEND_IS_AIC) {
            const uint64_t blocks = first / 16;
            target.Copy(part.toRows ? first * sizeof(T) : blocks * part.targetStride * ONE_BLK_SIZE,
                        source + static_cast<uint32_t>(blocks * part.sourceStride * 64), part);
        }
    }
}

inline void RequireWorkspace(NpuMemory memory) {
    if (memory != kNpuL1) {
        FailPosition("Fixpipe", "cbufWorkspace", memory, "C1");
    }
}

// The older parameters lower differently in two ways: L1 refuses rows.
inline void RefuseRows(bool toRows) {
    if (toRows) {
        FailArgument("Fixpipe", "nz2ndEn", 1, "be false on the way to L1");
    }
}

}  // namespace detail

template <typename T, typename U, const FixpipeConfig& config = CFG_ROW_MAJOR>
inline void Fixpipe(const GlobalTensor<T>& dst, const LocalTensor<U>& src,
                    const FixpipeParamsV220& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(),
                       detail::ToCall<T, U, config>(params, false));
}
// To L1 the result stays in column blocks, whatever the configuration.
template <typename T, typename U, const FixpipeConfig& config = CFG_ROW_MAJOR>
inline void Fixpipe(const LocalTensor<T>& dst, const LocalTensor<U>& src,
                    const FixpipeParamsV220& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(),
                       detail::ToCall<T, U, config>(params, true));
}

// cbufWorkspace: one parameter of quantisation for each column, in L1.
template <typename T, typename U, const FixpipeConfig& config = CFG_ROW_MAJOR,
          typename S = uint64_t, std::enable_if_t<std::is_same_v<S, uint64_t>, bool> = true>
inline void Fixpipe(const GlobalTensor<T>& dst, const LocalTensor<U>& src,
                    const LocalTensor<S>& cbufWorkspace, const FixpipeParamsV220& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RequireWorkspace(cbufWorkspace.Memory());
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(), cbufWorkspace.Address(),
                       detail::ToCall<T, U, config>(params, false));
}
template <typename T, typename U, const FixpipeConfig& config = CFG_ROW_MAJOR,
          typename S = uint64_t, std::enable_if_t<std::is_same_v<S, uint64_t>, bool> = true>
inline void Fixpipe(const LocalTensor<T>& dst, const LocalTensor<U>& src,
                    const LocalTensor<S>& cbufWorkspace, const FixpipeParamsV220& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RequireWorkspace(cbufWorkspace.Memory());
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(), cbufWorkspace.Address(),
                       detail::ToCall<T, U, config>(params, true));
}

// The older parameters.
template <typename T, typename U>
inline void Fixpipe(const GlobalTensor<T>& dst, const LocalTensor<U>& src,
                    const FixpipeParams<U>& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(),
                       detail::ToCall<T>(params));
}
template <typename T, typename U>
inline void Fixpipe(const LocalTensor<T>& dst, const LocalTensor<U>& src,
                    const FixpipeParams<U>& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RefuseRows(params.nz2ndParams.nz2ndEn);
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(),
                       detail::ToCall<T>(params));
}
template <typename T, typename U, typename S>
inline void Fixpipe(const GlobalTensor<T>& dst, const LocalTensor<U>& src,
                    const LocalTensor<S>& cbufWorkspace, const FixpipeParams<U>& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RequireWorkspace(cbufWorkspace.Memory());
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(), cbufWorkspace.Address(),
                       detail::ToCall<T>(params));
}
template <typename T, typename U, typename S>
inline void Fixpipe(const LocalTensor<T>& dst, const LocalTensor<U>& src,
                    const LocalTensor<S>& cbufWorkspace, const FixpipeParams<U>& params) {
    detail::RequireL0c("Fixpipe", src);
    detail::RequireWorkspace(cbufWorkspace.Memory());
    detail::RefuseRows(params.nz2ndParams.nz2ndEn);
    detail::RunFixpipe(detail::L0cTarget<T>("Fixpipe", dst), src.Address(), cbufWorkspace.Address(),
                       detail::ToCall<T>(params));
}

namespace detail {

template <typename T, typename U>
void CopyFromL0c(const L0cTarget<T>& target, const LocalTensor<U>& src,
                 const DataCopyCO12DstParams& params) {
    RequireL0c("DataCopy", src);
    if (ASCEND_IS_AIV) {
        return;
    }
    NpuFixpipe fixpipe =
        ToFixpipe<T, U>(params.nSize, params.mSize, params.dstStride, params.srcStride);
    fixpipe.unitFlag = params.unitFlag;
    fixpipe.quant = params.quantPre;
    fixpipe.relu = params.reluPre;
    fixpipe.channelSplit = params.channelSplit;
    fixpipe.toRows = params.nz2ndEn;
    target.Copy(0, src.Address(), fixpipe);
}

}  // namespace detail

template <typename T, typename U>
inline void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<U>& src,
                     const DataCopyCO12DstParams& params) {
    detail::CopyFromL0c(detail::L0cTarget<T>("DataCopy", dst), src, params);
}
template <typename T, typename U>
inline void DataCopy(const LocalTensor<T>& dst, const LocalTensor<U>& src,
                     const DataCopyCO12DstParams& params) {
    detail::CopyFromL0c(detail::L0cTarget<T>("DataCopy", dst), src, params);
}

}  // namespace AscendC
