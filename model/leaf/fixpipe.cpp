// SPDX-License-Identifier: Apache-2.0
// Conversion of accumulators on their way out of L0C.
#include "leaf/arithmetic.h"
#include "leaf/convert.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

constexpr int kWidth = 16;  // elements of a column block

template <class Type>
using Stored = typename Unaligned<typename Type::Stored>::Type;

// Every conversion reads the 16 elements of a row of a column block and writes 16.
template <class Type, bool kRelu>
struct Keep {
    using Target = Type;
    NPU_LEAF_INLINE static void Row(const Stored<Type>* source, const FixpipeQuant*,
                                    Stored<Type>* target) {
        if constexpr (kRelu) {
            NPU_LEAF_INDEPENDENT
            for (int i = 0; i < kWidth; ++i) {
                target[i] = Type::Store(Relu(source[i]));
            }
        } else {
            CopyBlock(target, source);
            CopyBlock(target + kWidth / 2, source + kWidth / 2);
        }
    }
};

template <class Type, bool kRelu>
struct Round {
    using Target = Type;
    NPU_LEAF_INLINE static void Row(const Stored<F32>* source, const FixpipeQuant*,
                                    Stored<Type>* target) {
        float values[kWidth];
        NPU_LEAF_INDEPENDENT
        for (int i = 0; i < kWidth; ++i) {
            values[i] = Canonical(kRelu ? Relu(source[i]) : source[i]);
        }
        StoreChunk<Type, kWidth>(values, target);
    }
};

// source * scale, where a ReLU takes the sign of the source and 0 for the scale.
template <class Source, bool kRelu>
NPU_LEAF_INLINE void Scale(const Stored<Source>* source, const FixpipeQuant& quant, float* values) {
    NPU_LEAF_INDEPENDENT
    for (int i = 0; i < kWidth; ++i) {
        float value;
        if constexpr (kSame<Source, S32>) {
            const int32_t shifted = source[i] >> quant.shift[i];
            const int32_t atLeast = shifted < quant.lowest[i] ? quant.lowest[i] : shifted;
            value = static_cast<float>(atLeast > quant.highest[i] ? quant.highest[i] : atLeast);
        } else {
            value = source[i];
        }
        const float scaled = value * quant.scale[i];
        values[i] = kRelu && value < 0.0f ? 0.0f : scaled;
    }
}

template <bool kRelu>
struct ScaleToHalf {
    using Target = F16;
    NPU_LEAF_INLINE static void Row(const Stored<S32>* source, const FixpipeQuant* quant,
                                    Stored<F16>* target) {
        float values[kWidth];
        Scale<S32, kRelu>(source, *quant, values);
        StoreChunk<F16, kWidth>(values, target);
    }
};

// rint(source * scale) as a signed integer of 9 bits, plus the offset, clipped to the result.
template <class Source, bool kRelu>
struct ScaleToByte {
    using Target = U8;
    NPU_LEAF_INLINE static void Row(const Stored<Source>* source, const FixpipeQuant* quant,
                                    Stored<U8>* target) {
        float values[kWidth];
        Scale<Source, kRelu>(source, *quant, values);
        int32_t bytes[kWidth];
        NPU_LEAF_INDEPENDENT
        for (int i = 0; i < kWidth; ++i) {
            const float whole = Rounded<kRoundRint>(values[i]);
            const float number = whole == whole ? whole : 0.0f;
            const float atLeast = number < -256.0f ? -256.0f : number;
            const int32_t nine = static_cast<int32_t>(atLeast > 255.0f ? 255.0f : atLeast);
            const int32_t moved = nine + quant->offset[i];
            const int32_t clipped = moved < quant->least[i] ? quant->least[i] : moved;
            bytes[i] = clipped > quant->most[i] ? quant->most[i] : clipped;
        }
        NPU_LEAF_INDEPENDENT
        for (int i = 0; i < kWidth; ++i) {
            target[i] = static_cast<uint8_t>(bytes[i]);
        }
    }
};

template <class Source, class Op>
void Run(const FixpipeTile& tile) {
    using From = const Stored<Source>;
    using To = Stored<typename Op::Target>;
    const size_t bytes = tile.width * sizeof(To);
    for (uint32_t block = 0; block < tile.blocks; ++block) {
        const uint8_t* source = tile.source + block * tile.sourceBlock;
        uint8_t* target = tile.target + block * tile.targetBlock;
        const FixpipeQuant* quant = tile.quant + block * tile.quantBlock;
        if (tile.width == kWidth) {
            for (uint32_t row = 0; row < tile.rows; ++row) {
                Op::Row(reinterpret_cast<From*>(source), quant, reinterpret_cast<To*>(target));
                source += kWidth * sizeof(From);
                target += tile.targetRow;
            }
            continue;
        }
        for (uint32_t row = 0; row < tile.rows; ++row) {
            To narrow[kWidth];
            Op::Row(reinterpret_cast<From*>(source), quant, narrow);
            __builtin_memcpy(target, narrow, bytes);
            source += kWidth * sizeof(From);
            target += tile.targetRow;
        }
    }
}

template <bool kRelu>
void AddRelu(FixpipeFn (&functions)[kNpuTypeCount][kNpuTypeCount][2]) {
    functions[kNpuF32][kNpuF32][kRelu] = Run<F32, Keep<F32, kRelu>>;
    functions[kNpuF32][kNpuF16][kRelu] = Run<F32, Round<F16, kRelu>>;
    functions[kNpuF32][kNpuBf16][kRelu] = Run<F32, Round<Bf16, kRelu>>;
    functions[kNpuF32][kNpuS8][kRelu] = Run<F32, ScaleToByte<F32, kRelu>>;
    functions[kNpuF32][kNpuU8][kRelu] = Run<F32, ScaleToByte<F32, kRelu>>;
    functions[kNpuS32][kNpuS32][kRelu] = Run<S32, Keep<S32, kRelu>>;
    functions[kNpuS32][kNpuF16][kRelu] = Run<S32, ScaleToHalf<kRelu>>;
    functions[kNpuS32][kNpuS8][kRelu] = Run<S32, ScaleToByte<S32, kRelu>>;
    functions[kNpuS32][kNpuU8][kRelu] = Run<S32, ScaleToByte<S32, kRelu>>;
}

}  // namespace

void AddFixpipe(Table& table) {
    AddRelu<false>(table.fixpipe);
    AddRelu<true>(table.fixpipe);
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
