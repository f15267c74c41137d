// Products of a tile of a matrix with a batch of rows, blocked so that sums stay in
// registers. Only for *_simd.cc files: see isa.h.
//
// Every sum runs in an order that depends on nothing but its own row and column:
// results do not change with the batch or with the number of threads.
#ifndef GENCS_CORE_MATRIX_PRODUCTS_H_
#define GENCS_CORE_MATRIX_PRODUCTS_H_

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
  const T* a;  // [rows, a_stride]
  int64_t a_stride;
  int64_t rows, columns;
  const T* x;  // [batch, x_stride]
  int64_t x_stride, batch;
  T* y;  // [batch, y_stride]
  int64_t y_stride;
  bool add;  // to what y holds
};

// A block of sums takes up to so many rows of x, and of a so many that its sums are
// enough to keep the multiply-add units busy, and fit the registers.
constexpr int kDotBatch = 4;
template <int B>
constexpr int kDotRows = B == 1 ? 8 : (B == 4 ? 3 : 4);

template <int R, int B, typename T>
GENCS_INLINE void AddProducts(const T* a,
                              int64_t a_stride,
                              const T* x,
                              int64_t x_stride,
                              typename Simd<T>::Vector (*sums)[R]) {
  typename Simd<T>::Vector row[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    row[r] = Simd<T>::Load(a + r * a_stride);
  }
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    const typename Simd<T>::Vector signal = Simd<T>::Load(x + b * x_stride);
#pragma GCC unroll 8
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
    T a_tail[R * S::kWidth] = {}, x_tail[B * S::kWidth] = {};
    const int64_t bytes = (p.columns - whole) * sizeof(T);
    for (int r = 0; r < R; ++r) {
      __builtin_memcpy(a_tail + r * S::kWidth, a + r * p.a_stride + whole, bytes);
    }
    for (int b = 0; b < B; ++b) {
      __builtin_memcpy(x_tail + b * S::kWidth, x + b * p.x_stride + whole, bytes);
    }
    AddProducts<R, B>(a_tail, int64_t{S::kWidth}, x_tail, int64_t{S::kWidth}, sums);
  }
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    T* y = p.y + (b0 + b) * p.y_stride + i;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const T sum = SumLanes<S::kWidth / 2, T>(sums[b][r]);
      y[r] = p.add ? y[r] + sum : sum;
    }
  }
}

// The last R or fewer rows of a.
template <int R, int B, typename T>
void DotLast(const DotProblem<T>& p, int64_t i, int64_t b0) {
  if constexpr (R > 0) {
    if (p.rows - i == R) {
      DotBlock<R, B>(p, i, b0);
    } else {
      DotLast<R - 1, B>(p, i, b0);
    }
  }
}

template <int B, typename T>
void DotRows(const DotProblem<T>& p, int64_t b0) {
  int64_t i = 0;
  for (; i + kDotRows<B> <= p.rows; i += kDotRows<B>) {
    DotBlock<kDotRows<B>, B>(p, i, b0);
  }
  DotLast<kDotRows<B> - 1, B>(p, i, b0);
}

// Of a batch cut into blocks of nearly the same size, at most `most`, block i.
struct Block {
  int64_t first, size;
};
GENCS_INLINE int64_t Blocks(int64_t batch, int64_t most) {
  return (batch + most - 1) / most;
}
GENCS_INLINE Block BlockOf(int64_t i, int64_t batch, int64_t blocks) {
  const int64_t rest = batch % blocks;  // so many blocks have one more
  return {i * (batch / blocks) + (i < rest ? i : rest), batch / blocks + (i < rest)};
}

template <typename T>
void Dot(const DotProblem<T>& p) {
  const int64_t blocks = Blocks(p.batch, kDotBatch);
  for (int64_t i = 0; i < blocks; ++i) {
    const Block block = BlockOf(i, p.batch, blocks);
    switch (block.size) {
      case 4:
        DotRows<4>(p, block.first);
        break;
      case 3:
        DotRows<3>(p, block.first);
        break;
      case 2:
        DotRows<2>(p, block.first);
        break;
      default:
        DotRows<1>(p, block.first);
    }
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

// The block of `size` rows of the batch from b0 on, size being at most B.
template <int B, typename T>
void CombineBatch(const CombineProblem<T>& p, int64_t j, int64_t b0, int64_t size) {
  if constexpr (B > 0) {
    if (size == B) {
      CombineColumns<B>(p, j, b0);
    } else {
      CombineBatch<B - 1>(p, j, b0, size);
    }
  }
}

template <typename T>
void Combine(const CombineProblem<T>& p) {
  const int64_t blocks = Blocks(p.batch, kCombineBatch);
  for (int64_t j = 0; j < p.columns; j += 2 * Simd<T>::kWidth) {
    for (int64_t i = 0; i < blocks; ++i) {
      const Block block = BlockOf(i, p.batch, blocks);
      CombineBatch<kCombineBatch>(p, j, block.first, block.size);
    }
  }
}

// Tiles for Dot: 7 rows (3 of the tile, 4 of x) fit the L1 cache, and the sums across
// lanes at the end of a tile's rows are rare.
template <typename T>
constexpr int64_t kFlatColumns = 3072 / sizeof(T);
constexpr int64_t kFlatRows = 48;
constexpr int64_t kFlatBytes = kFlatRows * kFlatColumns<char>;

// Tiles for Combine, a good part of the L2 cache. The gap spreads the rows of a pair
// of vectors, which stay in the L1 cache, over all its sets.
constexpr int64_t kTallColumns = 128;
template <typename T>
constexpr int64_t kTallRows = 1024 / sizeof(T);
template <typename T>
constexpr int64_t kTallStride = kTallColumns + 64 / sizeof(T);
constexpr int64_t kTallBytes = 1024 * kTallColumns + 1024 / 4 * 64;

GENCS_INLINE int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_MATRIX_PRODUCTS_H_
