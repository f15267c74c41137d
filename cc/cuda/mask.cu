// The transpose gathers too: first every value learns which measurement it was,
// and how many there were of it. Integer atomics do that in any order with the
// same result; sums of floats would not.
#include <algorithm>

#include "cc/cuda/mask.h"

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

template <typename T>
__global__ void Gather(
    MaskRows rows, int64_t batch, int64_t n, const T* __restrict__ x, T* y) {
  const int64_t m = rows.m;
  for (int64_t t = GlobalThread(); t < batch * m; t += GlobalThreads()) {
    const int64_t b = t / m;
    const int64_t row = rows.rows[rows.own ? t : t - b * m];
    const bool valid = 0 <= row && row < n;
    y[t] = valid ? x[b * n + row] : T(0);
  }
}

// last[j] <- the last i with rows[i] = j, from -1; count[j] <- their number, from 0.
__global__ void FindMeasurements(
    MaskRows rows, int64_t entries, int64_t n, int32_t* last, int32_t* count) {
  for (int64_t t = GlobalThread(); t < entries; t += GlobalThreads()) {
    const int64_t row = rows.rows[t];
    if (0 <= row && row < n) {
      const int64_t mask = t / rows.m;  // 0 if all signals share one
      atomicMax(&last[mask * n + row], static_cast<int32_t>(t - mask * rows.m));
      atomicAdd(&count[mask * n + row], 1);
    }
  }
}

template <typename T>
__global__ void Spread(MaskRows rows,
                       int64_t batch,
                       int64_t n,
                       const int32_t* __restrict__ last,
                       const int32_t* __restrict__ count,
                       const T* __restrict__ y,
                       T* x) {
  for (int64_t t = GlobalThread(); t < batch * n; t += GlobalThreads()) {
    const int64_t b = t / n, j = t - b * n;
    const int64_t place = rows.own ? t : j;
    const T* measured = y + b * rows.m;
    const int32_t i_last = last[place];
    T sum = i_last >= 0 ? measured[i_last] : T(0);
    if (count[place] > 1) {  // rare: add them up in the order of the CPU
      const int32_t* own = rows.rows + (rows.own ? b * rows.m : 0);
      sum = T(0);
      for (int32_t i = 0; i <= i_last; ++i) {
        if (own[i] == j) {
          sum += measured[i];
        }
      }
    }
    x[t] = sum;
  }
}

}  // namespace

template <typename T>
cudaError_t LaunchMaskMeasure(cudaStream_t stream,
                              const T* x,
                              const MaskRows& rows,
                              int64_t batch,
                              int64_t n,
                              T* y) {
  if (batch == 0 || rows.m == 0) {
    return cudaSuccess;
  }
  Gather<T><<<Blocks(batch * rows.m), kThreads, 0, stream>>>(rows, batch, n, x, y);
  return cudaGetLastError();
}

template <typename T>
cudaError_t LaunchMaskAdjoint(cudaStream_t stream,
                              const T* y,
                              const MaskRows& rows,
                              int64_t batch,
                              int64_t n,
                              int32_t* workspace,
                              T* x) {
  if (batch == 0 || n == 0) {
    return cudaSuccess;
  }
  const int64_t masks = rows.own ? batch : 1;
  int32_t* last = workspace;
  int32_t* count = workspace + masks * n;
  cudaError_t error = cudaMemsetAsync(last, 0xFF, masks * n * sizeof(*last), stream);
  if (error == cudaSuccess) {
    error = cudaMemsetAsync(count, 0, masks * n * sizeof(*count), stream);
  }
  if (error != cudaSuccess) {
    return error;
  }
  const int64_t entries = masks * rows.m;
  if (entries > 0) {
    FindMeasurements<<<Blocks(entries), kThreads, 0, stream>>>(rows, entries, n, last,
                                                               count);
  }
  Spread<T>
      <<<Blocks(batch * n), kThreads, 0, stream>>>(rows, batch, n, last, count, y, x);
  return cudaGetLastError();
}

#define GENCS_INSTANTIATE(T)                                                         \
  template cudaError_t LaunchMaskMeasure<T>(cudaStream_t, const T*, const MaskRows&, \
                                            int64_t, int64_t, T*);                   \
  template cudaError_t LaunchMaskAdjoint<T>(cudaStream_t, const T*, const MaskRows&, \
                                            int64_t, int64_t, int32_t*, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
