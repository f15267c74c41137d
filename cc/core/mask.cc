#include "cc/core/mask.h"

#include <algorithm>

namespace gencs {

int64_t MaskFirstOutside(const int32_t* rows, int64_t count, int64_t n) {
  // No branch in the loop that all rows pass, so that it is vectorised.
  const uint32_t limit = static_cast<uint32_t>(std::min<int64_t>(n, INT32_MAX));
  // A row of INT32_MAX needs n = 2^31 or more, where only negative ones are wrong.
  const uint32_t bound = n > INT32_MAX ? uint32_t{1} << 31 : limit;
  uint32_t outside = 0;
  for (int64_t i = 0; i < count; ++i) {
    outside |= static_cast<uint32_t>(rows[i]) >= bound;
  }
  if (outside == 0) {
    return -1;
  }
  int64_t i = 0;
  while (static_cast<uint32_t>(rows[i]) < bound) {
    ++i;
  }
  return i;
}

template <typename T>
void MaskMeasure(
    int64_t begin, int64_t end, const T* x, const MaskRows& rows, int64_t n, T* y) {
  for (int64_t b = begin; b < end; ++b) {
    const int32_t* own = rows.Of(b);
    const T* from = x + b * n;
    T* to = y + b * rows.m;
#pragma GCC unroll 8
    for (int64_t i = 0; i < rows.m; ++i) {
      to[i] = from[own[i]];
    }
  }
}

template <typename T>
void MaskAdjoint(
    int64_t begin, int64_t end, const T* y, const MaskRows& rows, int64_t n, T* x) {
  for (int64_t b = begin; b < end; ++b) {
    const int32_t* own = rows.Of(b);
    const T* from = y + b * rows.m;
    T* to = x + b * n;
    std::fill(to, to + n, T(0));
    for (int64_t i = 0; i < rows.m; ++i) {
      to[own[i]] += from[i];
    }
  }
}

// Measured at about two values gathered or scattered, or 12 cleared, a nanosecond.
int64_t MaskMeasureCost(int64_t m) { return m / 2 + 10; }
int64_t MaskAdjointCost(int64_t m, int64_t n) { return m / 2 + n / 12 + 10; }

#define GENCS_INSTANTIATE(T)                                                         \
  template void MaskMeasure<T>(int64_t, int64_t, const T*, const MaskRows&, int64_t, \
                               T*);                                                  \
  template void MaskAdjoint<T>(int64_t, int64_t, const T*, const MaskRows&, int64_t, \
                               T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace gencs
