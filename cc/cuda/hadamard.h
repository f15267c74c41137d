// The subsampled randomised Hadamard transform and its transpose on a CUDA
// stream. See cc/core/hadamard.h for the mathematics. Nothing here waits for
// the device.
#ifndef GENCS_CUDA_HADAMARD_H_
#define GENCS_CUDA_HADAMARD_H_

#include <cuda_runtime_api.h>

#include <cstdint>

namespace gencs {
namespace cuda {

// How many entries of T the launchers below need as workspace: 0 where a whole
// row fits the shared memory of a block on the current device, else batch *
// size.
template <typename T>
cudaError_t HadamardWorkspace(int64_t batch, int64_t n, int64_t* entries);

// All pointers are device pointers. Rows outside [0, HadamardSize(n)) measure
// 0: a kernel cannot report them, and must not read past its data.
//
// \param x          Signals. The shape is [batch, n].
// \param signs      The diagonal of D. The shape is [n].
// \param rows       Which rows of H are measured. The shape is [m].
// \param workspace  Scratch of HadamardWorkspace() entries.
// \param y          Output: measurements. The shape is [batch, m].
template <typename T>
cudaError_t LaunchHadamardMeasure(cudaStream_t stream,
                                  const T* x,
                                  const int8_t* signs,
                                  const int32_t* rows,
                                  int64_t batch,
                                  int64_t n,
                                  int64_t m,
                                  T* workspace,
                                  T* y);

// The exact transpose: reads y, writes x, skips rows outside [0,
// HadamardSize(n)).
template <typename T>
cudaError_t LaunchHadamardAdjoint(cudaStream_t stream,
                                  const T* y,
                                  const int8_t* signs,
                                  const int32_t* rows,
                                  int64_t batch,
                                  int64_t n,
                                  int64_t m,
                                  T* workspace,
                                  T* x);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_HADAMARD_H_
