// J J' and J r for one instruction set; see isa.h for the rules that hold in this
// file.
//
// A piece is four rows of J against all rows up to them and the residual, in tiles of
// 4 x 3 inner products: 12 sums stay in registers, and 7 loads serve 12 multiply-adds.
// Long rows are cut into strips, so that the four rows stay in the first cache.
#include <cstdint>

#include "cc/core/isa.h"
#include "cc/core/normal_equations.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

constexpr int64_t kRows = kNormalRows;
constexpr int64_t kColumns = 3;
constexpr int64_t kStripBytes = 4096;  // of one row

typedef float Float4 __attribute__((vector_size(16)));
typedef double Double2 __attribute__((vector_size(16)));
#if defined(__AVX2__)
typedef float Float8 __attribute__((vector_size(32)));
typedef double Double4 __attribute__((vector_size(32)));
#endif
#if defined(__AVX512F__)
typedef float Float16 __attribute__((vector_size(64)));
typedef double Double8 __attribute__((vector_size(64)));
#endif

// Stores the sum of all entries of a, of b, of c and of d.
GENCS_INLINE void StoreSums(Float4 a, Float4 b, Float4 c, Float4 d, float* to) {
  const Float4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) +
                    __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Float4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) +
                    __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Float4 sums = __builtin_shufflevector(ab, cd, 0, 1, 4, 5) +
                      __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  __builtin_memcpy(to, &sums, sizeof(sums));
}

GENCS_INLINE void StoreSums(Double2 a, Double2 b, Double2 c, Double2 d, double* to) {
  const Double2 ab =
      __builtin_shufflevector(a, b, 0, 2) + __builtin_shufflevector(a, b, 1, 3);
  const Double2 cd =
      __builtin_shufflevector(c, d, 0, 2) + __builtin_shufflevector(c, d, 1, 3);
  __builtin_memcpy(to, &ab, sizeof(ab));
  __builtin_memcpy(to + 2, &cd, sizeof(cd));
}

// Longer vectors are folded in half first.
#if defined(__AVX2__)
GENCS_INLINE Float4 Fold(Float8 v) {
  return __builtin_shufflevector(v, v, 0, 1, 2, 3) +
         __builtin_shufflevector(v, v, 4, 5, 6, 7);
}
GENCS_INLINE Double2 Fold(Double4 v) {
  return __builtin_shufflevector(v, v, 0, 1) + __builtin_shufflevector(v, v, 2, 3);
}
#endif
#if defined(__AVX512F__)
GENCS_INLINE Float4 Fold(Float16 v) {
  return Fold(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
              __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
}
GENCS_INLINE Double2 Fold(Double8 v) {
  return Fold(__builtin_shufflevector(v, v, 0, 1, 2, 3) +
              __builtin_shufflevector(v, v, 4, 5, 6, 7));
}
#endif
#if defined(__AVX2__)
template <typename T, typename V>
GENCS_INLINE void StoreSums(V a, V b, V c, V d, T* to) {
  StoreSums(Fold(a), Fold(b), Fold(c), Fold(d), to);
}
#endif

// The last entries of a strip as a vector that ends in zeros. Where there is a whole
// vector before the end, it is loaded from there and what came before is masked.
template <typename T>
struct Tail {
  using V = typename Simd<T>::Vector;
  using Mask = decltype(V{} < V{});

  int64_t left;  // entries, fewer than a vector has
  int64_t back;  // from the start of the tail to where the load begins
  Mask mask;

  GENCS_INLINE Tail(int64_t full, int64_t left_over) : left(left_over) {
    constexpr int kWidth = Simd<T>::kWidth;
    back = full > 0 ? kWidth - left : 0;
    for (int i = 0; i < kWidth; ++i) {
      mask[i] = i >= back ? -1 : 0;
    }
  }

  template <bool kOverlaps>
  GENCS_INLINE V Load(const T* from) const {
    if (kOverlaps) {
      return reinterpret_cast<V>(reinterpret_cast<Mask>(Simd<T>::Load(from - back)) &
                                 mask);
    }
    V v{};
    for (int i = 0; i < Simd<T>::kWidth; ++i) {
      if (i < left) {
        v[i] = from[i];
      }
    }
    return v;
  }
};

// sums[column][row] = the inner products of four rows with three columns, which are
// `length` entries from `at` on.
template <typename T, bool kOverlaps>
GENCS_INLINE void Tile(const T* const* rows,
                       const T* const* columns,
                       int64_t vectors,
                       const Tail<T>& tail,
                       T* sums) {
  using V = typename Simd<T>::Vector;
  constexpr int kWidth = Simd<T>::kWidth;
  V total[kColumns][kRows] = {};
  for (int64_t v = 0; v < vectors; ++v) {
    V row[kRows];
    for (int i = 0; i < kRows; ++i) {
      row[i] = Simd<T>::Load(rows[i] + v * kWidth);
    }
    for (int c = 0; c < kColumns; ++c) {
      const V column = Simd<T>::Load(columns[c] + v * kWidth);
      for (int i = 0; i < kRows; ++i) {
        total[c][i] += row[i] * column;
      }
    }
  }
  if (tail.left > 0) {
    V row[kRows];
    for (int i = 0; i < kRows; ++i) {
      row[i] = tail.template Load<kOverlaps>(rows[i] + vectors * kWidth);
    }
    for (int c = 0; c < kColumns; ++c) {
      const V column = tail.template Load<kOverlaps>(columns[c] + vectors * kWidth);
      for (int i = 0; i < kRows; ++i) {
        total[c][i] += row[i] * column;
      }
    }
  }
  for (int c = 0; c < kColumns; ++c) {
    StoreSums(total[c][0], total[c][1], total[c][2], total[c][3], sums + c * kRows);
  }
}

// Rows first ... first + 3 of one problem.
template <typename T>
void Piece(const NormalEquationsCall<T>& call, int64_t lane, int64_t first) {
  constexpr int kWidth = Simd<T>::kWidth;
  constexpr int64_t kStrip = kStripBytes / sizeof(T);
  const int64_t k = call.size;
  const int64_t m = call.residuals;
  const T* jacobian = call.jacobian + lane * k * m;
  const T* residual = call.residual + lane * m;
  T* normal = call.normal + lane * k * k;
  T* gradient = call.gradient + lane * k;
  const int64_t end = first + kRows < k ? first + kRows : k;
  // The columns are rows 0 ... end - 1, then the residual.
  const auto result = [&](int64_t row, int64_t column) {
    return column < end ? normal + row * k + column : gradient + row;
  };
  for (int64_t row = first; row < end; ++row) {
    for (int64_t column = 0; column <= end; ++column) {
      *result(row, column) = T(0);
    }
  }
  for (int64_t at = 0; at < m; at += kStrip) {
    const int64_t length = m - at < kStrip ? m - at : kStrip;
    const int64_t vectors = length / kWidth;
    const Tail<T> tail(vectors, length % kWidth);
    const T* rows[kRows];
    for (int64_t i = 0; i < kRows; ++i) {  // past the end, the last one again
      rows[i] = jacobian + (first + i < end ? first + i : end - 1) * m + at;
    }
    for (int64_t column = 0; column <= end; column += kColumns) {
      const T* columns[kColumns];
      for (int64_t c = 0; c < kColumns; ++c) {
        columns[c] = (column + c < end ? jacobian + (column + c) * m : residual) + at;
      }
      T sums[kColumns * kRows];
      if (vectors > 0) {
        Tile<T, true>(rows, columns, vectors, tail, sums);
      } else {
        Tile<T, false>(rows, columns, vectors, tail, sums);
      }
      for (int64_t c = 0; c < kColumns && column + c <= end; ++c) {
        for (int64_t row = first; row < end; ++row) {
          *result(row, column + c) += sums[c * kRows + row - first];
        }
      }
    }
  }
  for (int64_t row = first; row < end; ++row) {
    for (int64_t column = 0; column < row; ++column) {
      normal[column * k + row] = normal[row * k + column];
    }
  }
}

template <typename T>
void Pieces(int64_t begin, int64_t end, const NormalEquationsCall<T>& call) {
  const int64_t blocks = call.size / kRows + (call.size % kRows != 0);
  for (int64_t piece = begin; piece < end; ++piece) {
    Piece(call, piece / blocks, piece % blocks * kRows);
  }
}

}  // namespace

void NormalEquations(int64_t begin,
                     int64_t end,
                     const NormalEquationsCall<float>& call) {
  Pieces(begin, end, call);
}
void NormalEquations(int64_t begin,
                     int64_t end,
                     const NormalEquationsCall<double>& call) {
  Pieces(begin, end, call);
}

}  // namespace GENCS_ISA
}  // namespace gencs
