// One warp steps one lane.
#include <algorithm>
#include <cfloat>

#include "cc/core/lbfgs_lane.h"
#include "cc/cuda/lbfgs.h"

namespace gencs {
namespace cuda {
namespace {

constexpr unsigned kWholeWarp = 0xffffffffu;
constexpr int64_t kMaxBlocks = int64_t{1} << 20;

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
  __device__ static constexpr T Epsilon() {
    return sizeof(T) == sizeof(float) ? T(FLT_EPSILON) : T(DBL_EPSILON);
  }
};

template <typename T>
__global__ void StepLanes(LbfgsBuffers<T> buffers, int64_t lanes) {
  extern __shared__ __align__(16) unsigned char memory[];
  const int warp = threadIdx.x / 32;
  const int64_t warps = blockDim.x / 32;
  // All threads of a warp write the same numbers to its workspace.
  T* workspace = reinterpret_cast<T*>(memory) + warp * 2 * buffers.history;
  const WarpMath<T> math{static_cast<int>(threadIdx.x % 32)};
  for (int64_t lane = blockIdx.x * warps + warp; lane < lanes;
       lane += gridDim.x * warps) {
    LbfgsStepLane(buffers, lane, math, workspace);
    __syncwarp();
  }
}

}  // namespace

template <typename T>
cudaError_t LaunchLbfgsStep(cudaStream_t stream,
                            int64_t lanes,
                            const LbfgsBuffers<T>& buffers) {
  if (lanes == 0) {
    return cudaSuccess;
  }
  const size_t bytes = 2 * buffers.history * sizeof(T);  // of one warp
  int warps = 4;
  while (warps > 1 && warps * bytes > 48 * 1024) {
    warps /= 2;
  }
  const int64_t blocks = std::min((lanes + warps - 1) / warps, kMaxBlocks);
  StepLanes<T><<<static_cast<unsigned>(blocks), warps * 32, warps * bytes, stream>>>(
      buffers, lanes);
  return cudaGetLastError();
}

template cudaError_t LaunchLbfgsStep<float>(cudaStream_t,
                                            int64_t,
                                            const LbfgsBuffers<float>&);
template cudaError_t LaunchLbfgsStep<double>(cudaStream_t,
                                             int64_t,
                                             const LbfgsBuffers<double>&);

}  // namespace cuda
}  // namespace gencs
