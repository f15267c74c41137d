// Weighted sums of rows, and of the columns of panels of rows, for
// blur_downsample_simd.cc; see isa.h for the rules that hold here.
//
// A horizontal pass strides over pixels of few channels, which no vector likes.
// So as many rows as a vector has lanes go through it together, transposed into a
// "panel": one vector per column, one lane per row. Every stride is then a stride
// over whole vectors.
#ifndef GENCS_CORE_BLUR_PANELS_H_
#define GENCS_CORE_BLUR_PANELS_H_

#include <cstdint>

#include "cc/core/simd.h"
#include "cc/core/simd_transpose.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

template <typename T>
GENCS_INLINE typename Simd<T>::Vector LoadUpTo(int64_t count, const T* from) {
  typename Simd<T>::Vector v = {};
  __builtin_memcpy(&v, from, count * sizeof(T));
  return v;
}

template <typename T>
GENCS_INLINE void StoreUpTo(int64_t count, typename Simd<T>::Vector v, T* to) {
  __builtin_memcpy(to, &v, count * sizeof(T));
}

// Where to work on the columns from `column` on: a whole vector of them, unless
// there are fewer in all. The last vector overlaps the one before.
template <typename T>
GENCS_INLINE int64_t VectorAt(int64_t column, int64_t columns) {
  const int64_t last = columns - Simd<T>::kWidth;
  return column <= last ? column : (last > 0 ? last : 0);
}

// panel[column][lane] <- rows[lane][column].
template <typename T>
void RowsToPanel(const T* const* rows, int64_t columns, T* panel) {
  using S = Simd<T>;
  for (int64_t column = 0; column < columns; column += S::kWidth) {
    const int64_t at = VectorAt<T>(column, columns);
    const bool whole = columns >= S::kWidth;
    typename S::Vector a[S::kWidth];
#pragma GCC unroll 16
    for (int r = 0; r < S::kWidth; ++r) {
      a[r] = whole ? S::Load(rows[r] + at) : LoadUpTo(columns, rows[r]);
    }
    Transpose<T>(a);
#pragma GCC unroll 16
    for (int r = 0; r < S::kWidth; ++r) {
      if (whole || r < columns) {
        S::Store(a[r], panel + (at + r) * S::kWidth);
      }
    }
  }
}

// rows[lane][column] <- panel[column][lane]. Panels have kWidth columns to spare.
template <typename T>
void PanelToRows(const T* panel, int64_t columns, T* const* rows, int lanes) {
  using S = Simd<T>;
  for (int64_t column = 0; column < columns; column += S::kWidth) {
    const int64_t at = VectorAt<T>(column, columns);
    typename S::Vector a[S::kWidth];
#pragma GCC unroll 16
    for (int r = 0; r < S::kWidth; ++r) {
      a[r] = S::Load(panel + (at + r) * S::kWidth);
    }
    Transpose<T>(a);
#pragma GCC unroll 16
    for (int r = 0; r < S::kWidth; ++r) {
      if (r < lanes && columns >= S::kWidth) {
        S::Store(a[r], rows[r] + at);
      } else if (r < lanes) {
        StoreUpTo(columns, a[r], rows[r]);
      }
    }
  }
}

// to[0:columns] <- sum_i weights[i] * rows[i], N vectors at a time from `at` on
// while they fit; returns where it stopped.
template <int N, typename T>
GENCS_INLINE int64_t AddRows(const T* const* rows,
                             const T* weights,
                             int64_t count,
                             int64_t at,
                             int64_t columns,
                             T* to) {
  using S = Simd<T>;
  for (; at + N * S::kWidth <= columns; at += N * S::kWidth) {
    typename S::Vector a[N] = {};
    for (int64_t i = 0; i < count; ++i) {
      const T* row = rows[i] + at;
      const T weight = weights[i];
#pragma GCC unroll 8
      for (int k = 0; k < N; ++k) {
        a[k] += weight * S::Load(row + k * S::kWidth);
      }
    }
#pragma GCC unroll 8
    for (int k = 0; k < N; ++k) {
      S::Store(a[k], to + at + k * S::kWidth);
    }
  }
  return at;
}

template <typename T>
void AddAllRows(
    const T* const* rows, const T* weights, int64_t count, int64_t columns, T* to) {
  using S = Simd<T>;
  int64_t at = AddRows<8>(rows, weights, count, 0, columns, to);
  at = AddRows<4>(rows, weights, count, at, columns, to);
  at = AddRows<2>(rows, weights, count, at, columns, to);
  at = AddRows<1>(rows, weights, count, at, columns, to);
  if (at == columns) {
    return;
  }
  if (columns >= S::kWidth) {  // the last vector overlaps the one before
    AddRows<1>(rows, weights, count, columns - S::kWidth, columns, to);
    return;
  }
  typename S::Vector a = {};
  for (int64_t i = 0; i < count; ++i) {
    a += weights[i] * LoadUpTo(columns, rows[i]);
  }
  StoreUpTo(columns, a, to);
}

// A weighted sum of `count` vectors: sum_j weights[j * weight_step] from[j * step].
template <typename T>
struct Taps {
  const T* weights;
  int64_t weight_step;
  int64_t step;
  int64_t count;
};

// to[r * to_step] <- the sum from from + r * from_step on, r < N.
template <int N, typename T>
GENCS_INLINE void SumTaps(
    const Taps<T>& taps, const T* from, int64_t from_step, T* to, int64_t to_step) {
  using S = Simd<T>;
  typename S::Vector a[N] = {};
  for (int64_t j = 0; j < taps.count; ++j) {
    const T weight = taps.weights[j * taps.weight_step];
#pragma GCC unroll 8
    for (int r = 0; r < N; ++r) {
      a[r] += weight * S::Load(from + r * from_step + j * taps.step);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < N; ++r) {
    S::Store(a[r], to + r * to_step);
  }
}

template <typename T>
void SumManyTaps(const Taps<T>& taps,
                 int64_t repeats,
                 const T* from,
                 int64_t from_step,
                 T* to,
                 int64_t to_step) {
  int64_t r = 0;
  for (; r + 8 <= repeats; r += 8) {
    SumTaps<8>(taps, from + r * from_step, from_step, to + r * to_step, to_step);
  }
  for (; r + 4 <= repeats; r += 4) {
    SumTaps<4>(taps, from + r * from_step, from_step, to + r * to_step, to_step);
  }
  for (; r + 2 <= repeats; r += 2) {
    SumTaps<2>(taps, from + r * from_step, from_step, to + r * to_step, to_step);
  }
  for (; r < repeats; ++r) {
    SumTaps<1>(taps, from + r * from_step, from_step, to + r * to_step, to_step);
  }
}

// Copies or adds a pixel of a panel.
template <bool kAdd, typename T>
GENCS_INLINE void MovePixel(const T* from, int64_t pixel, T* to) {
  using S = Simd<T>;
  for (int64_t c = 0; c < pixel; c += S::kWidth) {
    const typename S::Vector v = S::Load(from + c);
    S::Store(kAdd ? S::Load(to + c) + v : v, to + c);
  }
}

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_BLUR_PANELS_H_
