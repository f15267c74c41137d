// Random matrices that are never stored, on a CUDA stream. See
// cc/core/random_matrix.h for the mathematics. Nothing here waits for the device.
#ifndef GENCS_CUDA_RANDOM_MATRIX_H_
#define GENCS_CUDA_RANDOM_MATRIX_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/random_matrix.h"

namespace gencs {
namespace cuda {

// How many entries of T the launchers below need as workspace, at most 6 MiB.
template <typename T>
int64_t RandomMatrixMeasureWorkspace(const RandomMatrix& matrix, int64_t batch);
template <typename T>
int64_t RandomMatrixAdjointWorkspace(const RandomMatrix& matrix, int64_t batch);

// y = A x for every row of the batch. All pointers are device pointers.
//
// \param x          Signals. The shape is [batch, n].
// \param workspace  Scratch of RandomMatrixMeasureWorkspace() entries.
// \param y          Output: measurements. The shape is [batch, m].
template <typename T>
cudaError_t LaunchRandomMatrixMeasure(cudaStream_t stream,
                                      const RandomMatrix& matrix,
                                      const T* x,
                                      int64_t batch,
                                      T* workspace,
                                      T* y);

// The exact transpose: x = A^T y, with RandomMatrixAdjointWorkspace() entries.
template <typename T>
cudaError_t LaunchRandomMatrixAdjoint(cudaStream_t stream,
                                      const RandomMatrix& matrix,
                                      const T* y,
                                      int64_t batch,
                                      T* workspace,
                                      T* x);

// Writes A itself, of shape [m, n].
template <typename T>
cudaError_t LaunchRandomMatrixFill(cudaStream_t stream,
                                   const RandomMatrix& matrix,
                                   T* a);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_RANDOM_MATRIX_H_
