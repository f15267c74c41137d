#include "cc/core/dense.h"

#include <algorithm>

#include "cc/core/isa.h"

namespace gencs {
namespace {

// A part that is smaller spends too much of its time on what all parts share.
constexpr int64_t kBatchOfPart = 24;
constexpr int64_t kManySignals = 96;  // of a part that copies A, tile by tile
constexpr int64_t kRowsOfPart = 48;
constexpr int64_t kNsOfPart = 20000;

// A matrix of up to so many bytes is read from a cache, again and again for nothing.
constexpr int64_t kCachedBytes = int64_t{1} << 20;

// The sums of all parts take at most so many bytes.
constexpr int64_t kMaxSumsBytes = int64_t{64} << 20;

}  // namespace

DenseGrid DenseGridOf(
    int64_t m, int64_t n, int64_t batch, int64_t bytes_of_number, int64_t threads) {
  const int64_t parts =
      std::min(threads, DenseCost(m, n, batch, bytes_of_number) / kNsOfPart);
  if (parts <= 1 || batch == 0) {
    return {1, 1};
  }
  // Parts of the batch cost nothing but that each reads A; parts of the rows cost
  // additions at the end. More parts than threads even out what else slows a thread.
  const bool cached = m * n <= kCachedBytes / bytes_of_number;
  const int64_t batch_of_part = cached ? 4 : kBatchOfPart;
  if (batch >= parts * batch_of_part) {
    const int64_t wanted = batch / (parts * (cached ? kBatchOfPart : kManySignals));
    return {1, parts * std::min<int64_t>(4, std::max<int64_t>(1, wanted))};
  }
  const int64_t of_batch = std::max<int64_t>(1, batch / batch_of_part);
  const int64_t affordable = kMaxSumsBytes / bytes_of_number / (batch * n);
  const int64_t of_rows =
      std::min({(parts + of_batch - 1) / of_batch, m / kRowsOfPart, 1 + affordable});
  return {std::max<int64_t>(1, of_rows), of_batch};
}

int64_t DenseCost(int64_t rows, int64_t n, int64_t batch, int64_t bytes_of_number) {
  // Measured on an AVX2 core: 0.5 ns to read a float from memory and 0.046 ns to use
  // it in both products.
  const double ns = (0.125 + 0.0115 * batch) * bytes_of_number;
  return 1 + static_cast<int64_t>(ns * static_cast<double>(rows) * n);
}

#define GENCS_DECLARE(T)                                                               \
  void DenseParts(int64_t begin, int64_t end, const DenseCall<T>& call,                \
                  const DenseGrid& grid, T* workspace, T* sums);                       \
  void DenseAdd(int64_t begin, int64_t end, const DenseCall<T>& call,                  \
                const DenseGrid& grid, const T* sums);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

template <typename T>
void DenseParts(int64_t begin,
                int64_t end,
                const DenseCall<T>& call,
                const DenseGrid& grid,
                T* workspace,
                T* sums) {
  GENCS_FOR_BEST_ISA(DenseParts(begin, end, call, grid, workspace, sums));
}

template <typename T>
void DenseAdd(int64_t begin,
              int64_t end,
              const DenseCall<T>& call,
              const DenseGrid& grid,
              const T* sums) {
  GENCS_FOR_BEST_ISA(DenseAdd(begin, end, call, grid, sums));
}

#define GENCS_INSTANTIATE(T)                                                         \
  template void DenseParts<T>(int64_t, int64_t, const DenseCall<T>&,                 \
                              const DenseGrid&, T*, T*);                             \
  template void DenseAdd<T>(int64_t, int64_t, const DenseCall<T>&, const DenseGrid&, \
                            const T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace gencs
