// The Hadamard transform of one array by one block of threads, in shared
// memory.
#ifndef GENCS_CUDA_HADAMARD_DEVICE_CUH_
#define GENCS_CUDA_HADAMARD_DEVICE_CUH_

#include <cstdint>

#include "cc/core/hadamard_butterflies.h"

namespace gencs {
namespace cuda {
namespace {

// One unused entry after every 32: neighbouring threads that stride by 8 would
// otherwise all meet in the same few banks of shared memory.
__host__ __device__ constexpr int64_t Padded(int64_t i) { return i + (i >> 5); }

struct SharedPlace {
  __device__ static int64_t At(int64_t i) { return Padded(i); }
};
struct GlobalPlace {
  __device__ static int64_t At(int64_t i) { return i; }
};

// Mixes the R entries of butterfly t with this stride (a power of two).
template <int R, typename Place, typename T>
__device__ __forceinline__ void MixOne(T* v, int64_t t, int64_t stride) {
  const int64_t low = t & (stride - 1);
  const int64_t base = (t - low) * R + low;
  T a[R];
#pragma unroll
  for (int r = 0; r < R; ++r) {
    a[r] = v[Place::At(base + r * stride)];
  }
  if constexpr (R == 12) {
    Twelve<T>(a);
  } else {
    Butterflies<R>(a);
  }
#pragma unroll
  for (int r = 0; r < R; ++r) {
    v[Place::At(base + r * stride)] = a[r];
  }
}

template <int R, typename T>
__device__ __forceinline__ void MixShared(T* v, int64_t stride, int64_t size) {
  for (int64_t t = threadIdx.x; t < size / R; t += blockDim.x) {
    MixOne<R, SharedPlace>(v, t, stride);
  }
  __syncthreads();
}

// v[0:size] <- H v in shared memory; Sylvester blocks of `block` entries.
template <typename T>
__device__ void TransformShared(T* v, int64_t block, int64_t size) {
  int64_t stride = 1;
  while (stride < block) {
    const int64_t left = block / stride;
    if (left >= 8) {
      MixShared<8>(v, stride, size);
      stride *= 8;
    } else if (left == 4) {
      MixShared<4>(v, stride, size);
      stride *= 4;
    } else {
      MixShared<2>(v, stride, size);
      stride *= 2;
    }
  }
  if (block != size) {
    MixShared<12>(v, block, size);
  }
}

// atomicAdd for double needs compute capability 6.0.
__device__ __forceinline__ void Add(float* to, float x) { atomicAdd(to, x); }
__device__ __forceinline__ void Add(double* to, double x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 600
  auto* bits = reinterpret_cast<unsigned long long*>(to);
  unsigned long long old = *bits, seen;
  do {
    seen = old;
    old = atomicCAS(bits, seen, __double_as_longlong(x + __longlong_as_double(seen)));
  } while (old != seen);
#else
  atomicAdd(to, x);
#endif
}

}  // namespace
}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_HADAMARD_DEVICE_CUH_
