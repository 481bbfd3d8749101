// SPDX-License-Identifier: Apache-2.0
// The matrix product of the cube.
//
// The order of the sum is fixed, so that every level gives the same bits: an element starts from
// its initial value and takes the products of ascending k one by one, each product and each sum
// rounded to float (a product of halves is exact). Sums of integers are exact; adding the initial
// value saturates. What the hardware does is not published: this is an assumption.
//
// B is turned from rows of n into panels of 16 columns, a piece of k at a time, small enough for
// the first-level cache; C lies in memory as such panels already.
#include "leaf/mad_types.h"

namespace npu_model::leaf::NPU_LEAF_LEVEL {
namespace {

constexpr int kColumns = 16;  // of a panel, and of a fractal of C
constexpr int kRowsOfFractal = 16;
constexpr int64_t kFractalBytes = 512;  // of A and B
constexpr int kPieceK = 256;            // elements of k in a panel of B
constexpr int kPanelValues = kPieceK * kColumns;

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class Value>
struct VectorOf {
    typedef Value Type __attribute__((vector_size(kVectorBytes), may_alias, aligned(4)));
};

constexpr int kVectors = kColumns * 4 / kVectorBytes;  // a row of a panel
// Rows whose sums fit into the registers.
#if defined(__aarch64__)
constexpr int kBlockRows = 6;
#else
constexpr int kBlockRows = 12 / kVectors;
#endif

// Panels whose sums fit into the registers too.
#if defined(__AVX512F__)
constexpr int kMostPanels = 2;
#else
constexpr int kMostPanels = 1;
#endif

template <class Value>
using Vector = typename VectorOf<Value>::Type;

// Where a product rounds to itself, multiplying and adding in one step gives the same bits.
template <bool kExactProducts, class Value>
NPU_LEAF_INLINE Vector<Value> MultiplyAdd(Vector<Value> sum, Vector<Value> x, Vector<Value> y) {
#if defined(__AVX512F__)
    if constexpr (kExactProducts && kSame<Value, float>) {
        return _mm512_fmadd_ps(x, y, sum);
    }
#elif defined(__AVX2__) && defined(__FMA__)
    if constexpr (kExactProducts && kSame<Value, float>) {
        return _mm256_fmadd_ps(x, y, sum);
    }
#endif
    return sum + x * y;
}

// What the rows of a block are multiplied by, and where the sums are.
template <class Value>
struct Columns {
    const Value* panels;  // kPieceK rows each
    Value* c;
    int64_t cStride;  // from the sums of a panel to those of the next
    bool finishes;    // these are the last products of the sums

    NPU_LEAF_INLINE Columns At(int64_t row) const {
        return {panels, c + row * kColumns, cStride, finishes};
    }
};

template <class Value>
NPU_LEAF_INLINE Vector<Value> Finished(Vector<Value> sum) {
    if constexpr (kSame<Value, float>) {
        return sum == sum ? sum : FloatOf(kNanBits) - Vector<Value>{};
    } else {
        return sum;
    }
}

// c[r] += a[r] x panel for kRows rows, k products each, and for each of kPanels panels.
template <int kRows, int kPanels, bool kExactProducts, class Value>
NPU_LEAF_INLINE void AddRows(const Value* a, int64_t aStride, int64_t k,
                             const Columns<Value>& columns) {
    const auto at = [&](int row, int panel) {
        return reinterpret_cast<Vector<Value>*>(columns.c + panel * columns.cStride +
                                                row * kColumns);
    };
    Vector<Value> sums[kRows][kPanels][kVectors];
    for (int r = 0; r < kRows; ++r) {
        for (int p = 0; p < kPanels; ++p) {
            for (int v = 0; v < kVectors; ++v) {
                sums[r][p][v] = at(r, p)[v];
            }
        }
    }
    for (int64_t i = 0; i < k; ++i) {
        const Value* row = columns.panels + i * kColumns;
        for (int r = 0; r < kRows; ++r) {
            const Vector<Value> x = a[r * aStride + i] - Vector<Value>{};
            for (int p = 0; p < kPanels; ++p) {
                const auto* y = reinterpret_cast<const Vector<Value>*>(row + p * kPanelValues);
                for (int v = 0; v < kVectors; ++v) {
                    sums[r][p][v] = MultiplyAdd<kExactProducts, Value>(sums[r][p][v], x, y[v]);
                }
            }
        }
    }
    for (int r = 0; r < kRows; ++r) {
        for (int p = 0; p < kPanels; ++p) {
            for (int v = 0; v < kVectors; ++v) {
                at(r, p)[v] = columns.finishes ? Finished<Value>(sums[r][p][v]) : sums[r][p][v];
            }
        }
    }
}

template <int kRows, int kPanels, bool kExactProducts, class Value>
void AddLastRows(int rows, const Value* a, int64_t aStride, int64_t k,
                 const Columns<Value>& columns) {
    if constexpr (kRows > 0) {
        if (rows == kRows) {
            AddRows<kRows, kPanels, kExactProducts>(a, aStride, k, columns);
        } else {
            AddLastRows<kRows - 1, kPanels, kExactProducts>(rows, a, aStride, k, columns);
        }
    }
}

template <int kPanels, bool kExactProducts, class Value>
void AddPanels(int64_t m, const Value* a, int64_t aStride, int64_t k,
               const Columns<Value>& columns) {
    int64_t row = 0;
    for (; row + kBlockRows <= m; row += kBlockRows) {
        AddRows<kBlockRows, kPanels, kExactProducts>(a + row * aStride, aStride, k,
                                                     columns.At(row));
    }
    AddLastRows<kBlockRows - 1, kPanels, kExactProducts>(
        static_cast<int>(m - row), a + row * aStride, aStride, k, columns.At(row));
}

// 4 x 4 elements of 4 bytes; strides in elements.
template <class Value>
NPU_LEAF_INLINE void Transpose4(const Value* source, int64_t sourceStride, Value* target,
                                int64_t targetStride) {
    typedef Value Four __attribute__((vector_size(16), may_alias, aligned(4)));
    const auto row = [&](int i) {
        return *reinterpret_cast<const Four*>(source + i * sourceStride);
    };
    const auto store = [&](int i, Four value) {
        *reinterpret_cast<Four*>(target + i * targetStride) = value;
    };
    const Four low01 = __builtin_shufflevector(row(0), row(1), 0, 4, 1, 5);
    const Four high01 = __builtin_shufflevector(row(0), row(1), 2, 6, 3, 7);
    const Four low23 = __builtin_shufflevector(row(2), row(3), 0, 4, 1, 5);
    const Four high23 = __builtin_shufflevector(row(2), row(3), 2, 6, 3, 7);
    store(0, __builtin_shufflevector(low01, low23, 0, 1, 4, 5));
    store(1, __builtin_shufflevector(low01, low23, 2, 3, 6, 7));
    store(2, __builtin_shufflevector(high01, high23, 0, 1, 4, 5));
    store(3, __builtin_shufflevector(high01, high23, 2, 3, 6, 7));
}

template <class Type>
class Product {
 public:
    explicit Product(const Mad& mad)
        : mad_(mad),
          fractalsOfK_((mad.k + kK0 - 1) / kK0),
          columnBlocks_((mad.n + kColumns - 1) / kColumns),
          rows_(reinterpret_cast<Value*>(mad.scratch->rows)),
          panels_(reinterpret_cast<Value*>(mad.scratch->panels)),
          tile_(reinterpret_cast<Value*>(mad.scratch->tile)) {}

    void Run() {
        LoadRows();
        const int64_t whole = kSaturates ? 0 : mad_.n / kColumns;  // blocks summed where they lie
        int64_t block = 0;
        for (; block + kMostPanels <= whole; block += kMostPanels) {
            AddInPlace<kMostPanels>(block);
        }
        for (; block < whole; ++block) {
            AddInPlace<1>(block);
        }
        // Columns beyond n in memory keep what they hold.
        for (; block < columnBlocks_; ++block) {
            const int64_t left = mad_.n - block * kColumns;
            const int64_t columns = left < kColumns ? left : kColumns;
            Start(C(block), tile_, block, columns);
            Add<1>(block, tile_);
            Finish(tile_, C(block), block, columns);
        }
    }

 private:
    using Value = typename Type::Value;
    using Element = typename Unaligned<typename Type::Stored>::Type;
    static constexpr int kK0 = static_cast<int>(kBlockBytes / sizeof(typename Type::Stored));
    static constexpr bool kSaturates = kSame<Value, int32_t>;

    int64_t RowStride() const { return fractalsOfK_ * kK0; }
    int64_t BlockValues() const {
        return (mad_.m + kRowsOfFractal - 1) / kRowsOfFractal * kRowsOfFractal * kColumns;
    }
    Value* C(int64_t block) const {
        return reinterpret_cast<Value*>(mad_.c) + block * BlockValues();
    }

    template <int kPanels>
    void AddInPlace(int64_t block) {
        for (int p = 0; p < kPanels; ++p) {
            Start(C(block + p), C(block + p), block + p, kColumns);
        }
        Add<kPanels>(block, C(block));
    }

    // Adds all products of some blocks to `sums`.
    template <int kPanels>
    void Add(int64_t block, Value* sums) {
        for (int64_t k = 0; k < mad_.k; k += kPieceK) {
            const int64_t count = mad_.k - k < kPieceK ? mad_.k - k : kPieceK;
            for (int p = 0; p < kPanels; ++p) {
                LoadPanel(block + p, k, count, panels_ + p * kPanelValues);
            }
            AddPanels<kPanels, kExactProducts<Type>>(
                mad_.m, rows_ + k, RowStride(), count,
                Columns<Value>{panels_, sums, BlockValues(), k + count == mad_.k});
        }
    }

    // A as rows of values. A single row lies in L0A as a vector, not in fractals.
    void LoadRows() {
        const int64_t step = mad_.m == 1 ? kBlockBytes : kFractalBytes;
        for (int64_t row = 0; row < mad_.m; ++row) {
            const uint8_t* source = mad_.a +
                                    row / kRowsOfFractal * mad_.fractalsOfRow * kFractalBytes +
                                    row % kRowsOfFractal * kBlockBytes;
            Value* target = rows_ + row * RowStride();
            for (int64_t i = 0; i < fractalsOfK_; ++i) {
                LoadChunk<Type, kK0>(reinterpret_cast<const Element*>(source + i * step),
                                     target + i * kK0);
            }
        }
    }

    // The rows k .. k + count of 16 columns of B, whose fractals hold columns of k0 elements.
    void LoadPanel(int64_t block, int64_t k, int64_t count, Value* panel) const {
        Value fractal[kColumns * kK0];
        for (int64_t at = 0; at < count; at += kK0) {
            const uint8_t* source =
                mad_.b + ((k + at) / kK0 * columnBlocks_ + block) * kFractalBytes;
            LoadChunk<Type, kColumns * kK0>(reinterpret_cast<const Element*>(source), fractal);
            Value* target = panel + at * kColumns;
            for (int i = 0; i < kK0; i += 4) {
                for (int column = 0; column < kColumns; column += 4) {
                    Transpose4(fractal + column * kK0 + i, kK0, target + i * kColumns + column,
                               kColumns);
                }
            }
        }
    }

    NPU_LEAF_INLINE Value Initial(const Value* c, int64_t row, int64_t block,
                                  int64_t column) const {
        switch (mad_.initial) {
            case kMadFromZero:
                return 0;
            case kMadFromBias: {
                Value bias;
                __builtin_memcpy(&bias, mad_.bias + (block * kColumns + column) * 4, sizeof(bias));
                return bias;
            }
            default:
                return c[row * kColumns + column];
        }
    }

    // Puts the values to which the products are added into `sums`.
    void Start(const Value* c, Value* sums, int64_t block, int64_t columns) const {
        if (kSaturates || mad_.initial == kMadFromZero) {
            __builtin_memset(sums, 0, static_cast<size_t>(mad_.m * kColumns) * sizeof(Value));
            return;
        }
        if (sums == c && mad_.initial == kMadFromC) {
            return;
        }
        for (int64_t row = 0; row < mad_.m; ++row) {
            for (int64_t column = 0; column < columns; ++column) {
                sums[row * kColumns + column] = Initial(c, row, block, column);
            }
        }
    }

    void Finish(const Value* sums, Value* c, int64_t block, int64_t columns) const {
        for (int64_t row = 0; row < mad_.m; ++row) {
            if (columns == kColumns) {
                FinishRow(sums, c, row, block, kColumns);
            } else {
                FinishRow(sums, c, row, block, columns);
            }
        }
    }

    NPU_LEAF_INLINE void FinishRow(const Value* sums, Value* c, int64_t row, int64_t block,
                                   int64_t columns) const {
        NPU_LEAF_INDEPENDENT
        for (int64_t column = 0; column < columns; ++column) {
            const Value sum = sums[row * kColumns + column];
            if constexpr (kSaturates) {
                c[row * kColumns + column] = SaturatingAdd(Initial(c, row, block, column), sum);
            } else {
                c[row * kColumns + column] = sum;
            }
        }
    }

    const Mad& mad_;
    int64_t fractalsOfK_;
    int64_t columnBlocks_;
    Value* rows_;
    Value* panels_;
    Value* tile_;
};

template <class Type>
void Multiply(const Mad& mad) {
    Product<Type>(mad).Run();
}

}  // namespace

void AddMad(Table& table) {
    table.mad[kNpuF16] = Multiply<F16>;
    table.mad[kNpuBf16] = Multiply<Bf16>;
    table.mad[kNpuF32] = Multiply<F32>;
    table.mad[kNpuS8] = Multiply<S8>;
    table.madHf32[kHf32TiesToEven] = Multiply<Hf32<kHf32TiesToEven>>;
    table.madHf32[kHf32TiesToZero] = Multiply<Hf32<kHf32TiesToZero>>;
}

}  // namespace npu_model::leaf::NPU_LEAF_LEVEL
