// Separable blur and downsampling, and the transpose, on a CUDA stream. See
// cc/core/blur_downsample.h for the mathematics. Nothing here waits for the
// device.
#ifndef GENCS_CUDA_BLUR_DOWNSAMPLE_H_
#define GENCS_CUDA_BLUR_DOWNSAMPLE_H_

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cc/core/blur_downsample.h"

namespace gencs {
namespace cuda {

// All pointers are device pointers.
//
// REQUIRES: no empty dimension; both axes reach at most BlurMaxReach.
//
// \param images     The shape is [batch, y.size, x.size, channels].
// \param kernel_y   The shape is [y.taps].
// \param kernel_x   The shape is [x.taps].
// \param workspace  Scratch. The shape is [batch, y.out, x.size, channels].
// \param out        The shape is [batch, y.out, x.out, channels].
template <typename T>
cudaError_t LaunchBlurDownsample(cudaStream_t stream,
                                 const T* images,
                                 const T* kernel_y,
                                 const T* kernel_x,
                                 const BlurAxis& y,
                                 const BlurAxis& x,
                                 int64_t batch,
                                 int64_t channels,
                                 T* workspace,
                                 T* out);

// The exact transpose: reads `out`, here `y_in`, and writes `images`.
template <typename T>
cudaError_t LaunchBlurDownsampleAdjoint(cudaStream_t stream,
                                        const T* y_in,
                                        const T* kernel_y,
                                        const T* kernel_x,
                                        const BlurAxis& y,
                                        const BlurAxis& x,
                                        int64_t batch,
                                        int64_t channels,
                                        T* workspace,
                                        T* images);

}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_BLUR_DOWNSAMPLE_H_
