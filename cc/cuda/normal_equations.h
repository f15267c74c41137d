// The normal equations of many small least-squares problems on a CUDA stream.
#ifndef GENCS_CUDA_NORMAL_EQUATIONS_H_
#define GENCS_CUDA_NORMAL_EQUATIONS_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/normal_equations.h"

namespace gencs {
namespace cuda {

// Every pointer in `call` is a device pointer.
template <typename T>
cudaError_t LaunchNormalEquations(cudaStream_t stream,
                                  int64_t lanes,
                                  const NormalEquationsCall<T>& call);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_NORMAL_EQUATIONS_H_
