// Measures single values of signals, and the transpose, on a CUDA stream. See
// cc/core/mask.h. Nothing here waits for the device.
#ifndef GENCS_CUDA_MASK_H_
#define GENCS_CUDA_MASK_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/mask.h"

namespace gencs {
namespace cuda {

// All pointers are device pointers. Rows outside [0, n) measure 0: a kernel
// cannot report them, and must not read past its data.
//
// \param x  Signals. The shape is [batch, n].
// \param y  Output: measurements. The shape is [batch, m].
template <typename T>
cudaError_t LaunchMaskMeasure(cudaStream_t stream,
                              const T* x,
                              const MaskRows& rows,
                              int64_t batch,
                              int64_t n,
                              T* y);

// The exact transpose: reads y, writes x, skips rows outside [0, n). The same
// bits every time, repeated rows included; those cost O(m) each.
//
// \param workspace  Scratch. The shape is [2, batch if rows.own else 1, n].
template <typename T>
cudaError_t LaunchMaskAdjoint(cudaStream_t stream,
                              const T* y,
                              const MaskRows& rows,
                              int64_t batch,
                              int64_t n,
                              int32_t* workspace,
                              T* x);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_MASK_H_
