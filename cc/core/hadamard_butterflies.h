// The building blocks of the Hadamard transform, on scalars or SIMD vectors,
// for CPU and CUDA.
#ifndef GENCS_CORE_HADAMARD_BUTTERFLIES_H_
#define GENCS_CORE_HADAMARD_BUTTERFLIES_H_

// Forced inline: see isa.h about inline functions.
#ifdef __CUDACC__
#define GENCS_BUTTERFLY __device__ __forceinline__
#else
#define GENCS_BUTTERFLY inline __attribute__((always_inline))
#endif

namespace gencs {

// v[0:R] <- Sylvester's matrix of order R times v.
template <int R, typename V>
GENCS_BUTTERFLY void Butterflies(V* v) {
  if constexpr (R > 1) {
    Butterflies<R / 2>(v);
    Butterflies<R / 2>(v + R / 2);
#ifdef __CUDACC__
#pragma unroll
#else
#pragma GCC unroll 8
#endif
    for (int i = 0; i < R / 2; ++i) {
      const V a = v[i];
      const V b = v[i + R / 2];
      v[i] = a + b;
      v[i + R / 2] = a - b;
    }
  }
}

// v[0:12] <- H12 v. With C the conference matrix of the squares modulo 5, H12
// has the 2x2 blocks C_ij [1 1; 1 -1] off the diagonal and [1 -1; -1 -1] on it;
// sums and differences of the pairs leave two products with C.
template <typename V>
GENCS_BUTTERFLY void Twelve(V* v) {
  V sum[6], difference[6];
#ifdef __CUDACC__
#pragma unroll
#else
#pragma GCC unroll 6
#endif
  for (int i = 0; i < 6; ++i) {
    sum[i] = v[2 * i] + v[2 * i + 1];
    difference[i] = v[2 * i] - v[2 * i + 1];
  }
  v[0] = difference[0] + ((sum[1] + sum[2]) + (sum[3] + sum[4]) + sum[5]);
  v[1] = ((difference[1] + difference[2]) + (difference[3] + difference[4]) +
          difference[5]) -
         sum[0];
#ifdef __CUDACC__
#pragma unroll
#else
#pragma GCC unroll 5
#endif
  for (int i = 0; i < 5; ++i) {
    const int next = 1 + (i + 1) % 5, previous = 1 + (i + 4) % 5;
    const int after = 1 + (i + 2) % 5, before = 1 + (i + 3) % 5;
    v[2 * i + 2] = (sum[next] + sum[previous]) - (sum[after] + sum[before]) +
                   (sum[0] + difference[i + 1]);
    v[2 * i + 3] = (difference[next] + difference[previous]) -
                   (difference[after] + difference[before]) +
                   (difference[0] - sum[i + 1]);
  }
}

}  // namespace gencs

#endif  // GENCS_CORE_HADAMARD_BUTTERFLIES_H_
