// The residual of a dense measurement, and what its transpose makes of it, in one pass
// over the matrix: while a block of rows is in a cache it gives its residuals, and the
// sums that these add to the result.
//
// The code is compiled once per instruction set (dense_simd.cc) and the best one the
// processor has is picked at run time.
#ifndef GENCS_CORE_DENSE_H_
#define GENCS_CORE_DENSE_H_

#include <cstdint>

namespace gencs {

// residual <- A x - y, back <- A^T (A x - y).
template <typename T>
struct DenseCall {
  int64_t m, n, batch;
  const T* a;   // [m, n]
  const T* x;   // [batch, n]
  const T* y;   // [batch, m]
  T* residual;  // [batch, m]
  T* back;      // [batch, n]
};

// How threads share a call: a grid of parts, each of some rows of A and some of the
// batch. Results depend on `rows` alone, and that only on sizes and `threads`.
struct DenseGrid {
  int64_t rows, batch;  // how many parts each is cut into, at least 1

  int64_t parts() const { return rows * batch; }
};
DenseGrid DenseGridOf(
    int64_t m, int64_t n, int64_t batch, int64_t bytes_of_number, int64_t threads);

// How much scratch a part needs, 64-byte aligned.
constexpr int64_t kDenseWorkspaceBytes = int64_t{144} << 10;

// Computes the parts [begin, end), numbered along the batch first: their residuals,
// and what their rows add to back. Where grid.rows > 1, DenseAdd must follow.
//
// \param workspace  Scratch of kDenseWorkspaceBytes.
// \param sums       Scratch of all parts. The shape is [grid.rows - 1, batch, n].
template <typename T>
void DenseParts(int64_t begin,
                int64_t end,
                const DenseCall<T>& call,
                const DenseGrid& grid,
                T* workspace,
                T* sums);

// Adds the sums of the parts to the entries [begin, end) of back, as a flat array.
template <typename T>
void DenseAdd(int64_t begin,
              int64_t end,
              const DenseCall<T>& call,
              const DenseGrid& grid,
              const T* sums);

// About how many nanoseconds the work on so many rows of A takes, for schedulers.
int64_t DenseCost(int64_t rows, int64_t n, int64_t batch, int64_t bytes_of_number);

}  // namespace gencs

#endif  // GENCS_CORE_DENSE_H_
