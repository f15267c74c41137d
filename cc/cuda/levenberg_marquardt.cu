// One warp steps one lane. Its system lies in shared memory where that has room, else
// in device memory, for a bounded number of warps at a time.
#include <algorithm>
#include <cfloat>

#include "cc/core/levenberg_marquardt_lane.h"
#include "cc/cuda/lane_warp.cuh"
#include "cc/cuda/levenberg_marquardt.h"

namespace gencs {
namespace cuda {
namespace {

constexpr int64_t kSharedBytes = 48 * 1024;
constexpr int64_t kMostWarps = 4;  // of a block
constexpr int64_t kMaxBlocks = int64_t{1} << 20;
// Of lanes that are too large for shared memory, so many are under way.
constexpr int64_t kMostLargeLanes = 1024;

// Warps of a block, 0 where one system is too large for shared memory.
int64_t WarpsInShared(int64_t size) {
  // Beyond 2^20, the square of the size might overflow.
  if (size >= int64_t{1} << 20) {
    return 0;
  }
  const int64_t bytes =
      LevenbergMarquardtWorkspace(size) * static_cast<int64_t>(sizeof(double));
  return bytes == 0 ? kMostWarps : std::min(kMostWarps, kSharedBytes / bytes);
}

template <typename T>
__global__ void StepLanes(LevenbergMarquardtBuffers<T> buffers,
                          int64_t lanes,
                          int64_t entries,
                          double* device_workspace) {
  extern __shared__ __align__(16) double shared_workspace[];
  const int64_t warps = blockDim.x / 32;
  const int64_t warp = threadIdx.x / 32;
  const int64_t first = int64_t{blockIdx.x} * warps + warp;
  double* workspace = device_workspace != nullptr ? device_workspace + first * entries
                                                  : shared_workspace + warp * entries;
  const WarpMath<double> math{static_cast<int>(threadIdx.x % 32)};
  for (int64_t lane = first; lane < lanes; lane += gridDim.x * warps) {
    LevenbergMarquardtStepLane(buffers, lane, math,
                               static_cast<double>(WarpMath<T>::Epsilon()), workspace);
    __syncwarp();
  }
}

}  // namespace

int64_t LevenbergMarquardtDeviceWorkspace(int64_t lanes, int64_t size) {
  if (WarpsInShared(size) > 0) {
    return 0;
  }
  return std::min(lanes, kMostLargeLanes) * LevenbergMarquardtWorkspace(size);
}

template <typename T>
cudaError_t LaunchLevenbergMarquardtStep(cudaStream_t stream,
                                         int64_t lanes,
                                         const LevenbergMarquardtBuffers<T>& buffers,
                                         double* workspace) {
  if (lanes == 0) {
    return cudaSuccess;
  }
  const int64_t in_shared = WarpsInShared(buffers.size);
  const int64_t warps = std::max(in_shared, int64_t{1});
  const int64_t blocks = in_shared > 0
                             ? std::min((lanes + warps - 1) / warps, kMaxBlocks)
                             : std::min(lanes, kMostLargeLanes);
  const int64_t entries = LevenbergMarquardtWorkspace(buffers.size);
  StepLanes<T><<<static_cast<unsigned>(blocks), static_cast<unsigned>(warps * 32),
                 in_shared * entries * sizeof(double), stream>>>(
      buffers, lanes, entries, in_shared > 0 ? nullptr : workspace);
  return cudaGetLastError();
}

#define GENCS_INSTANTIATE(T)                                                     \
  template cudaError_t LaunchLevenbergMarquardtStep<T>(                          \
      cudaStream_t, int64_t, const LevenbergMarquardtBuffers<T>&, double*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
