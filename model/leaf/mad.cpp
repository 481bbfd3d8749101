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

// c[r] += a[r] x panel for kRows rows, k products each.
template <int kRows, bool kExactProducts, class Value>
NPU_LEAF_INLINE void AddRows(const Value* a, int64_t aStride, const Value* panel, int64_t k,
                             Value* c) {
    Vector<Value> sums[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
            sums[r][v] = reinterpret_cast<const Vector<Value>*>(c + r * kColumns)[v];
        }
    }
    for (int64_t i = 0; i < k; ++i) {
        const auto* row = reinterpret_cast<const Vector<Value>*>(panel + i * kColumns);
        for (int r = 0; r < kRows; ++r) {
            const Vector<Value> x = a[r * aStride + i] - Vector<Value>{};
            for (int v = 0; v < kVectors; ++v) {
                sums[r][v] = MultiplyAdd<kExactProducts, Value>(sums[r][v], x, row[v]);
            }
        }
    }
    for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
            reinterpret_cast<Vector<Value>*>(c + r * kColumns)[v] = sums[r][v];
        }
    }
}

template <int kRows, bool kExactProducts, class Value>
void AddLastRows(int rows, const Value* a, int64_t aStride, const Value* panel, int64_t k,
                 Value* c) {
    if constexpr (kRows > 0) {
        if (rows == kRows) {
            AddRows<kRows, kExactProducts>(a, aStride, panel, k, c);
        } else {
            AddLastRows<kRows - 1, kExactProducts>(rows, a, aStride, panel, k, c);
        }
    }
}

template <bool kExactProducts, class Value>
void AddPanel(int64_t m, const Value* a, int64_t aStride, const Value* panel, int64_t k, Value* c) {
    int64_t row = 0;
    for (; row + kBlockRows <= m; row += kBlockRows) {
        AddRows<kBlockRows, kExactProducts>(a + row * aStride, aStride, panel, k,
                                            c + row * kColumns);
    }
    AddLastRows<kBlockRows - 1, kExactProducts>(static_cast<int>(m - row), a + row * aStride,
                                                aStride, panel, k, c + row * kColumns);
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
          panel_(reinterpret_cast<Value*>(mad.scratch->panel)),
          tile_(reinterpret_cast<Value*>(mad.scratch->tile)) {}

    void Run() {
        LoadRows();
        const int64_t blockRows = (mad_.m + kRowsOfFractal - 1) / kRowsOfFractal * kRowsOfFractal;
        for (int64_t block = 0; block < columnBlocks_; ++block) {
            Value* c = reinterpret_cast<Value*>(mad_.c) + block * blockRows * kColumns;
            const int64_t left = mad_.n - block * kColumns;
            // Columns beyond n in memory keep what they hold.
            const bool direct = !kSaturates && left >= kColumns;
            Value* sums = direct ? c : tile_;
            const int64_t columns = left < kColumns ? left : kColumns;
            Start(c, sums, block, columns);
            for (int64_t k = 0; k < mad_.k; k += kPieceK) {
                const int64_t count = mad_.k - k < kPieceK ? mad_.k - k : kPieceK;
                LoadPanel(block, k, count);
                AddPanel<kExactProducts<Type>>(mad_.m, rows_ + k, RowStride(), panel_, count, sums);
            }
            Finish(sums, c, block, columns);
        }
    }

 private:
    using Value = typename Type::Value;
    using Element = typename Unaligned<typename Type::Stored>::Type;
    static constexpr int kK0 = static_cast<int>(kBlockBytes / sizeof(typename Type::Stored));
    static constexpr bool kSaturates = kSame<Value, int32_t>;

    int64_t RowStride() const { return fractalsOfK_ * kK0; }

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
    void LoadPanel(int64_t block, int64_t k, int64_t count) {
        Value fractal[kColumns * kK0];
        for (int64_t at = 0; at < count; at += kK0) {
            const uint8_t* source =
                mad_.b + ((k + at) / kK0 * columnBlocks_ + block) * kFractalBytes;
            LoadChunk<Type, kColumns * kK0>(reinterpret_cast<const Element*>(source), fractal);
            Value* target = panel_ + at * kColumns;
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
                c[row * kColumns + column] = Canonical(sum);
            }
        }
    }

    const Mad& mad_;
    int64_t fractalsOfK_;
    int64_t columnBlocks_;
    Value* rows_;
    Value* panel_;
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
