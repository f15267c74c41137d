// The residual of a dense measurement and its image under the transpose, on a CUDA
// stream. See cc/core/dense.h for the mathematics. Nothing here waits for the device.
#ifndef GENCS_CUDA_DENSE_H_
#define GENCS_CUDA_DENSE_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/dense.h"

namespace gencs {
namespace cuda {

// How many entries of T the launcher below needs as workspace, at most 6 MiB.
template <typename T>
int64_t DenseResidualWorkspace(const DenseCall<T>& call);

// Computes both outputs. All pointers are device pointers.
//
// \param workspace  Scratch of DenseResidualWorkspace() entries.
template <typename T>
cudaError_t LaunchDenseResidual(cudaStream_t stream,
                                const DenseCall<T>& call,
                                T* workspace);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_DENSE_H_
