// Two passes, one axis each, through a workspace that is 1/factor of the images.
// To a pass, data are [outer, axis, inner] with inner the values that lie side by
// side: neighbouring threads take neighbouring values. Both directions gather, so
// every sum has one thread and one order.
#include <algorithm>

#include "cc/cuda/blur_downsample.h"

namespace gencs {
namespace cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMaxBlocks = int64_t{1} << 20;

unsigned Blocks(int64_t work) {
  const int64_t blocks = (work + kThreads - 1) / kThreads;
  return static_cast<unsigned>(std::max<int64_t>(1, std::min(blocks, kMaxBlocks)));
}

__device__ __forceinline__ int64_t GlobalThread() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ int64_t GlobalThreads() {
  return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

__device__ __forceinline__ int64_t Fold(const BlurAxis& axis, int64_t p) {
  const bool circular = axis.border == BlurBorder::kCircular;
  if (p < 0) {
    return circular ? p + axis.size : -p;
  }
  if (p >= axis.size) {
    return circular ? p - axis.size : 2 * (axis.size - 1) - p;
  }
  return p;
}

// to [outer, axis.out, inner] <- from [outer, axis.size, inner].
template <typename T>
__global__ void Shrink(BlurAxis axis,
                       int64_t outer,
                       int64_t inner,
                       const T* __restrict__ kernel,
                       const T* __restrict__ from,
                       T* to) {
  for (int64_t t = GlobalThread(); t < outer * axis.out * inner; t += GlobalThreads()) {
    const int64_t line = t / inner;
    const int64_t image = line / axis.out, o = line - image * axis.out;
    const T* column = from + image * axis.size * inner + (t - line * inner);
    const int64_t first = o * axis.factor + axis.offset;
    T sum = 0;
    for (int64_t i = 0; i < axis.taps; ++i) {
      sum += kernel[i] * column[Fold(axis, first + i) * inner];
    }
    to[t] = sum;
  }
}

// What position p of the axis receives from the outputs whose taps touch it.
template <typename T>
__device__ __forceinline__ T Received(const BlurAxis& axis,
                                      int64_t p,
                                      int64_t inner,
                                      const T* __restrict__ kernel,
                                      const T* __restrict__ column) {
  const int64_t tap = p - axis.offset;  // of output 0
  if (tap < 0) {
    return T(0);
  }
  const int64_t over = tap - axis.taps + 1;
  const int64_t first = over > 0 ? (over + axis.factor - 1) / axis.factor : 0;
  const int64_t last = min(tap / axis.factor, axis.out - 1);
  T sum = 0;
  for (int64_t o = first; o <= last; ++o) {
    sum += kernel[tap - o * axis.factor] * column[o * inner];
  }
  return sum;
}

// The transpose: to [outer, axis.size, inner] <- from [outer, axis.out, inner].
template <typename T>
__global__ void Widen(BlurAxis axis,
                      int64_t outer,
                      int64_t inner,
                      const T* __restrict__ kernel,
                      const T* __restrict__ from,
                      T* to) {
  const bool circular = axis.border == BlurBorder::kCircular;
  for (int64_t t = GlobalThread(); t < outer * axis.size * inner;
       t += GlobalThreads()) {
    const int64_t line = t / inner;
    const int64_t image = line / axis.size, p = line - image * axis.size;
    const T* column = from + image * axis.out * inner + (t - line * inner);
    T sum = Received(axis, p, inner, kernel, column);
    const int64_t above = circular ? p - axis.size : -p;
    if (above < 0 && above >= -axis.before) {
      sum += Received(axis, above, inner, kernel, column);
    }
    const int64_t below = circular ? p + axis.size : 2 * (axis.size - 1) - p;
    if (below >= axis.size && below < axis.size + axis.after) {
      sum += Received(axis, below, inner, kernel, column);
    }
    to[t] = sum;
  }
}

}  // namespace

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
                                 T* out) {
  const int64_t row = x.size * channels;
  Shrink<T><<<Blocks(batch * y.out * row), kThreads, 0, stream>>>(
      y, batch, row, kernel_y, images, workspace);
  Shrink<T><<<Blocks(batch * y.out * x.out * channels), kThreads, 0, stream>>>(
      x, batch * y.out, channels, kernel_x, workspace, out);
  return cudaGetLastError();
}

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
                                        T* images) {
  const int64_t row = x.size * channels;
  Widen<T><<<Blocks(batch * y.out * row), kThreads, 0, stream>>>(
      x, batch * y.out, channels, kernel_x, y_in, workspace);
  Widen<T><<<Blocks(batch * y.size * row), kThreads, 0, stream>>>(
      y, batch, row, kernel_y, workspace, images);
  return cudaGetLastError();
}

#define GENCS_INSTANTIATE(T)                                                        \
  template cudaError_t LaunchBlurDownsample<T>(                                     \
      cudaStream_t, const T*, const T*, const T*, const BlurAxis&, const BlurAxis&, \
      int64_t, int64_t, T*, T*);                                                    \
  template cudaError_t LaunchBlurDownsampleAdjoint<T>(                              \
      cudaStream_t, const T*, const T*, const T*, const BlurAxis&, const BlurAxis&, \
      int64_t, int64_t, T*, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
