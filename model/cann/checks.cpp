// SPDX-License-Identifier: Apache-2.0
// Argument checks that the CPU build of the real headers calls before an instruction. All pass: the
// instruction set checks the same things, for both front ends.
#include "core_state.h"

#define NPU_CHECK(function, Parameters) \
    bool function(Parameters&, const char*) { return true; }
#define NPU_CHECK_MASK(function, Parameters) \
    bool function(Parameters&, const uint64_t, const char*) { return true; }
#define NPU_CHECK_MASK_BITS(function, Parameters) \
    bool function(Parameters&, const uint64_t[], const char*) { return true; }
#define NPU_CHECK_SIZE(function, Parameters) \
    bool function(Parameters&, uint32_t, const char*) { return true; }

namespace AscendC {
namespace check {

NPU_CHECK(CheckFuncVecBinaryImpl, VecBinaryApiParams)
NPU_CHECK_MASK(CheckFuncVecBinaryImpl, VecBinaryApiParams)
NPU_CHECK_MASK_BITS(CheckFuncVecBinaryImplForMaskArray, VecBinaryApiParams)
NPU_CHECK(CheckFuncVecBinaryCmpImpl, VecBinaryApiParams)
NPU_CHECK_MASK(CheckFuncVecBinaryCmpImpl, VecBinaryApiParams)
NPU_CHECK_MASK_BITS(CheckFuncVecBinaryCmpImplForMaskArray, VecBinaryApiParams)
NPU_CHECK(CheckFuncVecBinaryScalarCmpImpl, VecBinaryScalarApiParams)
NPU_CHECK_MASK(CheckFuncVecBinaryScalarCmpImpl, VecBinaryScalarApiParams)
NPU_CHECK(CheckFunVecBinaryScalarImpl, VecBinaryScalarApiParams)
NPU_CHECK_MASK(CheckFunVecBinaryScalarImpl, VecBinaryScalarApiParams)
NPU_CHECK_MASK_BITS(CheckFunVecBinaryScalarImplForMaskArray, VecBinaryScalarApiParams)

NPU_CHECK(CheckFunDupImpl, VecDupApiParams)
NPU_CHECK_MASK(CheckFunDupImpl, VecDupApiParams)
NPU_CHECK_MASK_BITS(CheckFunDupImplForMaskArray, VecDupApiParams)
NPU_CHECK(CheckFuncCreateVecIndexImpl, VecCreateVecIndexApiParams)
NPU_CHECK_MASK(CheckFuncCreateVecIndexImpl, VecCreateVecIndexApiParams)
NPU_CHECK_MASK_BITS(CheckFuncCreateVecIndexImpl, VecCreateVecIndexApiParams)
NPU_CHECK_SIZE(CheckFunBcBImpl, VecBroadCastApiParams)

NPU_CHECK(CheckFunReduceImpl, VecReduceApiParams)
NPU_CHECK(CheckFunReduceImplMode2, VecReduceApiParams)
NPU_CHECK_MASK(CheckFunReduceImpl, VecReduceApiParams)
NPU_CHECK_MASK_BITS(CheckFunReduceImplForMaskArray, VecReduceApiParams)
NPU_CHECK_MASK(CheckFunReduceOtherImpl, VecReduceApiParams)
NPU_CHECK_MASK_BITS(CheckFunReduceOtherImplForMaskArray, VecReduceApiParams)
NPU_CHECK_MASK(CheckFunReduceOtherWhlImpl, VecReduceWhlApiParams)
NPU_CHECK_MASK_BITS(CheckFunReduceOtherWhlImplForMaskArray, VecReduceWhlApiParams)

NPU_CHECK(CheckFuncVecSelectImpl, VecSelectApiParams)
NPU_CHECK_MASK(CheckFuncVecSelectImpl, VecSelectApiParams)
NPU_CHECK_MASK_BITS(CheckFuncVecSelectImplForMaskArray, VecSelectApiParams)
NPU_CHECK(CheckFuncGatherImpl, VecGatherApiParams)
NPU_CHECK_MASK(CheckFuncGatherImpl, VecGatherApiParams)
NPU_CHECK_MASK_BITS(CheckFuncGatherImpl, VecGatherApiParams)
NPU_CHECK_SIZE(CheckFuncGatherbImpl, VecGatherApiParams)
NPU_CHECK_SIZE(CheckFuncVecGatherMaskImpl, VecGatherMaskApiParams)
NPU_CHECK_MASK(CheckFuncVecCmpRgtImpl, VecCmpRgtApiParams)
NPU_CHECK_MASK_BITS(CheckFuncVecCmpRgtImplForMaskArray, VecCmpRgtApiParams)
NPU_CHECK(CheckFunTransposeImpl, VecTransposeApiParams)

NPU_CHECK_MASK(CheckFuncCopyImpl, CopyApiParams)
NPU_CHECK_MASK_BITS(CheckFuncCopyImplForMaskArray, CopyApiParams)
NPU_CHECK(CheckFuncDataCopyImpl, DataCopyApiParams)
NPU_CHECK(CheckFuncDataCopyPadImpl, DataCopyPadApiParams)
NPU_CHECK(CheckFuncDataCopySliceImpl, DataCopySliceApiParams)

NPU_CHECK(CheckFuncLoadData2dImpl, LoadData2dApiParams)
NPU_CHECK(CheckFuncLoadData3dv2Impl, LoadData3dv2ApiParams)
NPU_CHECK(CheckFuncLoadData3dv2ProImpl, LoadData3dv2ProApiParams)
NPU_CHECK(CheckFuncInitConstValueImpl, CubeInitConstValueApiParams)
NPU_CHECK(CheckFuncMmadImpl, MmadApiParams)

}  // namespace check
}  // namespace AscendC
