// The `Math` of cc/core/lane.h on a GPU: one warp works on one lane.
#ifndef GENCS_CUDA_LANE_WARP_CUH_
#define GENCS_CUDA_LANE_WARP_CUH_

#include <cfloat>
#include <cstdint>

namespace gencs {
namespace cuda {
namespace {

constexpr unsigned kWholeWarp = 0xffffffffu;

template <typename T>
struct WarpMath {
  int thread;  // within the warp

  template <typename F>
  __device__ __forceinline__ T Sum(int64_t k, F f) const {
    T sum = 0;
    for (int64_t i = thread; i < k; i += 32) {
      sum += f(i);
    }
    // An exchange between pairs adds the same two numbers in both threads, so
    // all threads end with the same bits and take the same branches.
    for (int distance = 16; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(kWholeWarp, sum, distance);
    }
    return sum;
  }

  template <typename F>
  __device__ __forceinline__ T Max(int64_t k, F f) const {
    T largest = 0;  // of magnitudes
    for (int64_t i = thread; i < k; i += 32) {
      const T x = f(i);
      largest = x > largest ? x : largest;
    }
    for (int distance = 16; distance > 0; distance /= 2) {
      const T other = __shfl_xor_sync(kWholeWarp, largest, distance);
      largest = other > largest ? other : largest;
    }
    return largest;
  }

  template <typename F>
  __device__ __forceinline__ void ForEach(int64_t k, F f) const {
    for (int64_t i = thread; i < k; i += 32) {
      f(i);
    }
  }

  __device__ __forceinline__ void Sync() const { __syncwarp(); }
  __device__ __forceinline__ bool Leader() const { return thread == 0; }

  __device__ static T Sqrt(T x) { return sqrt(x); }
  __device__ static double OneLessPower(double base, double exponent) {
    return -expm1(exponent * log(base));
  }
  __device__ static constexpr T Epsilon() {
    return sizeof(T) == sizeof(float) ? T(FLT_EPSILON) : T(DBL_EPSILON);
  }
};

}  // namespace
}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_LANE_WARP_CUH_
