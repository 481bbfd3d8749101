// SPDX-License-Identifier: Apache-2.0
// Hot arithmetic of the vector instructions: pure functions on host memory, one dispatch table.
//
// Every file of this directory is compiled once per architecture level in its own namespace and
// gives the same bits on each. A leaf sees whole instructions: base pointers, strides in bytes,
// the number of repeats and the lanes of every repeat. It checks nothing and knows no core.
//
// Repeats run in order, and a repeat reads all its sources before it writes, so the result is
// defined for operands that overlap in any way. Only blocks with an enabled lane are touched.
// Floating-point results that are not a number are the canonical quiet NaN (0x7E00, 0x7FC0,
// 0x7FC00000); moves (copy, fill, select, gather, transpose) keep every bit.
#pragma once

#include <cstdint>

namespace npu_model::leaf {

// One operand: 8 blocks of 32 bytes a repeat, fewer where another operand has wider elements.
struct Operand {
    uint8_t* data;
    int64_t blockStride;   // bytes between blocks of one repeat; 0 repeats one block
    int64_t repeatStride;  // bytes between repeats
};

// Lanes of one repeat, the same for all repeats of a call: bit i of low is lane i (0 .. 63), of
// high lane 64 + i. The widest element of an instruction decides: 8 bytes have 32 lanes, 4 bytes
// 64, 2 bytes 128. Bits beyond are ignored.
struct Lanes {
    uint64_t low;
    uint64_t high;
};

using BinaryFn = void (*)(const Operand& target, const Operand& source0, const Operand& source1,
                          uint32_t repeats, const Lanes& lanes);
using UnaryFn = void (*)(const Operand& target, const Operand& source, uint32_t repeats,
                         const Lanes& lanes);
// `scalar` holds the bits of a value of the source type in its low bytes, or a shift count.
using ScalarFn = void (*)(const Operand& target, const Operand& source, uint32_t scalar,
                          uint32_t repeats, const Lanes& lanes);
using FillFn = void (*)(const Operand& target, uint32_t scalar, uint32_t repeats,
                        const Lanes& lanes);

enum UnaryOp : uint8_t {
    kUnaryAbs,
    kUnaryExp,
    kUnaryLn,
    kUnarySqrt,
    kUnaryRsqrt,
    kUnaryRec,
    kUnaryRelu,
    kUnaryNot,
    kUnaryCopy,
    kUnaryOpCount,
};

enum ScalarOp : uint8_t {
    kScalarAdd,
    kScalarMul,
    kScalarMax,
    kScalarMin,
    kScalarLeakyRelu,
    kScalarAxpy,  // target += source * scalar
    kScalarShiftLeft,
    kScalarShiftRight,
    kScalarShiftRightRound,  // adds the last bit shifted out
    kScalarOpCount,
};

// What a conversion does with digits that do not fit. An exact conversion is listed as kRoundRint.
enum Rounding : uint8_t {
    kRoundRint,   // to nearest, ties to even
    kRoundAway,   // to nearest, ties away from zero
    kRoundFloor,  // toward minus infinity
    kRoundCeil,   // toward plus infinity
    kRoundTrunc,  // toward zero
    kRoundOdd,    // anything cut off sets the last digit
    kRoundingCount,
};

// 16-bit integers to 8 bits, clip(rint(source * scale + offset)): one set of parameters for each of
// the 16 lanes of a block. The results of a block go to one half of the target block.
struct Dequant {
    float scale[16];
    float offset[16];
    bool isSigned[16];  // clips to -128 .. 127, otherwise to 0 .. 255
};
using DequantFn = void (*)(const Operand& target, const Operand& source, const Dequant& dequant,
                           bool highHalf, uint32_t repeats, const Lanes& lanes);

enum Relation : uint8_t {
    kRelationLess,
    kRelationGreater,
    kRelationEqual,
    kRelationLessEqual,
    kRelationGreaterEqual,
    kRelationNotEqual,
    kRelationCount,
};
// One bit a lane, all lanes: 8 bytes (4-byte elements) or 16 bytes (2-byte elements) a repeat. A
// NaN makes every relation false, also kRelationNotEqual.
using CompareFn = void (*)(uint8_t* target, int64_t targetRepeatStride, const Operand& source0,
                           const Operand& source1, uint32_t repeats);
using CompareScalarFn = void (*)(uint8_t* target, int64_t targetRepeatStride, const Operand& source,
                                 uint32_t scalar, uint32_t repeats);
// A set bit takes source0, a clear one source1. Bits of repeat r start at bits + r * bitsStride.
using SelectFn = void (*)(const Operand& target, const Operand& source0, const Operand& source1,
                          const uint8_t* bits, int64_t bitsStride, uint32_t repeats,
                          const Lanes& lanes);
using SelectScalarFn = void (*)(const Operand& target, const Operand& source0, uint32_t scalar,
                                const uint8_t* bits, int64_t bitsStride, uint32_t repeats,
                                const Lanes& lanes);

// Reductions write the results of one repeat one behind the other at target + r * targetStride
// bytes. Sums form a binary tree over neighbouring lanes in which every node rounds to the type and
// a disabled lane is left out. What has no enabled lane writes nothing.
enum ReduceOp : uint8_t {
    kReduceSum,       // of the repeat
    kReduceBlockSum,  // of each block
    kReduceBlockMax,
    kReduceBlockMin,
    kReducePairSum,  // of lanes 2i and 2i + 1
    kReduceOpCount,
};
using ReduceFn = void (*)(uint8_t* target, int64_t targetStride, const Operand& source,
                          uint32_t repeats, const Lanes& lanes);
// Adds the sums of the repeats in order to `sum` (bits of the type) and returns it. Starting from
// -0, the neutral element, the first repeat starts the sum.
using AccumulateFn = uint32_t (*)(const Operand& source, uint32_t repeats, const Lanes& lanes,
                                  uint32_t sum);

enum ExtremeOrder : uint8_t { kOrderValueIndex, kOrderIndexValue, kOrderValue, kOrderIndex };
// The first extreme of all repeats: bits of its value and its number counted over all lanes.
struct Extreme {
    uint32_t value;
    uint32_t index;
};
// Largest or smallest enabled lane of each repeat, and the first lane that has it; the first NaN
// wins over everything, zeros of both signs are equal. The index is a lane of the repeat, as wide
// as the value, or 4 bytes for kOrderIndex. Must have an enabled lane and a repeat.
using ExtremeFn = Extreme (*)(uint8_t* target, int64_t targetStride, ExtremeOrder order,
                              const Operand& source, uint32_t repeats, const Lanes& lanes);

// Element 8 r + j of the contiguous source fills block j of repeat r.
using BroadcastFn = void (*)(const Operand& target, const uint8_t* source, uint32_t repeats);
// Lane l of repeat r is the element at base + offset[r * lanes a repeat + l] bytes.
using GatherFn = void (*)(const Operand& target, const uint8_t* base, const uint8_t* offsets,
                          uint32_t repeats, const Lanes& lanes);
// Block j of repeat r is the 32 bytes at base + offset[8 r + j].
using GatherBlockFn = void (*)(const Operand& target, const uint8_t* base, const uint8_t* offsets,
                               uint32_t repeats);
struct OffsetRange {
    uint32_t highest;
    uint32_t bits;  // all offsets or-ed together: what they are aligned to
};
// Of the offsets of enabled lanes, `lanesPerRepeat` a repeat.
using OffsetRangeFn = OffsetRange (*)(const uint8_t* offsets, uint32_t lanesPerRepeat,
                                      uint32_t repeats, const Lanes& lanes);
// Packs the selected of the first `elements` elements of every repeat (they may run on beyond 8
// blocks) one behind the other and returns how many. pattern 1 .. 7 selects even, odd, first,
// second, third, fourth of four, all; pattern 0 takes bits at mask + r * maskStride.
// It works block by block: the target may be the source, otherwise they must not overlap.
using CompressFn = int64_t (*)(uint8_t* target, const Operand& source, uint32_t pattern,
                               const uint8_t* mask, int64_t maskStride, uint32_t repeats,
                               int64_t elements);
// 16 x 16 elements of 2 bytes, contiguous. target = source is allowed.
using TransposeFn = void (*)(uint8_t* target, const uint8_t* source);
// 16 blocks to 16 blocks (scatter_vnchwconv): lane j of block i goes to lane i of block j. With 4
// bytes, lane j of blocks 0 .. 7 fills block 2j and of blocks 8 .. 15 block 2j + 1; with 1 byte,
// one half of every block takes part.
struct Rearrange {
    uint8_t* target[16];
    const uint8_t* source[16];
    int64_t targetStride;  // bytes from one repeat to the next
    int64_t sourceStride;
    bool targetHigh;
    bool sourceHigh;
};
using RearrangeFn = void (*)(const Rearrange& rearrange, uint32_t repeats);

// Units of rows of 32 bytes, transposed: 32 x 32 elements of 1 byte, 16 x 16 of 2 bytes, or 16 x 8
// of 4 bytes. Unit i goes from source + i * sourceStride to target + i * targetStride, in rows of
// 32 bytes. With 1 byte its last 16 rows, with 4 bytes what rows 8 .. 15 of the source give, start
// targetPart bytes after the others. Nothing may overlap.
struct FractalRun {
    uint8_t* target;
    int64_t targetStride;
    int64_t targetPart;
    const uint8_t* source;
    int64_t sourceStride;
    uint32_t count;
};
using FractalsFn = void (*)(const FractalRun& run);

// Block b of row r goes to target + b * columnStride + r * rowStride; what is left of a row fills a
// block with zeros behind it. Source and target are different memories.
using RowsToFractalsFn = void (*)(uint8_t* target, int64_t columnStride, int64_t rowStride,
                                  const uint8_t* source, int64_t sourceStride, uint32_t rows,
                                  uint32_t rowBytes);

enum AtomicOp : uint8_t { kAtomicAdd, kAtomicMax, kAtomicMin, kAtomicOpCount };
// target[i] = target[i] op source[i] over `bytes` bytes of whole elements at any address.
using AtomicFn = void (*)(uint8_t* target, const uint8_t* source, int64_t bytes);

// What the matrix product starts from.
enum MadInitial : uint8_t { kMadFromZero, kMadFromBias, kMadFromC };
enum Hf32Rounding : uint8_t { kHf32TiesToEven, kHf32TiesToZero, kHf32RoundingCount };
// Working memory of one thread. L0A holds at most 64 Ki elements, L0C at most 2048 rows.
struct alignas(64) MadScratch {
    uint32_t rows[64 * 1024];
    uint32_t panels[2][256 * 16];
    uint32_t tile[2048 * 16];
};
// c[m, n] = initial + a[m, k] x b[k, n], in the fractal layouts of L0C, L0A and L0B. Nothing beyond
// m, n and k has an effect or is written.
struct Mad {
    uint8_t* c;
    const uint8_t* a;
    const uint8_t* b;
    const uint8_t* bias;  // n values, with kMadFromBias
    MadInitial initial;
    int64_t m, k, n;
    int64_t fractalsOfRow;  // fractals of A from one row of fractals to the next
    MadScratch* scratch;
};
using MadFn = void (*)(const Mad& mad);

// What the conversion of 16 columns of accumulators takes, apart from the types.
struct FixpipeQuant {
    float scale[16];
    int32_t shift[16];  // of an integer source to the right; it is then clipped
    int32_t lowest[16];
    int32_t highest[16];
    int32_t offset[16];  // added to an 8-bit result, which is then clipped
    int32_t least[16];
    int32_t most[16];
};
// Column blocks of L0C, whose rows are 64 bytes apart, to memory: the first `width` elements of
// each. Reads all 64 bytes of a row.
struct FixpipeTile {
    const uint8_t* source;
    uint8_t* target;
    const FixpipeQuant* quant;  // may be null where nothing is scaled
    int64_t sourceBlock;        // bytes from column block to column block
    int64_t targetBlock;
    int64_t targetRow;    // bytes from row to row
    uint32_t quantBlock;  // FixpipeQuants from column block to column block
    uint32_t blocks;
    uint32_t rows;
    uint32_t width;  // 1 .. 16
};
using FixpipeFn = void (*)(const FixpipeTile& tile);

}  // namespace npu_model::leaf
