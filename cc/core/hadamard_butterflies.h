// The building blocks of the Hadamard transform, on scalars or SIMD vectors,
// for CPU and CUDA.
#ifndef GENCS_CORE_HADAMARD_BUTTERFLIES_H_
#define GENCS_CORE_HADAMARD_BUTTERFLIES_H_

// Forced inline: see isa.h about inline functions.
#ifdef __CUDACC__
#define GENCS_BUTTERFLY __device__ __forceinline__
#define GENCS_UNROLL _Pragma("unroll")
#else
#define GENCS_BUTTERFLY inline __attribute__((always_inline))
#define GENCS_UNROLL _Pragma("GCC unroll 16")
#endif

namespace gencs {

// v[0:R] <- Sylvester's matrix of order R times v.
template <int R, typename V>
GENCS_BUTTERFLY void Butterflies(V* v) {
  if constexpr (R > 1) {
    Butterflies<R / 2>(v);
    Butterflies<R / 2>(v + R / 2);
    GENCS_UNROLL
    for (int i = 0; i < R / 2; ++i) {
      const V a = v[i];
      const V b = v[i + R / 2];
      v[i] = a + b;
      v[i + R / 2] = a - b;
    }
  }
}

// v[0:12] <- H12 v, on vectors (or scalars) V of T.
//
// With C the conference matrix of the squares modulo 5, H12 has the 2x2 blocks
// C_ij [1 1; 1 -1] off the diagonal and [1 -1; -1 -1] on it. Sums and
// differences of the pairs leave two products with C, of which every row but
// the first is 2 * (two neighbours + own) - (all) up to the first column. That
// takes 54 operations, 10 of them multiply-adds; 144 by the definition.
template <typename T, typename V>
GENCS_BUTTERFLY void Twelve(V* v) {
  V sum[6], difference[6];
  GENCS_UNROLL
  for (int i = 0; i < 6; ++i) {
    sum[i] = v[2 * i] + v[2 * i + 1];
    difference[i] = v[2 * i] - v[2 * i + 1];
  }
  const V sums = (sum[1] + sum[2]) + (sum[3] + sum[4]) + sum[5];
  const V differences =
      (difference[1] + difference[2]) + (difference[3] + difference[4]) + difference[5];
  v[0] = difference[0] + sums;
  v[1] = differences - sum[0];
  const V even = sum[0] - sums;
  const V odd = difference[0] - differences;
  GENCS_UNROLL
  for (int i = 0; i < 5; ++i) {
    const int next = 1 + (i + 1) % 5, previous = 1 + (i + 4) % 5;
    v[2 * i + 2] = T(2) * (sum[next] + sum[previous] + v[2 * i + 2]) + even;
    v[2 * i + 3] =
        T(2) * (difference[next] + difference[previous] - v[2 * i + 3]) + odd;
  }
}

}  // namespace gencs

#endif  // GENCS_CORE_HADAMARD_BUTTERFLIES_H_
