// One warp steps one lane.
#include <algorithm>

#include "cc/core/lbfgs_lane.h"
#include "cc/cuda/lane_warp.cuh"
#include "cc/cuda/lbfgs.h"

namespace gencs {
namespace cuda {
namespace {

constexpr int64_t kMaxBlocks = int64_t{1} << 20;

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
