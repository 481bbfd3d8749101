// SPDX-License-Identifier: Apache-2.0
// What one instruction reads or writes: a strided set of byte runs in one memory.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "isa/isa.h"

namespace npu_model {

// Runs of `run` bytes at base + o * outerStride + i * innerStride, o < outer, i < inner; with
// `places`, at base + places[o] + i * innerStride. Trivial on purpose: an instruction fills a few
// of many slots.
struct Access {
    const char* operand;  // its name in messages
    uint64_t base;
    uint32_t outer;
    uint32_t inner;
    int64_t outerStride;
    int64_t innerStride;
    uint32_t run;
    NpuMemory memory;
    bool write;
    bool undefines;          // the write gives no value: undefined padding in a buffer, bytes of a
                             // cache line that it only puts back in GM
    const uint32_t* bytes;   // null, or for each i < inner the bytes of a 32-byte run that count
    const uint32_t* places;  // null, or where each row starts, in bytes from base
    bool carries;            // moves bytes whether they are defined or not; the instruction itself
                             // carries over which are (Issue::Shadow)
    const LocalClock* relies;  // null, or what this operand may rely on instead of what the
                               // instruction may: an interlock of the hardware

    bool Empty() const { return outer == 0 || inner == 0 || run == 0; }
    // Counts whole runs, also where a mask leaves bytes out.
    uint64_t Bytes() const { return uint64_t{outer} * inner * run; }
    // First byte after the last one touched; strides are never negative.
    uint64_t End() const {
        int64_t last = (outer - 1) * outerStride;
        for (uint32_t o = 0; places != nullptr && o < outer; ++o) {
            last = places[o] > last ? places[o] : last;
        }
        return base + static_cast<uint64_t>(last + (inner - 1) * innerStride) + run;
    }

    // Joins runs that follow each other without a gap, so that walks are long and few.
    void Merge() {
        if (bytes == nullptr && (inner == 1 || innerStride == run)) {
            run *= inner;
            inner = 1;
            if (places == nullptr && (outer == 1 || outerStride == run)) {
                run *= outer;
                outer = 1;
            }
        }
    }

    // Calls visit(address, bytes) for every run; masked runs come as their contiguous pieces.
    template <class Visit>
    void ForEachRun(Visit visit) const {
        for (uint32_t o = 0; o < outer; ++o) {
            const uint64_t row =
                base + (places != nullptr ? places[o] : static_cast<uint64_t>(o * outerStride));
            for (uint32_t i = 0; i < inner; ++i) {
                const uint64_t begin = row + static_cast<uint64_t>(i * innerStride);
                if (bytes == nullptr) {
                    visit(begin, run);
                } else {
                    ForEachPiece(begin, bytes[i], visit);
                }
            }
        }
    }

 private:
    template <class Visit>
    static void ForEachPiece(uint64_t begin, uint32_t mask, Visit visit) {
        while (mask != 0) {
            const auto skip = static_cast<uint32_t>(__builtin_ctz(mask));
            const uint64_t rest = ~(uint64_t{mask} >> skip);
            const auto length = static_cast<uint32_t>(__builtin_ctzll(rest));
            visit(begin + skip, length);
            mask &= static_cast<uint32_t>(~(((uint64_t{1} << length) - 1) << skip));
        }
    }
};

// One contiguous run.
inline Access Contiguous(NpuMemory memory, uint64_t base, uint32_t bytes, const char* operand) {
    return Access{operand, base,  1,     1,       0,       0,     bytes,
                  memory,  false, false, nullptr, nullptr, false, nullptr};
}

// `rows` runs of `bytes` bytes, `stride` bytes from start to start.
inline Access Rows(NpuMemory memory, uint64_t base, uint32_t rows, int64_t stride, uint32_t bytes,
                   const char* operand) {
    return Access{operand, base,  rows,  1,       stride,  0,     bytes,
                  memory,  false, false, nullptr, nullptr, false, nullptr};
}

}  // namespace npu_model
