// Transposes a square of SIMD vectors. Only for *_simd.cc files: see isa.h.
#ifndef GENCS_CORE_SIMD_TRANSPOSE_H_
#define GENCS_CORE_SIMD_TRANSPOSE_H_

#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

template <int Width>
struct LanesOf;
template <>
struct LanesOf<2> {
  typedef decltype(GENCS_LANES_2) Type;
};
template <>
struct LanesOf<4> {
  typedef decltype(GENCS_LANES_4) Type;
};
template <>
struct LanesOf<8> {
  typedef decltype(GENCS_LANES_8) Type;
};
template <>
struct LanesOf<16> {
  typedef decltype(GENCS_LANES_16) Type;
};

// Exchanges the lanes of a with bit D set for the lanes of b without it.
template <int D, typename V, int... I>
GENCS_INLINE void ExchangeLanes(V* a, V* b, Lanes<I...>) {
  constexpr int kWidth = sizeof...(I);
  const V low = *a, high = *b;
  *a = __builtin_shufflevector(low, high, ((I & D) ? kWidth + I - D : I)...);
  *b = __builtin_shufflevector(low, high, ((I & D) ? kWidth + I : I + D)...);
}

// a[i][j] <- a[j][i], by exchanging one bit of i for the same bit of j at a time.
template <typename T, int D = Simd<T>::kWidth / 2>
GENCS_INLINE void Transpose(typename Simd<T>::Vector* a) {
  constexpr int kWidth = Simd<T>::kWidth;
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; ++i) {
    if (!(i & D)) {
      ExchangeLanes<D>(a + i, a + i + D, typename LanesOf<kWidth>::Type());
    }
  }
  if constexpr (D > 1) {
    Transpose<T, D / 2>(a);
  }
}

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_SIMD_TRANSPOSE_H_
