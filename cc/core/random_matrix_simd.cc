// Random matrices for one instruction set; see isa.h for the rules that hold in this
// file.
#include <cstdint>

#include "cc/core/isa.h"
#include "cc/core/matrix_products.h"
#include "cc/core/philox.h"
#include "cc/core/random_matrix.h"
#include "cc/core/random_matrix_tiles.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

GENCS_INLINE int64_t WholeGroups(int64_t columns) {
  return (columns + kRandomGroup - 1) / kRandomGroup * kRandomGroup;
}

static_assert(kTallColumns == kRandomGroup, "a tile of columns is a unit of work");
static_assert(kFlatBytes <= kRandomWorkspaceBytes, "");
static_assert(kTallBytes <= kRandomWorkspaceBytes, "");

template <typename T>
void Measure(int64_t begin,
             int64_t end,
             const RandomMatrix& matrix,
             const T* x,
             int64_t batch,
             T* workspace,
             T* y) {
  const int64_t m = matrix.rows, n = matrix.columns;
  for (int64_t b = 0; n == 0 && b < batch; ++b) {
    __builtin_memset(y + b * m + begin, 0, (end - begin) * sizeof(T));
  }
  for (int64_t row = begin; row < end; row += kFlatRows) {
    const int64_t rows = Smaller(kFlatRows, end - row);
    for (int64_t column = 0; column < n; column += kFlatColumns<T>) {
      const int64_t columns = Smaller(kFlatColumns<T>, n - column);
      const int64_t stride = kFlatColumns<T>;
      FillTile(matrix,
               Tile<T>{row, rows, column, WholeGroups(columns), stride, workspace});
      Dot(DotProblem<T>{workspace, stride, rows, columns, x + column, n, batch, y + row,
                        m, column > 0});
    }
  }
}

template <typename T>
void Adjoint(int64_t begin,
             int64_t end,
             const RandomMatrix& matrix,
             const T* y,
             int64_t batch,
             T* workspace,
             T* x) {
  const int64_t m = matrix.rows, n = matrix.columns;
  for (int64_t b = 0; m == 0 && b < batch; ++b) {
    __builtin_memset(x + b * n + begin, 0, (end - begin) * sizeof(T));
  }
  for (int64_t column = begin; column < end; column += kTallColumns) {
    const int64_t columns = Smaller(kTallColumns, end - column);
    for (int64_t row = 0; row < m; row += kTallRows<T>) {
      const int64_t rows = Smaller(kTallRows<T>, m - row);
      const int64_t stride = kTallStride<T>;
      FillTile(matrix,
               Tile<T>{row, rows, column, WholeGroups(columns), stride, workspace});
      Combine(CombineProblem<T>{workspace, stride, rows, columns, y + row, m, batch,
                                x + column, n, row > 0});
    }
  }
}

template <typename T>
void Fill(int64_t begin,
          int64_t end,
          int64_t first,
          int64_t last,
          const RandomMatrix& matrix,
          T* workspace,
          T* a) {
  const int64_t n = matrix.columns;
  const int64_t whole = last - last % kRandomGroup;
  const int64_t cut = last - whole;
  for (int64_t row = begin; row < end; row += kFlatRows) {
    const int64_t rows = Smaller(kFlatRows, end - row);
    FillTile(matrix, Tile<T>{row, rows, first, whole - first, n, a + row * n + first});
    if (cut > 0) {  // the group that n cuts
      FillTile(matrix,
               Tile<T>{row, rows, whole, kRandomGroup, kRandomGroup, workspace});
      for (int64_t i = 0; i < rows; ++i) {
        __builtin_memcpy(a + (row + i) * n + whole, workspace + i * kRandomGroup,
                         cut * sizeof(T));
      }
    }
  }
}

}  // namespace

#define GENCS_DEFINE(T)                                                            \
  void RandomMatrixMeasure(int64_t begin, int64_t end, const RandomMatrix& matrix, \
                           const T* x, int64_t batch, T* workspace, T* y) {        \
    Measure(begin, end, matrix, x, batch, workspace, y);                           \
  }                                                                                \
  void RandomMatrixAdjoint(int64_t begin, int64_t end, const RandomMatrix& matrix, \
                           const T* y, int64_t batch, T* workspace, T* x) {        \
    Adjoint(begin, end, matrix, y, batch, workspace, x);                           \
  }                                                                                \
  void RandomMatrixFill(int64_t begin, int64_t end, int64_t first, int64_t last,   \
                        const RandomMatrix& matrix, T* workspace, T* a) {          \
    Fill(begin, end, first, last, matrix, workspace, a);                           \
  }
GENCS_DEFINE(float)
GENCS_DEFINE(double)
#undef GENCS_DEFINE

void RandomWords(uint64_t key,
                 uint64_t stream,
                 uint32_t row,
                 uint32_t block,
                 int64_t blocks,
                 uint32_t* words) {
  const PhiloxKeys keys(key);
  for (int64_t first = 0; first < blocks; first += kWords) {
    const uint32_t even = block + static_cast<uint32_t>(first);
    const PhiloxState a =
        PhiloxBlocks(EverySecond(even), stream, keys).AtRow(row, keys);
    const PhiloxState b =
        PhiloxBlocks(EverySecond(even + 1), stream, keys).AtRow(row, keys);
    const Words merged[4] = {Merge(a.c0, b.c0), Merge(a.c1, b.c1), Merge(a.c2, b.c2),
                             Merge(a.c3, b.c3)};
    for (int lane = 0; lane < kWords && first + lane < blocks; ++lane) {
      for (int word = 0; word < 4; ++word) {
        words[4 * (first + lane) + word] = merged[word][lane];
      }
    }
  }
}

}  // namespace GENCS_ISA
}  // namespace gencs
