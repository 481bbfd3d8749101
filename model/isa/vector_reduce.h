// SPDX-License-Identifier: Apache-2.0
// Vector instructions on UB that reduce or rearrange: reductions, broadcast, gather, compress,
// transpose. Their operands differ in shape, so most have a stride unit of their own.
#pragma once

#include "isa/isa.h"

// Checked by the instruction: 32 bits so that an out-of-range argument arrives as it is.
struct NpuReduceRepeat {
    uint32_t repeats;       // 0 .. 255, ignored in counter mode
    uint32_t targetRepeat;  // 0 .. 65535, counts the results of one repeat
    uint32_t sourceBlock;   // 0 .. 65535 blocks of 32 bytes
    uint32_t sourceRepeat;  // 0 .. 65535 blocks of 32 bytes
};

// f16 and f32. In brackets the results of one repeat, which are also the unit of targetRepeat.
enum NpuReduceOp : uint8_t {
    kNpuVcadd,   // sum of a repeat [1 element]
    kNpuVcgadd,  // sum of each block [8 elements]; a block without an enabled lane keeps its slot
    kNpuVcgmax,
    kNpuVcgmin,
    kNpuVcpadd,  // sums of lanes 2i and 2i + 1 [128 bytes]
    kNpuReduceOpCount,
};
NPU_API void NpuVectorReduce(NpuReduceOp op, NpuType type, uint32_t target, uint32_t source,
                             const NpuReduceRepeat* repeat);

// vcadd in its other mode: adds the sums of the repeats in order, into a register.
NPU_API void NpuVectorAccumulate(NpuType type, uint32_t source, const NpuReduceRepeat* repeat);
// get_acc_val: the bits of that sum.
NPU_API uint64_t NpuAccumulator(void);

// vcmax and vcmin: the extreme of each repeat and the first lane that has it. The index is as wide
// as the value, or 4 bytes for kNpuOnlyIndex; targetRepeat counts values, indices or pairs.
enum NpuExtremeOrder : uint8_t { kNpuValueIndex, kNpuIndexValue, kNpuOnlyValue, kNpuOnlyIndex };
NPU_API void NpuVectorExtreme(bool largest, NpuExtremeOrder order, NpuType type, uint32_t target,
                              uint32_t source, const NpuReduceRepeat* repeat);
// get_max_min_cnt: value bits in the low half, in the high half the index over all repeats.
NPU_API uint64_t NpuExtremeResult(void);

// vbrcb: element 8 r + j of the contiguous source fills block j of repeat r. 2- or 4-byte types.
struct NpuBroadcastRepeat {
    uint16_t repeats;  // 0 .. 255
    uint16_t targetBlock;
    uint16_t targetRepeat;
};
NPU_API void NpuVectorBroadcast(NpuType type, uint32_t target, uint32_t source,
                                const NpuBroadcastRepeat* repeat);

// vgather: lane l of repeat r is the element at source + offset[r * lanes a repeat + l] bytes.
// `offsets` are 4-byte numbers in UB. 2- or 4-byte types.
NPU_API void NpuVectorGather(NpuType type, uint32_t target, uint32_t offsets, uint64_t source,
                             uint32_t repeats, uint32_t targetRepeat);
// vgatherb: block j of repeat r is the 32 bytes at source + offset[8 r + j]. Ignores the mask.
NPU_API void NpuVectorGatherBlock(NpuType type, uint32_t target, uint32_t offsets, uint64_t source,
                                  uint32_t repeats, NpuVectorStride targetStride);

// vreducev2: packs the selected elements one behind the other. 2- or 4-byte types. Normal mode
// reads 256 bytes a repeat; in counter mode the mask register counts the elements of each repeat.
struct NpuCompressRepeat {
    uint16_t repeats;  // 0 .. 255, also in counter mode
    NpuVectorStride source;
    uint16_t maskRepeat;  // blocks
};
// pattern 1 .. 7: even, odd, first, second, third, fourth of four, all. 0: bits at `mask`.
NPU_API void NpuVectorCompress(NpuType type, uint32_t target, uint32_t source, uint32_t mask,
                               uint32_t pattern, const NpuCompressRepeat* repeat);
// get_rsvd_cnt: how many elements the last one kept.
NPU_API uint64_t NpuCompressedCount(void);

// vtranspose: 16 x 16 elements of 2 bytes.
NPU_API void NpuVectorTranspose(uint32_t target, uint32_t source);

// Address registers VA0 .. VA3 of 8 UB addresses each.
NPU_API void NpuSetAddressRegister(uint32_t number, const uint64_t* addresses);
// vld_va_reg: 8 block numbers of 16 bits, from the low or high 16 bytes of a block of UB.
NPU_API void NpuLoadAddressRegister(uint32_t number, uint32_t source, bool highHalf);
// scatter_vnchwconv: 16 blocks at the addresses of VA2 and VA3 become the columns of 16 blocks at
// those of VA0 and VA1. Strides count blocks; with a single repeat they are added once all the
// same. The halves matter for 1-byte elements only.
struct NpuRearrangeRepeat {
    uint16_t repeats;  // 0 .. 255
    uint16_t targetRepeat;
    uint16_t sourceRepeat;
    bool targetHigh;
    bool sourceHigh;
};
NPU_API void NpuVectorRearrange(uint32_t elementBytes, const NpuRearrangeRepeat* repeat);
