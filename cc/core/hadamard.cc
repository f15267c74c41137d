#include "cc/core/hadamard.h"

#include <cmath>

#include "cc/core/isa.h"

namespace gencs {
namespace {

// REQUIRES: 1 <= n.
int64_t PowerOfTwoAtLeast(int64_t n) {
  int64_t size = 1;
  while (size < n) {
    size *= 2;
  }
  return size;
}

}  // namespace

int64_t HadamardSize(int64_t n) {
  const int64_t power = PowerOfTwoAtLeast(n);
  const int64_t twelve = 12 * PowerOfTwoAtLeast((n + 11) / 12);
  return power < twelve ? power : twelve;
}

template <typename T>
int64_t HadamardWorkspaceBytes(int64_t n) {
  const int64_t bytes = HadamardSize(n) * sizeof(T);
  const int64_t padded = bytes + bytes / kHadamardLeafBytes * kHadamardGapBytes;
  return (padded + 63) / 64 * 64;
}

int64_t HadamardRowCost(int64_t n, int64_t m) {
  const double size = static_cast<double>(HadamardSize(n));
  // Measured at about 16 butterfly levels of a float per cycle, and one
  // selected row per cycle.
  return static_cast<int64_t>(size * (std::log2(size) + 2.0) / 40.0 + 0.4 * m) +
         20;
}

template <typename T>
void HadamardMeasure(int64_t begin,
                     int64_t end,
                     const T* x,
                     const int8_t* signs,
                     const int32_t* rows,
                     int64_t n,
                     int64_t m,
                     T* workspace,
                     T* y) {
  GENCS_FOR_BEST_ISA(HadamardMeasure(begin, end, x, signs, rows, n, m,
                                     HadamardSize(n), workspace, y));
}

template <typename T>
void HadamardAdjoint(int64_t begin,
                     int64_t end,
                     const T* y,
                     const int8_t* signs,
                     const int32_t* rows,
                     int64_t n,
                     int64_t m,
                     T* workspace,
                     T* x) {
  GENCS_FOR_BEST_ISA(HadamardAdjoint(begin, end, y, signs, rows, n, m,
                                     HadamardSize(n), workspace, x));
}

#define GENCS_INSTANTIATE(T)                                                  \
  template int64_t HadamardWorkspaceBytes<T>(int64_t);                        \
  template void HadamardMeasure<T>(int64_t, int64_t, const T*, const int8_t*, \
                                   const int32_t*, int64_t, int64_t, T*, T*); \
  template void HadamardAdjoint<T>(int64_t, int64_t, const T*, const int8_t*, \
                                   const int32_t*, int64_t, int64_t, T*, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace gencs
