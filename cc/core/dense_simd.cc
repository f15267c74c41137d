// Residuals of a dense measurement for one instruction set; see isa.h for the rules
// that hold in this file.
#include <cstdint>

#include "cc/core/dense.h"
#include "cc/core/isa.h"
#include "cc/core/matrix_products.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

static_assert(kFlatBytes <= kDenseWorkspaceBytes, "");
static_assert(kTallBytes <= kDenseWorkspaceBytes, "");

// Rows of A between the two products. For a few signals they stay in the L2 cache,
// because to read A takes longest; for many, long sums are worth more.
constexpr int64_t kManySignals = 13;
constexpr int64_t kFewRowsBytes = int64_t{192} << 10;
constexpr int64_t kManyRows = 240;
constexpr int64_t kCachedBytes = int64_t{400} << 10;

template <typename T>
GENCS_INLINE int64_t RowsOfBlock(int64_t n, int64_t batch) {
  const int64_t few = kFewRowsBytes / static_cast<int64_t>(sizeof(T)) / (n + 1) / 8 * 8;
  if (batch >= kManySignals || few > kManyRows) {
    return kManyRows;
  }
  return few < 8 ? 8 : few;
}

// Whether to copy A, tile by tile: where it is too large for the L2 cache, or where
// entries of a column share few sets of the L1 cache.
template <typename T>
GENCS_INLINE bool Copies(int64_t m, int64_t n, int64_t batch) {
  const int64_t row = n * static_cast<int64_t>(sizeof(T));
  const int64_t block = Smaller(m, kManyRows) * row;
  return batch >= kManySignals && (row % 512 == 0 || block > kCachedBytes);
}

// Rows [row, row + rows) of A, for the signals [first, first + batch).
struct Piece {
  int64_t row, rows, first, batch;
};

// Columns that A does not have become zeros: Combine reads them, if for nothing.
template <typename T>
void CopyTile(const T* a,
              int64_t a_stride,
              int64_t rows,
              int64_t columns,
              int64_t stride,
              T* tile) {
  for (int64_t i = 0; i < rows; ++i) {
    T* row = tile + i * stride;
    __builtin_memcpy(row, a + i * a_stride, columns * sizeof(T));
    __builtin_memset(row + columns, 0, (stride - columns) * sizeof(T));
  }
}

template <typename T>
void Measure(const DenseCall<T>& call, const Piece& piece, T* workspace) {
  const int64_t m = call.m, n = call.n;
  const bool copy = Copies<T>(m, n, piece.batch);
  for (int64_t i = 0; i < piece.rows; i += kFlatRows) {
    const int64_t row = piece.row + i;
    const int64_t rows = Smaller(kFlatRows, piece.rows - i);
    T* y = call.residual + piece.first * m + row;
    int64_t column = 0;
    do {
      const int64_t columns = Smaller(kFlatColumns<T>, n - column);
      const T* a = call.a + row * n + column;
      const T* x = call.x + piece.first * n + column;
      const bool add = column > 0;
      if (copy) {
        const int64_t stride = kFlatColumns<T>;
        CopyTile(a, n, rows, columns, stride, workspace);
        Dot(DotProblem<T>{workspace, stride, rows, columns, x, n, piece.batch, y, m,
                          add});
      } else {
        Dot(DotProblem<T>{a, n, rows, columns, x, n, piece.batch, y, m, add});
      }
      column += columns;
    } while (column < n);
  }
  for (int64_t b = piece.first; b < piece.first + piece.batch; ++b) {
    const T* y = call.y + b * m;
    T* residual = call.residual + b * m;
    for (int64_t i = piece.row; i < piece.row + piece.rows; ++i) {
      residual[i] -= y[i];
    }
  }
}

template <typename T>
void Adjoint(const DenseCall<T>& call,
             const Piece& piece,
             bool add,
             T* workspace,
             T* back) {
  constexpr int64_t kPair = 2 * Simd<T>::kWidth;
  static_assert(kTallColumns % kPair == 0, "");
  const int64_t m = call.m, n = call.n;
  const T* y = call.residual + piece.first * m + piece.row;
  T* x = back + piece.first * n;
  const T* a = call.a + piece.row * n;
  // Combine reads pairs of vectors: those that the end of a row cuts are copied, too.
  const int64_t whole = Copies<T>(m, n, piece.batch) ? 0 : n - n % kPair;
  if (whole > 0) {
    Combine(
        CombineProblem<T>{a, n, piece.rows, whole, y, m, piece.batch, x, n, add});
  }
  for (int64_t column = whole; column < n; column += kTallColumns) {
    const int64_t columns = Smaller(kTallColumns, n - column);
    for (int64_t i = 0; i < piece.rows; i += kTallRows<T>) {
      const int64_t rows = Smaller(kTallRows<T>, piece.rows - i);
      const int64_t stride = kTallStride<T>;
      CopyTile(a + i * n + column, n, rows, columns, stride, workspace);
      Combine(CombineProblem<T>{workspace, stride, rows, columns, y + i, m, piece.batch,
                                x + column, n, add || i > 0});
    }
  }
}

template <typename T>
void Part(const DenseCall<T>& call, const Piece& piece, T* workspace, T* back) {
  const int64_t n = call.n;
  if (piece.rows == 0) {
    __builtin_memset(back + piece.first * n, 0, piece.batch * n * sizeof(T));
  }
  const int64_t most = RowsOfBlock<T>(n, piece.batch);
  for (int64_t i = 0; i < piece.rows; i += most) {
    const Piece block = {piece.row + i, Smaller(most, piece.rows - i), piece.first,
                         piece.batch};
    Measure(call, block, workspace);
    Adjoint(call, block, i > 0, workspace, back);
  }
}

template <typename T>
void Parts(int64_t begin,
           int64_t end,
           const DenseCall<T>& call,
           const DenseGrid& grid,
           T* workspace,
           T* sums) {
  for (int64_t part = begin; part < end; ++part) {
    const int64_t row_part = part / grid.batch;
    const Block rows = BlockOf(row_part, call.m, grid.rows);
    const Block batch = BlockOf(part % grid.batch, call.batch, grid.batch);
    T* back =
        row_part == 0 ? call.back : sums + (row_part - 1) * call.batch * call.n;
    if (batch.size > 0) {
      Part(call, Piece{rows.first, rows.size, batch.first, batch.size}, workspace,
           back);
    }
  }
}

template <typename T>
void Add(int64_t begin,
         int64_t end,
         const DenseCall<T>& call,
         const DenseGrid& grid,
         const T* sums) {
  const int64_t entries = call.batch * call.n;
  T* back = call.back;
  for (int64_t part = 0; part < grid.rows - 1; ++part) {
    const T* sum = sums + part * entries;
    for (int64_t i = begin; i < end; ++i) {
      back[i] += sum[i];
    }
  }
}

}  // namespace

#define GENCS_DEFINE(T)                                                              \
  void DenseParts(int64_t begin, int64_t end, const DenseCall<T>& call,              \
                  const DenseGrid& grid, T* workspace, T* sums) {                    \
    Parts(begin, end, call, grid, workspace, sums);                                  \
  }                                                                                  \
  void DenseAdd(int64_t begin, int64_t end, const DenseCall<T>& call,                \
                const DenseGrid& grid, const T* sums) {                              \
    Add(begin, end, call, grid, sums);                                               \
  }
GENCS_DEFINE(float)
GENCS_DEFINE(double)
#undef GENCS_DEFINE

}  // namespace GENCS_ISA
}  // namespace gencs
