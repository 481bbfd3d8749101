// SPDX-License-Identifier: Apache-2.0
// AscReshapeAndCache: copies K and V of new tokens to their slots in a paged cache.
//
//   GM source --MTE2--> UB --MTE3--> GM cache
//
// A core owns a range of tokens and moves it in tiles of several tokens: one load a tile, one store
// a token. The two buffers let the loads run ahead of the stores.
#pragma once

#include "../common/kernel_entry.h"
#include "asc_reshape_and_cache_schedule.h"
#include "asc_reshape_and_cache_tiling.h"

namespace attn {

struct ReshapeAndCacheArguments {
    GM_ADDR key;          // [tokens or more, kvHeads, headDim]
    GM_ADDR value;        // [tokens or more, kvHeads, valueHeadDim]
    GM_ADDR slotMapping;  // [tokens] int32: block * blockSize + row; below 0: the token is skipped
    GM_ADDR keyCache;    // a CacheLayout of [blocks, blockSize, kvHeads, headDim], written in place
    GM_ADDR valueCache;  // the same of [blocks, blockSize, kvHeads, valueHeadDim]
};

template <class Element>
class ReshapeAndCacheVector {
 public:
    __aicore__ inline ReshapeAndCacheVector(const AscReshapeAndCacheTiling& tiling,
                                            const ReshapeAndCacheArguments& arguments,
                                            AscendC::TPipe* pipe)
        : tiling_(tiling) {
        key_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.key));
        value_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.value));
        slots_.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(arguments.slotMapping));
        keyCache_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.keyCache));
        valueCache_.SetGlobalBuffer(reinterpret_cast<__gm__ Element*>(arguments.valueCache));
        pipe->InitBuffer(tiles_, kCacheWriteStages, tiling.bufferBytes);
    }

    __aicore__ inline void Process(int32_t core, int32_t cores) {
        const TokenRange tokens = TokensOf(core, cores, tiling_.tokens);
        Write(keyCache_, key_, tiling_.key, tokens);
        Write(valueCache_, value_, tiling_.value, tokens);
    }

 private:
    using Global = AscendC::GlobalTensor<Element>;

    __aicore__ inline void Write(const Global& cache, const Global& source,
                                 const CacheWriteTiling& plan, TokenRange tokens) {
        for (int32_t piece = 0; piece < plan.pieces; piece += plan.piecesPerTile) {
            const int32_t pieces = Smaller(plan.piecesPerTile, plan.pieces - piece);
            for (int32_t column = 0; column < plan.pieceSize; column += plan.columns) {
                const int32_t columns = Smaller(plan.columns, plan.pieceSize - column);
                const int64_t from = int64_t{piece} * plan.pieceSize + column;
                WritePart(cache[piece * plan.pieceStride + column], source[from], plan, tokens,
                          pieces, columns);
            }
        }
    }

    // The same pieces and columns of all tokens.
    __aicore__ inline void WritePart(const Global& cache, const Global& source,
                                     const CacheWriteTiling& plan, TokenRange tokens,
                                     int32_t pieces, int32_t columns) {
        for (int32_t token = tokens.begin; token < tokens.end; token += plan.tokensPerTile) {
            const int32_t count = Smaller(plan.tokensPerTile, tokens.end - token);
            Load(source[token * plan.sourceStride], plan, count * pieces, columns);
            Store(cache, plan, token, count, pieces, columns);
        }
    }

    // Tile [tokens, pieces, columns], rows padded to data blocks.
    __aicore__ inline void Load(const Global& source, const CacheWriteTiling& plan, int32_t rows,
                                int32_t columns) {
        AscendC::LocalTensor<Element> tile = tiles_.template AllocTensor<Element>();
        const AscendC::DataCopyExtParams burst{static_cast<uint16_t>(rows), Bytes(columns),
                                               Bytes(plan.rowStride - columns), 0, 0};
        AscendC::DataCopyPad(tile, source, burst, AscendC::DataCopyPadExtParams<Element>());
        tiles_.EnQue(tile);
    }

    __aicore__ inline void Store(const Global& cache, const CacheWriteTiling& plan, int32_t token,
                                 int32_t tokens, int32_t pieces, int32_t columns) {
        AscendC::LocalTensor<Element> tile = tiles_.template DeQue<Element>();
        const AscendC::DataCopyExtParams burst{static_cast<uint16_t>(pieces), Bytes(columns), 0,
                                               Bytes(plan.pieceStride - columns), 0};
        const int32_t pitch = pieces * RowPitch(columns, sizeof(Element));
        for (int32_t i = 0; i < tokens; ++i) {
            const int32_t slot = slots_.GetValue(token + i);
            if (slot >= 0) {
                const int64_t target = slot / tiling_.blockSize * plan.blockStride +
                                       slot % tiling_.blockSize * plan.tokenStride;
                AscendC::DataCopyPad(cache[target], tile[i * pitch], burst);
            }
        }
        tiles_.FreeTensor(tile);
    }

    static __aicore__ inline uint32_t Bytes(int64_t elements) {
        return static_cast<uint32_t>(elements * static_cast<int64_t>(sizeof(Element)));
    }

    const AscReshapeAndCacheTiling& tiling_;
    Global key_;
    Global value_;
    AscendC::GlobalTensor<int32_t> slots_;
    Global keyCache_;
    Global valueCache_;
    AscendC::TQueBind<AscendC::TPosition::VECIN, AscendC::TPosition::VECOUT, 1> tiles_;
};

}  // namespace attn
