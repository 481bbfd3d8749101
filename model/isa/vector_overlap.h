// SPDX-License-Identifier: Apache-2.0
// What a source of a vector instruction may have in common with its destination.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "isa/vector_repeat.h"

namespace npu_model {

// By default the same bytes in the same repeat or nothing, and nothing that an earlier repeat of
// the instruction wrote. Source: Ascend C API, general rules on overlapping addresses.
enum class Sharing : uint8_t {
    kSameBytes,
    kAccumulate,  // also what an earlier repeat wrote, if a repeat stride is 0
    kNarrowing,   // any bytes in the same repeat: the destination is narrower
    kNothing,     // no byte of the whole instruction
};

// The bytes of one operand, repeat by repeat, for the at most two batches of equal repeats.
struct VectorFootprint {
    struct Batch {
        uint32_t repeats;
        uint32_t blocks;        // of one repeat, at most 8
        const uint32_t* bytes;  // by block, one bit a byte
    };
    uint32_t base;
    NpuVectorStride stride;
    uint32_t elementBits;
    std::array<Batch, 2> batches;
    size_t batchCount;
};

struct VectorConflict {
    bool found = false;
    uint32_t reader = 0;  // repeats
    uint32_t writer = 0;
    uint32_t address = 0;  // of the block
};
// The first block where the two operands break the rule. Operands that are apart cost nothing.
VectorConflict FindConflict(const VectorFootprint& target, const VectorFootprint& source,
                            Sharing sharing);

}  // namespace npu_model
