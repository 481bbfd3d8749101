// SPDX-License-Identifier: Apache-2.0
// Data cache of the scalar pipe: 64-byte lines that hide stores from other cores until written
// back, and hide other cores' stores until dropped. Source: DataCacheCleanAndInvalid, Ascend C API.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace npu_model {

class DataCache {
 public:
    static constexpr uint64_t kLineBytes = 64;
    static constexpr uint64_t kLines = 512;  // 32 KiB

    struct Line {
        uint64_t address = ~uint64_t{0};  // of the first byte; ~0 when empty
        uint64_t region = 0;              // address of the region whose bytes it holds
        uint8_t* host = nullptr;          // the bytes in global memory
        uint32_t valid = 0;               // bytes of the line that lie in the region
        uint32_t first = 0;               // offset of the first of them
        uint64_t dirty = 0;               // one bit a byte
        uint32_t lastStore = 0;           // instruction number of the newest store into it
        std::array<uint8_t, kLineBytes> bytes;

        bool Empty() const { return address == ~uint64_t{0}; }
        bool Holds(uint64_t at, uint32_t count) const;
        // Bytes [begin, end) of the line that the cache did not change differ from global memory.
        bool Stale(uint64_t begin, uint64_t end) const;
        bool Stale() const { return Stale(first, first + valid); }
    };

    // The line that would hold the address, which lies in the region that begins at `region`; it
    // may hold another one. Regions that meet within 64 bytes have a line each, because where an
    // argument lies is chance.
    Line& Slot(uint64_t address, uint64_t region);
    // Changes bytes of a line, as instruction `number`.
    void Store(Line& line, uint64_t offset, uint64_t value, uint32_t bytes, uint32_t number);
    // Cuts a line in two: it keeps its bytes before `offset`, the result has the others.
    Line Split(Line& line, uint64_t offset);
    // Copies a dirty line to global memory; it stays in the cache.
    void WriteBack(Line& line);
    // True when a store into one of the bytes has not been written back.
    bool AnyDirty(uint64_t begin, uint64_t end) const {
        return dirtyLines_ != 0 && FindDirty(begin, end);
    }
    template <class Visit>
    void ForEachLine(Visit visit) {
        for (Line& line : lines_) {
            if (!line.Empty()) {
                visit(line);
            }
        }
    }

 private:
    bool FindDirty(uint64_t begin, uint64_t end) const;

    std::vector<Line> lines_;  // allocated on first use
    uint32_t dirtyLines_ = 0;
};

}  // namespace npu_model
