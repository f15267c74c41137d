// Entries of random matrices, in device code. See cc/core/random_matrix.h for which
// block and which word gives which entry.
#ifndef GENCS_CUDA_RANDOM_MATRIX_DEVICE_CUH_
#define GENCS_CUDA_RANDOM_MATRIX_DEVICE_CUH_

#include <cstdint>

#include "cc/core/philox_constants.h"

namespace gencs {
namespace cuda {

struct PhiloxBlock {
  uint32_t words[4];

  // words[i], without an array in memory.
  __device__ __forceinline__ uint32_t Word(int i) const {
    return i < 2 ? (i == 0 ? words[0] : words[1]) : (i == 2 ? words[2] : words[3]);
  }
};

// The random words of counter (block, row, stream).
__device__ __forceinline__ PhiloxBlock Philox(uint64_t key,
                                              uint64_t stream,
                                              uint32_t row,
                                              uint32_t block) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  uint32_t c0 = block, c1 = row;
  uint32_t c2 = static_cast<uint32_t>(stream);
  uint32_t c3 = static_cast<uint32_t>(stream >> 32);
#pragma unroll
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const uint64_t p0 = static_cast<uint64_t>(kPhiloxMultiplier0) * c0;
    const uint64_t p1 = static_cast<uint64_t>(kPhiloxMultiplier1) * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += kPhiloxWeyl0;
    k1 += kPhiloxWeyl1;
  }
  return {{c0, c1, c2, c3}};
}

__device__ __forceinline__ float Log(float x) { return logf(x); }
__device__ __forceinline__ double Log(double x) { return log(x); }
__device__ __forceinline__ float Sqrt(float x) { return sqrtf(x); }
__device__ __forceinline__ double Sqrt(double x) { return sqrt(x); }
__device__ __forceinline__ void SinCosPi(float x, float* s, float* c) {
  sincospif(x, s, c);
}
__device__ __forceinline__ void SinCosPi(double x, double* s, double* c) {
  sincospi(x, s, c);
}

// u(w) = (2 (w >> 9) + 1) / 2^24, exact.
template <typename T>
__device__ __forceinline__ T Uniform(uint32_t word) {
  return static_cast<T>((word >> 8) | 1) * static_cast<T>(1.0 / (1 << 24));
}

// `scale` times the pair of normal numbers of words a and b.
template <typename T>
__device__ __forceinline__ void BoxMuller(
    uint32_t a, uint32_t b, T scale, T* cosine, T* sine) {
  const T radius = Sqrt(T(-2) * Log(Uniform<T>(a))) * scale;
  T s, c;
  SinCosPi(T(2) * Uniform<T>(b), &s, &c);
  *cosine = radius * c;
  *sine = radius * s;
}

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_RANDOM_MATRIX_DEVICE_CUH_
