// SPDX-License-Identifier: Apache-2.0
// The tiles of L0C that products have written, for the interlock of the cube: it orders products of
// 10 fractals or more into one and the same tile. Source: Ascend C API, Mmad, synchronisation.
#pragma once

#include <array>
#include <cstdint>

namespace npu_model {

class ProductTiles {
 public:
    static constexpr uint32_t kAlignment = 1024;  // of a tile's start

    // Number of the instruction of pipe M that a product into the tile is ordered behind; 0 where
    // the interlock does not hold.
    uint32_t OrderedBehind(uint32_t start, uint32_t m, uint32_t n) const {
        constexpr uint32_t kFewest = 10;
        const Tile& tile = tiles_[start / kAlignment];
        const bool same = tile.m == m && tile.n == n;
        return same && (m / 16) * (n / 16) >= kFewest ? tile.number : 0;
    }
    void Record(uint32_t start, uint32_t m, uint32_t n, uint32_t number) {
        tiles_[start / kAlignment] = {m, n, number};
    }

 private:
    struct Tile {
        uint32_t m = 0;
        uint32_t n = 0;
        uint32_t number = 0;  // of the last product that starts here
    };
    std::array<Tile, 128 * 1024 / kAlignment> tiles_{};
};

}  // namespace npu_model
