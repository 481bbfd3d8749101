// SPDX-License-Identifier: Apache-2.0
// Parameters of the way out of L0C.
#pragma once

#include "ascendc/data_copy_params.h"

// With the values of the hardware. One parameter for all columns, or with V one for each.
enum QuantMode_t : uint8_t {
    NoQuant = kNpuNoQuant,
    F322F16 = kNpuF322F16,
    VREQ8 = kNpuVreq8,
    REQ8 = kNpuReq8,
    VDEQF16 = kNpuVdeqF16,
    DEQF16 = kNpuDeqF16,
    F322BF16 = kNpuF322Bf16,
    VQF322B8_PRE = kNpuVqf322B8,
    QF322B8_PRE = kNpuQf322B8,
};

namespace AscendC {

enum class CO2Layout : uint8_t { NZ, ROW_MAJOR, COLUMN_MAJOR };

struct FixpipeConfig {
    CO2Layout format;
};
constexpr FixpipeConfig CFG_NZ = {CO2Layout::NZ};
constexpr FixpipeConfig CFG_ROW_MAJOR = {CO2Layout::ROW_MAJOR};

// L0C holds column blocks of 16 elements, srcStride rows of 16 apart. dstStride counts blocks of 32
// bytes from column block to column block, or elements from row to row.
struct FixpipeParamsV220 {
    uint16_t nSize = 0;
    uint16_t mSize = 0;
    uint16_t srcStride = 0;
    uint32_t dstStride = 0;
    QuantMode_t quantPre = QuantMode_t::NoQuant;
    uint64_t deqScalar = 0;
    uint16_t ndNum = 1;
    uint16_t srcNdStride = 0;  // 1024 bytes
    uint16_t dstNdStride = 0;  // elements
    bool reluEn = false;
    uint8_t unitFlag = 0;
    bool isChannelSplit = false;

    FixpipeParamsV220() = default;
    FixpipeParamsV220(uint16_t n, uint16_t m, uint16_t srcBlock, uint32_t dstBlock, bool relu)
        : nSize(n), mSize(m), srcStride(srcBlock), dstStride(dstBlock), reluEn(relu) {}
    FixpipeParamsV220(uint16_t n, uint16_t m, uint16_t srcBlock, uint32_t dstBlock, bool relu,
                      QuantMode_t quant, int64_t scalar, uint16_t matrices, uint16_t srcMatrix,
                      uint16_t dstMatrix, uint8_t flag)
        : nSize(n),
          mSize(m),
          srcStride(srcBlock),
          dstStride(dstBlock),
          quantPre(quant),
          deqScalar(static_cast<uint64_t>(scalar)),
          ndNum(matrices),
          srcNdStride(srcMatrix),
          dstNdStride(dstMatrix),
          reluEn(relu),
          unitFlag(flag) {}
    FixpipeParamsV220(uint16_t n, uint16_t m, uint16_t srcBlock, uint32_t dstBlock, bool relu,
                      QuantMode_t quant, int64_t scalar, uint16_t matrices, uint16_t srcMatrix,
                      uint16_t dstMatrix, uint8_t flag, bool split)
        : FixpipeParamsV220(n, m, srcBlock, dstBlock, relu, quant, scalar, matrices, srcMatrix,
                            dstMatrix, flag) {
        isChannelSplit = split;
    }
};

struct QuantParams {
    QuantMode_t quantPre = QuantMode_t::NoQuant;
    uint64_t deqScalar = 0;

    QuantParams() = default;
    QuantParams(QuantMode_t quant) : quantPre(quant) {}
    QuantParams(QuantMode_t quant, uint64_t scalar) : quantPre(quant), deqScalar(scalar) {}
};

struct Nz2NdParams {
    bool nz2ndEn = false;
    uint16_t ndNum = 1;
    uint16_t srcNdStride = 0;
    uint16_t dstNdStride = 0;
    uint16_t originalNSize = 0;  // columns, with nz2ndEn

    Nz2NdParams() = default;
    Nz2NdParams(bool enable, uint16_t matrices, uint16_t srcMatrix, uint16_t dstMatrix,
                uint16_t columns)
        : nz2ndEn(enable),
          ndNum(matrices),
          srcNdStride(srcMatrix),
          dstNdStride(dstMatrix),
          originalNSize(columns) {}
};

// The older form: cburstNum column blocks, each burstLen blocks of 32 bytes in L0C (half the number
// of rows). Strides are gaps: of 1024 bytes in L0C, of 32 bytes in the target.
template <typename src_T = int32_t>
struct FixpipeParams {
    uint16_t cburstNum = 1;
    uint16_t burstLen = 1;
    uint32_t dstStride = 0;
    uint16_t srcStride = 0;
    QuantParams quantParams;
    bool reluEn = false;
    Nz2NdParams nz2ndParams;
    uint8_t unitFlag = 0;

    FixpipeParams() = default;
    FixpipeParams(uint16_t count, uint16_t len, uint16_t srcGap, uint32_t dstGap)
        : cburstNum(count), burstLen(len), dstStride(dstGap), srcStride(srcGap) {}
};

// As FixpipeParamsV220; the registers of quantisation and of nz2ndEn are set by functions.
struct DataCopyCO12DstParams {
    uint8_t sid = 0;
    uint16_t nSize = 0;
    uint16_t mSize = 0;
    uint32_t dstStride = 0;
    uint16_t srcStride = 0;
    uint8_t unitFlag = 0;
    uint8_t clipReluPre = 0;  // no effect on Ascend 910B, nor has eltWiseOp
    uint8_t eltWiseOp = 0;
    QuantMode_t quantPre = QuantMode_t::NoQuant;
    uint8_t reluPre = 0;
    bool channelSplit = false;
    bool nz2ndEn = false;

    DataCopyCO12DstParams() = default;
    DataCopyCO12DstParams(uint16_t n, uint16_t m, uint32_t dstBlock, uint16_t srcBlock,
                          QuantMode_t quant, uint8_t relu, bool split, bool nz2nd)
        : nSize(n),
          mSize(m),
          dstStride(dstBlock),
          srcStride(srcBlock),
          quantPre(quant),
          reluPre(relu),
          channelSplit(split),
          nz2ndEn(nz2nd) {}
};

}  // namespace AscendC
