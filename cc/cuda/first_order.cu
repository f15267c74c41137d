// One warp steps one lane.
#include <algorithm>

#include "cc/core/first_order_lane.h"
#include "cc/cuda/first_order.h"
#include "cc/cuda/lane_warp.cuh"

namespace gencs {
namespace cuda {
namespace {

constexpr int kWarps = 4;  // of a block
constexpr int64_t kMaxBlocks = int64_t{1} << 20;

template <typename T>
__device__ __forceinline__ void StepLane(const AdamBuffers<T>& buffers,
                                         int64_t lane,
                                         const WarpMath<T>& math,
                                         AdamCorrection* correction) {
  AdamStepLane(buffers, lane, math, correction);
}

template <typename T>
__device__ __forceinline__ void StepLane(const MomentumBuffers<T>& buffers,
                                         int64_t lane,
                                         const WarpMath<T>& math,
                                         AdamCorrection*) {
  MomentumStepLane(buffers, lane, math);
}

template <typename T, typename Buffers>
__global__ void StepLanes(Buffers buffers, int64_t lanes) {
  const WarpMath<T> math{static_cast<int>(threadIdx.x % 32)};
  AdamCorrection correction{0, 0.0};
  for (int64_t lane = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32; lane < lanes;
       lane += int64_t{gridDim.x} * kWarps) {
    StepLane(buffers, lane, math, &correction);
  }
}

template <typename T, typename Buffers>
cudaError_t Launch(cudaStream_t stream, int64_t lanes, const Buffers& buffers) {
  if (lanes == 0) {
    return cudaSuccess;
  }
  const int64_t blocks = std::min((lanes + kWarps - 1) / kWarps, kMaxBlocks);
  StepLanes<T><<<static_cast<unsigned>(blocks), kWarps * 32, 0, stream>>>(buffers,
                                                                         lanes);
  return cudaGetLastError();
}

}  // namespace

template <typename T>
cudaError_t LaunchAdamStep(cudaStream_t stream,
                           int64_t lanes,
                           const AdamBuffers<T>& buffers) {
  return Launch<T>(stream, lanes, buffers);
}

template <typename T>
cudaError_t LaunchMomentumStep(cudaStream_t stream,
                               int64_t lanes,
                               const MomentumBuffers<T>& buffers) {
  return Launch<T>(stream, lanes, buffers);
}

#define GENCS_INSTANTIATE(T)                                                          \
  template cudaError_t LaunchAdamStep<T>(cudaStream_t, int64_t,                       \
                                         const AdamBuffers<T>&);                      \
  template cudaError_t LaunchMomentumStep<T>(cudaStream_t, int64_t,                   \
                                             const MomentumBuffers<T>&);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
