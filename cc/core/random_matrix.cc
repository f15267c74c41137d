#include "cc/core/random_matrix.h"

#include "cc/core/isa.h"

namespace gencs {

#define GENCS_DECLARE(T)                                                           \
  void RandomMatrixMeasure(int64_t begin, int64_t end, const RandomMatrix& matrix, \
                           const T* x, int64_t batch, T* workspace, T* y);         \
  void RandomMatrixAdjoint(int64_t begin, int64_t end, const RandomMatrix& matrix, \
                           const T* y, int64_t batch, T* workspace, T* x);         \
  void RandomMatrixFill(int64_t begin, int64_t end, int64_t first, int64_t last,   \
                        const RandomMatrix& matrix, T* workspace, T* a);           \
  void RandomWords(uint64_t key, uint64_t stream, uint32_t row, uint32_t block,    \
                   int64_t blocks, uint32_t* words);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

template <typename T>
void RandomMatrixMeasure(int64_t begin,
                         int64_t end,
                         const RandomMatrix& matrix,
                         const T* x,
                         int64_t batch,
                         T* workspace,
                         T* y) {
  GENCS_FOR_BEST_ISA(RandomMatrixMeasure(begin, end, matrix, x, batch, workspace, y));
}

template <typename T>
void RandomMatrixAdjoint(int64_t begin,
                         int64_t end,
                         const RandomMatrix& matrix,
                         const T* y,
                         int64_t batch,
                         T* workspace,
                         T* x) {
  GENCS_FOR_BEST_ISA(RandomMatrixAdjoint(begin, end, matrix, y, batch, workspace, x));
}

template <typename T>
void RandomMatrixFill(int64_t begin,
                      int64_t end,
                      int64_t first,
                      int64_t last,
                      const RandomMatrix& matrix,
                      T* workspace,
                      T* a) {
  GENCS_FOR_BEST_ISA(RandomMatrixFill(begin, end, first, last, matrix, workspace, a));
}

void RandomWords(uint64_t key,
                 uint64_t stream,
                 uint32_t row,
                 uint32_t block,
                 int64_t blocks,
                 uint32_t* words) {
  GENCS_FOR_BEST_ISA(RandomWords(key, stream, row, block, blocks, words));
}

int64_t RandomMatrixCost(int64_t entries, int64_t batch, int64_t bytes_of_number) {
  // Measured on an AVX2 core: about 0.8 ns to make a float and 0.022 ns to use it.
  const double of_double = bytes_of_number == sizeof(double) ? 1.0 : 0.0;
  const double ns = 0.8 + 3.0 * of_double + (0.022 + 0.022 * of_double) * batch;
  return 1 + static_cast<int64_t>(ns * static_cast<double>(entries));
}

#define GENCS_INSTANTIATE(T)                                                  \
  template void RandomMatrixMeasure<T>(int64_t, int64_t, const RandomMatrix&, \
                                       const T*, int64_t, T*, T*);            \
  template void RandomMatrixAdjoint<T>(int64_t, int64_t, const RandomMatrix&, \
                                       const T*, int64_t, T*, T*);            \
  template void RandomMatrixFill<T>(int64_t, int64_t, int64_t, int64_t,       \
                                    const RandomMatrix&, T*, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace gencs
