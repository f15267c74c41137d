// Measures single values of signals, y[b, i] = x[b, rows[i]], and the transpose,
// for CPUs. Every signal may have rows of its own.
#ifndef GENCS_CORE_MASK_H_
#define GENCS_CORE_MASK_H_

#include <cstdint>

namespace gencs {

// Which values are measured.
struct MaskRows {
  const int32_t* rows;  // [m], or [batch, m] if each signal has its own
  int64_t m;
  bool own;

  const int32_t* Of(int64_t signal) const { return own ? rows + signal * m : rows; }
};

// Returns the index of the first of `count` rows outside [0, n), or -1.
int64_t MaskFirstOutside(const int32_t* rows, int64_t count, int64_t n);

// Measures the signals [begin, end) of a batch.
//
// REQUIRES: 0 <= rows < n.
//
// \param x  Signals. The shape is [batch, n].
// \param y  Output: measurements. The shape is [batch, m].
template <typename T>
void MaskMeasure(
    int64_t begin, int64_t end, const T* x, const MaskRows& rows, int64_t n, T* y);

// Applies the exact transpose to the signals [begin, end): x is zero but for
// what y adds to it; rows may repeat. The parameters are those of MaskMeasure.
template <typename T>
void MaskAdjoint(
    int64_t begin, int64_t end, const T* y, const MaskRows& rows, int64_t n, T* x);

// About how many nanoseconds one signal takes to measure, or to spread.
int64_t MaskMeasureCost(int64_t m);
int64_t MaskAdjointCost(int64_t m, int64_t n);

}  // namespace gencs

#endif  // GENCS_CORE_MASK_H_
