// One Adam or momentum step for many lanes on a CUDA stream. See
// cc/core/first_order_lane.h.
#ifndef GENCS_CUDA_FIRST_ORDER_H_
#define GENCS_CUDA_FIRST_ORDER_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/first_order_lane.h"

namespace gencs {
namespace cuda {

// Steps lanes [0, lanes) in place; every pointer in `buffers` is a device pointer.
template <typename T>
cudaError_t LaunchAdamStep(cudaStream_t stream,
                           int64_t lanes,
                           const AdamBuffers<T>& buffers);
template <typename T>
cudaError_t LaunchMomentumStep(cudaStream_t stream,
                               int64_t lanes,
                               const MomentumBuffers<T>& buffers);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_FIRST_ORDER_H_
