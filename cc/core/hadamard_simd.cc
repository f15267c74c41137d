// The Hadamard transform for one instruction set; see isa.h for the rules that
// hold in this file.
//
// A transform of size 2^k runs in three tiers, each of which keeps its data in
// the next larger memory:
//   groups  up to 8 neighbouring vectors in registers: butterflies between them,
//           then inside each (this pass also multiplies by the signs);
//   leaves  blocks well inside the L1 cache: radix-8 and radix-4 passes over groups;
//   rows    recursive radix-8 passes over leaves, depth first, so that every level
//           works on data that the level below has just left in a cache.
// Levels commute, so measuring climbs the tiers (signs first) and the adjoint
// descends them (signs last).
#include <cstdint>

#include "cc/core/hadamard_butterflies.h"
#include "cc/core/hadamard_passes.h"
#include "cc/core/isa.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

// A row of x and the signs that belong to it; positions from n on are padding.
template <typename T>
struct Signal {
  T* x;  // [n]; only written by the adjoint
  const int8_t* signs;
  int64_t n;

  GENCS_INLINE typename Simd<T>::Vector Read(int64_t at) const {
    return Simd<T>::Load(x + at) * Simd<T>::LoadSigns(signs + at);
  }
  GENCS_INLINE void Write(int64_t at, typename Simd<T>::Vector v) const {
    Simd<T>::Store(v * Simd<T>::LoadSigns(signs + at), x + at);
  }
};

// R neighbouring vectors, transformed.
template <int R, typename T>
GENCS_INLINE void Group(typename Simd<T>::Vector* a) {
  Butterflies<R>(a);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    a[r] = Simd<T>::Inside(a[r]);
  }
}

// Tier one, upwards: v <- groups of R vectors of the signed signal,
// transformed.
template <int R, typename T>
void ReadGroups(T* v, const Signal<T>& signal, int64_t offset, int64_t size) {
  using S = Simd<T>;
  constexpr int64_t kGroup = R * S::kWidth;
  int64_t i = 0;
  for (; i < size && offset + i + kGroup <= signal.n; i += kGroup) {
    typename S::Vector a[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      a[r] = signal.Read(offset + i + r * S::kWidth);
    }
    Group<R, T>(a);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      S::Store(a[r], v + i + r * S::kWidth);
    }
  }
  if (i < size && offset + i < signal.n) {  // the group that n cuts
    T* tail = v + i;
    for (int64_t j = 0; j < kGroup; ++j) {
      const int64_t at = offset + i + j;
      tail[j] = at < signal.n ? signal.x[at] * signal.signs[at] : T(0);
    }
    typename S::Vector a[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      a[r] = S::Load(tail + r * S::kWidth);
    }
    Group<R, T>(a);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      S::Store(a[r], tail + r * S::kWidth);
    }
    i += kGroup;
  }
  if (i < size) {
    __builtin_memset(v + i, 0, (size - i) * sizeof(T));
  }
}

// Tier one, downwards: signal <- signs times the groups of v, transformed.
template <int R, typename T>
void WriteGroups(T* v, const Signal<T>& signal, int64_t offset, int64_t size) {
  using S = Simd<T>;
  constexpr int64_t kGroup = R * S::kWidth;
  for (int64_t i = 0; i < size && offset + i < signal.n; i += kGroup) {
    typename S::Vector a[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      a[r] = S::Load(v + i + r * S::kWidth);
    }
    Group<R, T>(a);
    if (offset + i + kGroup <= signal.n) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        signal.Write(offset + i + r * S::kWidth, a[r]);
      }
    } else {  // the group that n cuts
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        S::Store(a[r], v + i + r * S::kWidth);
      }
      for (int64_t at = offset + i; at < signal.n; ++at) {
        signal.x[at] = v[at - offset] * signal.signs[at];
      }
    }
  }
}

// Calls Groups<R> with R the vectors in a group of a leaf of this size.
#define GENCS_WITH_GROUP(Groups, vectors, ...) \
  if ((vectors) >= 8) {                        \
    Groups<8>(__VA_ARGS__);                    \
  } else if ((vectors) == 4) {                 \
    Groups<4>(__VA_ARGS__);                    \
  } else if ((vectors) == 2) {                 \
    Groups<2>(__VA_ARGS__);                    \
  } else {                                     \
    Groups<1>(__VA_ARGS__);                    \
  }

template <typename T>
GENCS_INLINE int64_t GroupSize(int64_t size) {
  const int64_t group = 8 * Simd<T>::kWidth;
  return size < group ? size : group;
}

// v[0:Pitch(size)] <- transform of the signed signal from `offset` on.
// REQUIRES: size is a power of two of at least one vector.
template <typename T>
void Climb(T* v, const Signal<T>& signal, int64_t offset, int64_t size) {
  using L = Layout<T>;
  if (offset >= signal.n) {
    __builtin_memset(v, 0, L::Pitch(size) * sizeof(T));
    return;
  }
  if (size <= L::kLeaf) {
    GENCS_WITH_GROUP(ReadGroups, size / Simd<T>::kWidth, v, signal, offset,
                     size);
    WideLevels(v, GroupSize<T>(size), size);
    return;
  }
  const int radix = Radix(size / L::kLeaf);
  const int64_t block = size / radix;
  for (int r = 0; r < radix; ++r) {
    Climb(v + r * L::Pitch(block), signal, offset + r * block, block);
  }
  PassOfRadix(radix, v, L::Pitch(block), L::Pitch(size));
}

// signal from `offset` on <- signs times the transform of v[0:Pitch(size)].
// REQUIRES: as Climb.
template <typename T>
void Descend(T* v, const Signal<T>& signal, int64_t offset, int64_t size) {
  using L = Layout<T>;
  if (offset >= signal.n) {
    return;
  }
  if (size <= L::kLeaf) {
    WideLevels(v, GroupSize<T>(size), size);
    GENCS_WITH_GROUP(WriteGroups, size / Simd<T>::kWidth, v, signal, offset,
                     size);
    return;
  }
  const int radix = Radix(size / L::kLeaf);
  const int64_t block = size / radix;
  PassOfRadix(radix, v, L::Pitch(block), L::Pitch(size));
  for (int r = 0; r < radix; ++r) {
    Descend(v + r * L::Pitch(block), signal, offset + r * block, block);
  }
}

// The whole transform where blocks are smaller than a vector.
template <typename T>
void SmallTransform(T* v, int64_t block, int64_t size) {
  for (int64_t h = 1; h < block; h *= 2) {
    for (int64_t i = 0; i < size; i += 2 * h) {
      for (int64_t j = i; j < i + h; ++j) {
        const T a = v[j], b = v[j + h];
        v[j] = a + b;
        v[j + h] = a - b;
      }
    }
  }
  if (block == size) {
    return;
  }
  for (int64_t i = 0; i < block; ++i) {
    T a[12];
    for (int r = 0; r < 12; ++r) {
      a[r] = v[r * block + i];
    }
    Twelve(a);
    for (int r = 0; r < 12; ++r) {
      v[r * block + i] = a[r];
    }
  }
}

// v <- H D x.
template <typename T>
void Forward(T* v, const Signal<T>& signal, int64_t block, int64_t size) {
  if (block < Simd<T>::kWidth) {
    for (int64_t i = 0; i < size; ++i) {
      v[i] = i < signal.n ? signal.x[i] * signal.signs[i] : T(0);
    }
    SmallTransform(v, block, size);
    return;
  }
  const int64_t pitch = Layout<T>::Pitch(block);
  const int64_t blocks = size / block;  // 1 or 12
  for (int64_t i = 0; i < blocks; ++i) {
    Climb(v + i * pitch, signal, i * block, block);
  }
  if (blocks == 12) {
    Pass<12>(v, pitch, 12 * pitch);
  }
}

// x <- D H v, the first n entries.
template <typename T>
void Transposed(T* v, const Signal<T>& signal, int64_t block, int64_t size) {
  if (block < Simd<T>::kWidth) {
    SmallTransform(v, block, size);
    for (int64_t i = 0; i < signal.n; ++i) {
      signal.x[i] = v[i] * signal.signs[i];
    }
    return;
  }
  const int64_t pitch = Layout<T>::Pitch(block);
  const int64_t blocks = size / block;
  if (blocks == 12) {
    Pass<12>(v, pitch, 12 * pitch);
  }
  for (int64_t i = 0; i < blocks; ++i) {
    Descend(v + i * pitch, signal, i * block, block);
  }
}

// y <- the selected rows of v times scale; kGaps tells whether blocks have
// gaps.
template <bool kGaps, typename T>
void Gather(const T* v, const int32_t* rows, int64_t m, T scale, T* y) {
  using L = Layout<T>;
  for (int64_t i = 0; i < m; ++i) {
    const uint32_t row = rows[i];
    const uint64_t gaps = kGaps ? (row >> L::kLeafLevels) * L::kGap : 0;
    y[i] = v[row + gaps] * scale;
  }
}

// Adds y times scale to the selected rows of v; rows may repeat.
template <bool kGaps, typename T>
void Scatter(const T* y, const int32_t* rows, int64_t m, T scale, T* v) {
  using L = Layout<T>;
  for (int64_t i = 0; i < m; ++i) {
    const uint32_t row = rows[i];
    const uint64_t gaps = kGaps ? (row >> L::kLeafLevels) * L::kGap : 0;
    v[row + gaps] += y[i] * scale;
  }
}

// The power-of-two factor on which H is Sylvester's: size or size / 12.
GENCS_INLINE int64_t SylvesterSize(int64_t size) {
  return (size & (size - 1)) == 0 ? size : size / 12;
}

template <typename T>
GENCS_INLINE T Scale(int64_t m) {
  // m = 0 scales nothing.
  return static_cast<T>(1.0 /
                        __builtin_sqrt(m > 0 ? static_cast<double>(m) : 1.0));
}

template <typename T>
void MeasureRows(int64_t begin,
                 int64_t end,
                 const T* x,
                 const int8_t* signs,
                 const int32_t* rows,
                 int64_t n,
                 int64_t m,
                 int64_t size,
                 T* workspace,
                 T* y) {
  using L = Layout<T>;
  const int64_t block = SylvesterSize(size);
  const bool gaps = block >= L::kLeaf;
  const T scale = Scale<T>(m);
  for (int64_t leaf = 0; gaps && leaf < size / L::kLeaf; ++leaf) {
    T* gap = workspace + leaf * L::Pitch(L::kLeaf) + L::kLeaf;
    __builtin_memset(gap, 0, kHadamardGapBytes);
  }
  for (int64_t b = begin; b < end; ++b) {
    Forward(workspace, Signal<T>{const_cast<T*>(x) + b * n, signs, n}, block,
            size);
    (gaps ? Gather<true, T> : Gather<false, T>)(workspace, rows, m, scale,
                                                y + b * m);
  }
}

template <typename T>
void AdjointRows(int64_t begin,
                 int64_t end,
                 const T* y,
                 const int8_t* signs,
                 const int32_t* rows,
                 int64_t n,
                 int64_t m,
                 int64_t size,
                 T* workspace,
                 T* x) {
  using L = Layout<T>;
  const int64_t block = SylvesterSize(size);
  const bool gaps = block >= L::kLeaf;
  const T scale = Scale<T>(m);
  for (int64_t b = begin; b < end; ++b) {
    __builtin_memset(workspace, 0, size / block * L::Pitch(block) * sizeof(T));
    (gaps ? Scatter<true, T> : Scatter<false, T>)(y + b * m, rows, m, scale,
                                                  workspace);
    Transposed(workspace, Signal<T>{x + b * n, signs, n}, block, size);
  }
}

}  // namespace

#define GENCS_DEFINE(T)                                                     \
  void HadamardMeasure(int64_t begin, int64_t end, const T* x,              \
                       const int8_t* signs, const int32_t* rows, int64_t n, \
                       int64_t m, int64_t size, T* workspace, T* y) {       \
    MeasureRows(begin, end, x, signs, rows, n, m, size, workspace, y);      \
  }                                                                         \
  void HadamardAdjoint(int64_t begin, int64_t end, const T* y,              \
                       const int8_t* signs, const int32_t* rows, int64_t n, \
                       int64_t m, int64_t size, T* workspace, T* x) {       \
    AdjointRows(begin, end, y, signs, rows, n, m, size, workspace, x);      \
  }
GENCS_DEFINE(float)
GENCS_DEFINE(double)

}  // namespace GENCS_ISA
}  // namespace gencs
