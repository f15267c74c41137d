// One Levenberg-Marquardt step for many lanes on a CUDA stream. See
// cc/core/levenberg_marquardt_lane.h.
#ifndef GENCS_CUDA_LEVENBERG_MARQUARDT_H_
#define GENCS_CUDA_LEVENBERG_MARQUARDT_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/levenberg_marquardt_lane.h"

namespace gencs {
namespace cuda {

// How many doubles of device memory a launch needs; none for small lanes.
int64_t LevenbergMarquardtDeviceWorkspace(int64_t lanes, int64_t size);

// Steps lanes [0, lanes) in place; every pointer is a device pointer.
template <typename T>
cudaError_t LaunchLevenbergMarquardtStep(cudaStream_t stream,
                                         int64_t lanes,
                                         const LevenbergMarquardtBuffers<T>& buffers,
                                         double* workspace);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_LEVENBERG_MARQUARDT_H_
