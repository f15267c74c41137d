// Random matrices A of shape (m, n) that are never stored, for CPUs: y = A x, its
// transpose, and A itself.
//
// Entry (i, j) of A is W(seed; i, j) / sqrt(m), where W does not depend on m or n.
// It comes from Philox4x32-10 with the key (seed[0]) and the counter (block, i,
// seed[1]), each seed as two words, lower one first:
//   Gaussian    a block of words w0 ... w3 gives four entries, the Box-Muller pairs
//               (0, 1) of (w0, w1) and (2, 3) of (w2, w3); see box_muller.h. Column j
//               is entry (j % 64) / 16 of block 16 (j / 64) + j % 16.
//   Rademacher  column j is bit j % 32 of word (j % 128) / 32 of block j / 128; 1
//               means -1.
//
// The products make a tile of A in a cache, multiply it with the whole batch, and
// forget it. The code is compiled once per instruction set (random_matrix_simd.cc)
// and the best one the processor has is picked at run time.
#ifndef GENCS_CORE_RANDOM_MATRIX_H_
#define GENCS_CORE_RANDOM_MATRIX_H_

#include <cstdint>

namespace gencs {

enum class RandomDistribution { kGaussian, kRademacher };

struct RandomMatrix {
  RandomDistribution distribution;
  uint64_t key, stream;   // seed[0] and seed[1]
  int64_t rows, columns;  // m and n, each from 0 to kRandomMaxSize
};

constexpr int64_t kRandomMaxSize = (int64_t{1} << 31) - 1;

// Where work can be cut: between any two rows, and between groups of columns.
constexpr int64_t kRandomGroup = 128;

// How much scratch the functions below need, 64-byte aligned.
constexpr int64_t kRandomWorkspaceBytes = int64_t{160} << 10;

// Measures: y[b, i] for the rows i in [begin, end) of A and the whole batch.
//
// \param x          Signals. The shape is [batch, n].
// \param workspace  Scratch of kRandomWorkspaceBytes.
// \param y          Output: measurements. The shape is [batch, m].
template <typename T>
void RandomMatrixMeasure(int64_t begin,
                         int64_t end,
                         const RandomMatrix& matrix,
                         const T* x,
                         int64_t batch,
                         T* workspace,
                         T* y);

// The exact transpose: x[b, j] for the columns j in [begin, end) of A.
// REQUIRES: begin is a multiple of kRandomGroup.
//
// \param y          Measurements. The shape is [batch, m].
// \param workspace  Scratch of kRandomWorkspaceBytes.
// \param x          Output: signals. The shape is [batch, n].
template <typename T>
void RandomMatrixAdjoint(int64_t begin,
                         int64_t end,
                         const RandomMatrix& matrix,
                         const T* y,
                         int64_t batch,
                         T* workspace,
                         T* x);

// Writes the entries of the rows [begin, end) in the columns [first, last).
// REQUIRES: first is a multiple of kRandomGroup, and so is last unless it is n.
//
// \param workspace  Scratch of kRandomWorkspaceBytes.
// \param a          Output. The shape is [m, n].
template <typename T>
void RandomMatrixFill(int64_t begin,
                      int64_t end,
                      int64_t first,
                      int64_t last,
                      const RandomMatrix& matrix,
                      T* workspace,
                      T* a);

// The words of the Philox blocks [block, block + blocks) of one row of any matrix
// with this key and stream. Block numbers wrap at 2^32.
//
// \param words  Output. The shape is [blocks, 4].
void RandomWords(uint64_t key,
                 uint64_t stream,
                 uint32_t row,
                 uint32_t block,
                 int64_t blocks,
                 uint32_t* words);

// About how many nanoseconds the work on so many entries of A takes, for schedulers.
int64_t RandomMatrixCost(int64_t entries, int64_t batch, int64_t bytes_of_number);

}  // namespace gencs

#endif  // GENCS_CORE_RANDOM_MATRIX_H_
