// SPDX-License-Identifier: Apache-2.0
// The dispatch table of the leaves, and the choice of the architecture level.
#pragma once

#include "isa/isa.h"
#include "leaf/leaf.h"

namespace npu_model::leaf {

// Null where the hardware has no such instruction. Types index in the order [source][target] where
// they may differ.
struct Table {
    BinaryFn binary[kNpuBinaryOpCount][kNpuTypeCount][kNpuTypeCount];
    UnaryFn unary[kUnaryOpCount][kNpuTypeCount];
    ScalarFn scalar[kScalarOpCount][kNpuTypeCount][kNpuTypeCount];
    FillFn fill[kNpuTypeCount];

    UnaryFn convert[kNpuTypeCount][kNpuTypeCount][kRoundingCount];
    ScalarFn dequantToHalf;  // s32 to f16; the scalar is an f16
    DequantFn dequantToByte;

    CompareFn compare[kRelationCount][kNpuTypeCount];
    CompareScalarFn compareScalar[kRelationCount][kNpuTypeCount];
    SelectFn select[kNpuTypeCount];
    SelectScalarFn selectScalar[kNpuTypeCount];

    ReduceFn reduce[kReduceOpCount][kNpuTypeCount];
    AccumulateFn accumulate[kNpuTypeCount];
    ExtremeFn largest[kNpuTypeCount];
    ExtremeFn smallest[kNpuTypeCount];

    BroadcastFn broadcast2, broadcast4;  // the number is the size of an element in bytes
    GatherFn gather2, gather4;
    GatherBlockFn gatherBlock;
    OffsetRangeFn offsetRange;
    CompressFn compress2, compress4;
    TransposeFn transpose2;
    RearrangeFn rearrange1, rearrange2, rearrange4;
    FractalsFn transposeFractals1, transposeFractals2, transposeFractals4;

    RowsToFractalsFn rowsToFractals;

    AtomicFn atomic[kAtomicOpCount][kNpuTypeCount];

    MadFn mad[kNpuTypeCount];  // by the type of A and B
    MadFn madHf32[kHf32RoundingCount];
    FixpipeFn fixpipe[kNpuTypeCount][kNpuTypeCount][2];  // last: with ReLU
};

enum class Level : uint8_t { kBaseline, kV3, kV4 };

// The best level that was built and that this machine has.
Level BestLevel();
// Switches every later Active() to `level`, for tests. False, without effect, if this machine or
// this build does not have it. Not to be called while a kernel runs.
bool SetLevel(Level level);
Level ActiveLevel();
const Table& Active();

}  // namespace npu_model::leaf
