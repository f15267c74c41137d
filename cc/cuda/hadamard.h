// The subsampled randomised Hadamard transform and its transpose on a CUDA
// stream. See cc/core/hadamard.h for the mathematics. Nothing here waits for
// the device.
#ifndef GENCS_CUDA_HADAMARD_H_
#define GENCS_CUDA_HADAMARD_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/hadamard.h"

namespace gencs {
namespace cuda {

// How many entries of T the launchers below need as workspace: 0 where a whole
// row fits the shared memory of a block on the current device, else batch *
// size.
template <typename T>
cudaError_t HadamardWorkspace(int64_t batch, int64_t n, int64_t* entries);

// Does the task of a call for the whole batch. All pointers are device pointers.
// Rows outside [0, HadamardSize(n)) measure 0 and are skipped by the adjoint: a
// kernel cannot report them, and must not reach past its data.
//
// \param workspace  Scratch of HadamardWorkspace() entries.
template <typename T>
cudaError_t LaunchHadamard(cudaStream_t stream,
                           int64_t batch,
                           const HadamardCall<T>& call,
                           T* workspace);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_HADAMARD_H_
