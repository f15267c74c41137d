// One L-BFGS step for many lanes on a CUDA stream. See cc/core/lbfgs_lane.h.
#ifndef GENCS_CUDA_LBFGS_H_
#define GENCS_CUDA_LBFGS_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/lbfgs_lane.h"

namespace gencs {
namespace cuda {

// Steps lanes [0, lanes) in place; every pointer in `buffers` is a device
// pointer. REQUIRES: 0 <= buffers.history <= kLbfgsMaxHistory.
template <typename T>
cudaError_t LaunchLbfgsStep(cudaStream_t stream,
                            int64_t lanes,
                            const LbfgsBuffers<T>& buffers);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_LBFGS_H_
