// The first pass of a Hadamard transform, from a signal into the workspace, and
// its mirror image, the last pass of the transpose. Only for hadamard_simd.cc:
// see isa.h for the rules that hold there.
#ifndef GENCS_CORE_HADAMARD_GROUPS_H_
#define GENCS_CORE_HADAMARD_GROUPS_H_

#include <cstdint>

#include "cc/core/hadamard_butterflies.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

// A row of x and the signs that belong to it; positions from n on are padding.
// Sign is int8_t, or T where someone has converted the signs before.
template <typename T, typename Sign>
struct Signal {
  T* x;  // [n]; only written by the adjoint
  const Sign* signs;
  int64_t n;

  GENCS_INLINE typename Simd<T>::Vector Read(int64_t at) const {
    return Simd<T>::Load(x + at) * Simd<T>::LoadSigns(signs + at);
  }
  GENCS_INLINE void Write(int64_t at, typename Simd<T>::Vector v) const {
    Simd<T>::Store(v * Simd<T>::LoadSigns(signs + at), x + at);
  }
};

// One group of R vectors: v <- signed signal, transformed.
template <int R, typename T, typename Sign>
GENCS_INLINE void ReadGroup(T* v, const Signal<T, Sign>& signal, int64_t at) {
  using S = Simd<T>;
  typename S::Vector a[R];
  GENCS_UNROLL
  for (int r = 0; r < R; ++r) {
    a[r] = S::Inside(signal.Read(at + r * S::kWidth));
  }
  Butterflies<R>(a);
  GENCS_UNROLL
  for (int r = 0; r < R; ++r) {
    S::Store(a[r], v + r * S::kWidth);
  }
}

// One group of R vectors: signal <- signs times v, transformed.
template <int R, typename T, typename Sign>
GENCS_INLINE void WriteGroup(const T* v, const Signal<T, Sign>& signal, int64_t at) {
  using S = Simd<T>;
  typename S::Vector a[R];
  GENCS_UNROLL
  for (int r = 0; r < R; ++r) {
    a[r] = S::Inside(S::Load(v + r * S::kWidth));
  }
  Butterflies<R>(a);
  GENCS_UNROLL
  for (int r = 0; r < R; ++r) {
    signal.Write(at + r * S::kWidth, a[r]);
  }
}

// The group that n cuts, on the stack, padded with zeros.
template <int R, typename T, typename Sign>
struct CutGroup {
  static constexpr int64_t kSize = R * Simd<T>::kWidth;
  T x[kSize];
  Sign signs[kSize];

  GENCS_INLINE Signal<T, Sign> Write(const Signal<T, Sign>& signal, int64_t at) {
    __builtin_memset(signs, 0, sizeof(signs));
    __builtin_memcpy(signs, signal.signs + at, (signal.n - at) * sizeof(Sign));
    return {x, signs, kSize};
  }
  GENCS_INLINE Signal<T, Sign> Read(const Signal<T, Sign>& signal, int64_t at) {
    __builtin_memset(x, 0, sizeof(x));
    __builtin_memcpy(x, signal.x + at, (signal.n - at) * sizeof(T));
    return Write(signal, at);
  }
};

// v[0:size] <- groups of R vectors of the signed signal from `offset` on.
template <int R, typename T, typename Sign>
void ReadGroups(T* v, const Signal<T, Sign>& signal, int64_t offset, int64_t size) {
  constexpr int64_t kGroup = CutGroup<R, T, Sign>::kSize;
  int64_t i = 0;
  for (; i < size && offset + i + kGroup <= signal.n; i += kGroup) {
    ReadGroup<R>(v + i, signal, offset + i);
  }
  if (i < size && offset + i < signal.n) {
    CutGroup<R, T, Sign> cut;
    ReadGroup<R>(v + i, cut.Read(signal, offset + i), 0);
    i += kGroup;
  }
  if (i < size) {
    __builtin_memset(v + i, 0, (size - i) * sizeof(T));
  }
}

// signal from `offset` on <- signs times the groups of v[0:size].
template <int R, typename T, typename Sign>
void WriteGroups(T* v, const Signal<T, Sign>& signal, int64_t offset, int64_t size) {
  constexpr int64_t kGroup = CutGroup<R, T, Sign>::kSize;
  int64_t i = 0;
  for (; i < size && offset + i + kGroup <= signal.n; i += kGroup) {
    WriteGroup<R>(v + i, signal, offset + i);
  }
  if (i < size && offset + i < signal.n) {
    CutGroup<R, T, Sign> cut;
    WriteGroup<R>(v + i, cut.Write(signal, offset + i), 0);
    __builtin_memcpy(signal.x + offset + i, cut.x, (signal.n - offset - i) * sizeof(T));
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

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_HADAMARD_GROUPS_H_
