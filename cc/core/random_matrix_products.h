// Products of a tile of a matrix with a batch of rows, blocked so that sums stay in
// registers. Only for *_simd.cc files: see isa.h.
//
// Every sum runs in an order that depends on nothing but its own row and column:
// results do not change with the batch or with the number of threads.
#ifndef GENCS_CORE_RANDOM_MATRIX_PRODUCTS_H_
#define GENCS_CORE_RANDOM_MATRIX_PRODUCTS_H_

#include <cstdint>

#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

template <int N, int... I>
struct AllLanes : AllLanes<N - 1, N - 1, I...> {};
template <int... I>
struct AllLanes<0, I...> {
  typedef Lanes<I...> Type;
};

template <int D, typename Vector, int... I>
GENCS_INLINE Vector SwapLanes(Vector v, Lanes<I...>) {
  return __builtin_shufflevector(v, v, (I ^ D)...);
}

// The sum of the lanes of a vector: halves, quarters ... added to each other.
template <int D, typename T>
GENCS_INLINE T SumLanes(typename Simd<T>::Vector v) {
  if constexpr (D == 0) {
    return v[0];
  } else {
    typename AllLanes<Simd<T>::kWidth>::Type lanes;
    return SumLanes<D / 2, T>(v + SwapLanes<D>(v, lanes));
  }
}

// y[b, i] (+)= sum over j < columns of a[i, j] x[b, j].
template <typename T>
struct DotProblem {
  const T* a;  // [rows, a_stride]; rows of whole vectors, finite past `columns`
  int64_t a_stride;
  int64_t rows, columns;
  const T* x;  // [batch, x_stride]
  int64_t x_stride, batch;
  T* y;  // [batch, y_stride]
  int64_t y_stride;
  bool add;  // to what y holds
};

constexpr int kDotRows = 3;   // of a, in one block of sums
constexpr int kDotBatch = 4;  // of x

template <int R, int B, typename T>
GENCS_INLINE void AddProducts(const T* a,
                              int64_t a_stride,
                              const T* x,
                              int64_t x_stride,
                              typename Simd<T>::Vector (*sums)[R]) {
  typename Simd<T>::Vector row[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
    row[r] = Simd<T>::Load(a + r * a_stride);
  }
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    const typename Simd<T>::Vector signal = Simd<T>::Load(x + b * x_stride);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      sums[b][r] += row[r] * signal;
    }
  }
}

// A function of its own, so that its loop has all registers to itself.
template <int R, int B, typename T>
__attribute__((noinline)) void DotBlock(const DotProblem<T>& p, int64_t i, int64_t b0) {
  using S = Simd<T>;
  const T* a = p.a + i * p.a_stride;
  const T* x = p.x + b0 * p.x_stride;
  typename S::Vector sums[B][R] = {};
  const int64_t whole = p.columns - p.columns % S::kWidth;
  for (int64_t j = 0; j < whole; j += S::kWidth) {
    AddProducts<R, B>(a + j, p.a_stride, x + j, p.x_stride, sums);
  }
  if (whole < p.columns) {
    T tail[B * S::kWidth] = {};
    for (int b = 0; b < B; ++b) {
      __builtin_memcpy(tail + b * S::kWidth, x + b * p.x_stride + whole,
                       (p.columns - whole) * sizeof(T));
    }
    AddProducts<R, B>(a + whole, p.a_stride, tail, int64_t{S::kWidth}, sums);
  }
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    T* y = p.y + (b0 + b) * p.y_stride + i;
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const T sum = SumLanes<S::kWidth / 2, T>(sums[b][r]);
      y[r] = p.add ? y[r] + sum : sum;
    }
  }
}

template <int B, typename T>
void DotRows(const DotProblem<T>& p, int64_t b0) {
  int64_t i = 0;
  for (; i + kDotRows <= p.rows; i += kDotRows) {
    DotBlock<kDotRows, B>(p, i, b0);
  }
  for (; i < p.rows; ++i) {
    DotBlock<1, B>(p, i, b0);
  }
}

template <typename T>
void Dot(const DotProblem<T>& p) {
  int64_t b = 0;
  for (; b + kDotBatch <= p.batch; b += kDotBatch) {
    DotRows<kDotBatch>(p, b);
  }
  switch (p.batch - b) {
    case 3:
      return DotRows<3>(p, b);
    case 2:
      return DotRows<2>(p, b);
    case 1:
      return DotRows<1>(p, b);
  }
}

// x[b, j] (+)= sum over i < rows of a[i, j] y[b, i].
template <typename T>
struct CombineProblem {
  const T* a;  // [rows, a_stride]; rows of whole pairs of vectors
  int64_t a_stride;
  int64_t rows, columns;
  const T* y;  // [batch, y_stride]
  int64_t y_stride, batch;
  T* x;  // [batch, x_stride]
  int64_t x_stride;
  bool add;  // to what x holds
};

constexpr int kCombineBatch = kVectorBytes == 64 ? 12 : 6;  // 2 sums for each

// So many terms are summed before they join the others: long sums round less so.
constexpr int64_t kCombineRows = 64;

// x is where the sums start and end: of p, or a copy of its cut columns.
// As DotBlock, a function of its own.
template <int B, typename T>
__attribute__((noinline)) void CombineBlock(
    const CombineProblem<T>& p, int64_t j, int64_t b0, T* x, int64_t x_stride) {
  using S = Simd<T>;
  const T* a = p.a + j;
  const T* y = p.y + b0 * p.y_stride;
  bool add = p.add;
  for (int64_t i = 0; i < p.rows; add = true) {
    const int64_t end = i + kCombineRows < p.rows ? i + kCombineRows : p.rows;
    typename S::Vector sums[B][2] = {};
    for (; i < end; ++i, a += p.a_stride) {
      const typename S::Vector left = S::Load(a), right = S::Load(a + S::kWidth);
#pragma GCC unroll 12
      for (int b = 0; b < B; ++b) {
        const T weight = y[b * p.y_stride + i];
        sums[b][0] += left * weight;
        sums[b][1] += right * weight;
      }
    }
#pragma GCC unroll 12
    for (int b = 0; b < B; ++b) {
      T* to = x + b * x_stride;
      if (add) {
        sums[b][0] += S::Load(to);
        sums[b][1] += S::Load(to + S::kWidth);
      }
      S::Store(sums[b][0], to);
      S::Store(sums[b][1], to + S::kWidth);
    }
  }
}

template <int B, typename T>
void CombineColumns(const CombineProblem<T>& p, int64_t j, int64_t b0) {
  constexpr int kPair = 2 * Simd<T>::kWidth;
  T* x = p.x + b0 * p.x_stride + j;
  const int64_t left = p.columns - j;
  if (left >= kPair) {
    CombineBlock<B>(p, j, b0, x, p.x_stride);
    return;
  }
  T cut[B * kPair] = {};
  for (int b = 0; p.add && b < B; ++b) {
    __builtin_memcpy(cut + b * kPair, x + b * p.x_stride, left * sizeof(T));
  }
  CombineBlock<B>(p, j, b0, cut, int64_t{kPair});
  for (int b = 0; b < B; ++b) {
    __builtin_memcpy(x + b * p.x_stride, cut + b * kPair, left * sizeof(T));
  }
}

// The last B or fewer rows of the batch.
template <int B, typename T>
void CombineLast(const CombineProblem<T>& p, int64_t j, int64_t b0) {
  if constexpr (B > 0) {
    if (p.batch - b0 == B) {
      CombineColumns<B>(p, j, b0);
    } else {
      CombineLast<B - 1>(p, j, b0);
    }
  }
}

template <typename T>
void Combine(const CombineProblem<T>& p) {
  for (int64_t j = 0; j < p.columns; j += 2 * Simd<T>::kWidth) {
    int64_t b = 0;
    for (; b + kCombineBatch <= p.batch; b += kCombineBatch) {
      CombineColumns<kCombineBatch>(p, j, b);
    }
    CombineLast<kCombineBatch - 1>(p, j, b);
  }
}

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_RANDOM_MATRIX_PRODUCTS_H_
