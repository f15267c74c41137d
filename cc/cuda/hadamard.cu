// One block transforms one row in shared memory where the row fits; longer rows
// go through global memory: a load, a pass over tiles in shared memory, radix-8
// passes over everything, and a store.
#include <algorithm>
#include <cmath>

#include "cc/core/hadamard.h"
#include "cc/cuda/hadamard.h"
#include "cc/cuda/hadamard_device.cuh"

namespace gencs {
namespace cuda {
namespace {

constexpr int64_t kTile = 4096;
constexpr int kMaxThreads = 1024;
constexpr int64_t kMaxBlocks = int64_t{1} << 20;

// What every kernel needs to know about the operator.
struct Operator {
  const int8_t* signs;
  const int32_t* rows;
  int64_t batch, n, m, size, block;
  double scale;
};

template <typename T>
__global__ void __launch_bounds__(kMaxThreads)
    MeasureInShared(Operator op, const T* __restrict__ x, T* __restrict__ y) {
  extern __shared__ __align__(16) unsigned char memory[];
  T* v = reinterpret_cast<T*>(memory);
  const T scale = static_cast<T>(op.scale);
  for (int64_t b = blockIdx.x; b < op.batch; b += gridDim.x) {
    for (int64_t i = threadIdx.x; i < op.size; i += blockDim.x) {
      v[Padded(i)] =
          i < op.n ? x[b * op.n + i] * static_cast<T>(op.signs[i]) : T(0);
    }
    __syncthreads();
    TransformShared(v, op.block, op.size);
    for (int64_t i = threadIdx.x; i < op.m; i += blockDim.x) {
      const int64_t row = op.rows[i];
      const bool valid = 0 <= row && row < op.size;
      y[b * op.m + i] = valid ? v[Padded(row)] * scale : T(0);
    }
    __syncthreads();
  }
}

template <typename T>
__global__ void __launch_bounds__(kMaxThreads)
    AdjointInShared(Operator op, const T* __restrict__ y, T* __restrict__ x) {
  extern __shared__ __align__(16) unsigned char memory[];
  T* v = reinterpret_cast<T*>(memory);
  const T scale = static_cast<T>(op.scale);
  for (int64_t b = blockIdx.x; b < op.batch; b += gridDim.x) {
    for (int64_t i = threadIdx.x; i < op.size; i += blockDim.x) {
      v[Padded(i)] = T(0);
    }
    __syncthreads();
    for (int64_t i = threadIdx.x; i < op.m; i += blockDim.x) {
      const int64_t row = op.rows[i];
      if (0 <= row && row < op.size) {
        Add(&v[Padded(row)], y[b * op.m + i] * scale);
      }
    }
    __syncthreads();
    TransformShared(v, op.block, op.size);
    for (int64_t i = threadIdx.x; i < op.n; i += blockDim.x) {
      x[b * op.n + i] = v[Padded(i)] * static_cast<T>(op.signs[i]);
    }
    __syncthreads();
  }
}

__device__ __forceinline__ int64_t GlobalThread() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ int64_t GlobalThreads() {
  return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

// workspace <- signs * x, padded.
template <typename T>
__global__ void LoadSigned(Operator op, const T* __restrict__ x, T* workspace) {
  for (int64_t t = GlobalThread(); t < op.batch * op.size;
       t += GlobalThreads()) {
    const int64_t b = t / op.size, i = t % op.size;
    workspace[t] =
        i < op.n ? x[b * op.n + i] * static_cast<T>(op.signs[i]) : T(0);
  }
}

// x <- signs * workspace.
template <typename T>
__global__ void StoreSigned(Operator op,
                            const T* __restrict__ workspace,
                            T* x) {
  for (int64_t t = GlobalThread(); t < op.batch * op.n; t += GlobalThreads()) {
    const int64_t b = t / op.n, i = t % op.n;
    x[t] = workspace[b * op.size + i] * static_cast<T>(op.signs[i]);
  }
}

// y <- the selected rows of workspace.
template <typename T>
__global__ void GatherRows(Operator op, const T* __restrict__ workspace, T* y) {
  for (int64_t t = GlobalThread(); t < op.batch * op.m; t += GlobalThreads()) {
    const int64_t b = t / op.m;
    const int64_t row = op.rows[t % op.m];
    const bool valid = 0 <= row && row < op.size;
    y[t] =
        valid ? workspace[b * op.size + row] * static_cast<T>(op.scale) : T(0);
  }
}

// Adds y to the selected rows of workspace.
template <typename T>
__global__ void ScatterRows(Operator op,
                            const T* __restrict__ y,
                            T* workspace) {
  for (int64_t t = GlobalThread(); t < op.batch * op.m; t += GlobalThreads()) {
    const int64_t b = t / op.m;
    const int64_t row = op.rows[t % op.m];
    if (0 <= row && row < op.size) {
      Add(&workspace[b * op.size + row], y[t] * static_cast<T>(op.scale));
    }
  }
}

// Transforms every tile of `tile` neighbours of v[0:entries].
template <typename T>
__global__ void __launch_bounds__(kMaxThreads)
    TransformTiles(T* v, int64_t tile, int64_t entries) {
  extern __shared__ __align__(16) unsigned char memory[];
  T* shared = reinterpret_cast<T*>(memory);
  for (int64_t start = blockIdx.x * tile; start < entries;
       start += gridDim.x * tile) {
    for (int64_t i = threadIdx.x; i < tile; i += blockDim.x) {
      shared[Padded(i)] = v[start + i];
    }
    __syncthreads();
    TransformShared(shared, tile, tile);
    for (int64_t i = threadIdx.x; i < tile; i += blockDim.x) {
      v[start + i] = shared[Padded(i)];
    }
    __syncthreads();
  }
}

template <int R, typename T>
__global__ void MixGlobal(T* v, int64_t stride, int64_t entries) {
  for (int64_t t = GlobalThread(); t < entries / R; t += GlobalThreads()) {
    MixOne<R, GlobalPlace>(v, t, stride);
  }
}

int Threads(int64_t work) {
  int threads = 32;
  while (threads < kMaxThreads && threads < work) {
    threads *= 2;
  }
  return threads;
}

unsigned Blocks(int64_t work, int64_t per_block) {
  const int64_t blocks = (work + per_block - 1) / per_block;
  return static_cast<unsigned>(
      std::max<int64_t>(1, std::min(blocks, kMaxBlocks)));
}

// Shared memory of a whole row, or 0 where a block cannot have that much.
template <typename T>
cudaError_t RowBytes(int64_t size, size_t* bytes) {
  int device = 0, limit = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error != cudaSuccess) {
    return error;
  }
  error = cudaDeviceGetAttribute(
      &limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  if (error != cudaSuccess) {
    return error;
  }
  *bytes = Padded(size) * sizeof(T);
  if (*bytes > static_cast<size_t>(limit)) {
    *bytes = 0;
  }
  return cudaSuccess;
}

Operator MakeOperator(const int8_t* signs,
                      const int32_t* rows,
                      int64_t batch,
                      int64_t n,
                      int64_t m) {
  const int64_t size = HadamardSize(n);
  const int64_t block = (size & (size - 1)) == 0 ? size : size / 12;
  const double scale =
      1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(m, 1)));
  return Operator{signs, rows, batch, n, m, size, block, scale};
}

// workspace <- H workspace for the whole batch, through global memory.
template <typename T>
void TransformGlobal(cudaStream_t stream, const Operator& op, T* workspace) {
  const int64_t entries = op.batch * op.size;
  const int64_t tile = std::min(kTile, op.block);
  TransformTiles<T>
      <<<Blocks(entries, tile), Threads(tile / 8), Padded(tile) * sizeof(T),
         stream>>>(workspace, tile, entries);
  // Rows are multiples of every stride * R, so the batch is one long array
  // here.
  int64_t stride = tile;
  while (stride < op.block) {
    const int64_t left = op.block / stride;
    if (left >= 8) {
      MixGlobal<8, T><<<Blocks(entries / 8, 256), 256, 0, stream>>>(
          workspace, stride, entries);
      stride *= 8;
    } else if (left == 4) {
      MixGlobal<4, T><<<Blocks(entries / 4, 256), 256, 0, stream>>>(
          workspace, stride, entries);
      stride *= 4;
    } else {
      MixGlobal<2, T><<<Blocks(entries / 2, 256), 256, 0, stream>>>(
          workspace, stride, entries);
      stride *= 2;
    }
  }
  if (op.block != op.size) {
    MixGlobal<12, T><<<Blocks(entries / 12, 256), 256, 0, stream>>>(
        workspace, op.block, entries);
  }
}

// Runs a kernel with one block a row and the row in `bytes` of shared memory.
template <typename T>
cudaError_t LaunchInShared(cudaStream_t stream,
                           void (*kernel)(Operator, const T*, T*),
                           size_t bytes,
                           const Operator& op,
                           const T* in,
                           T* out) {
  const cudaError_t error =
      cudaFuncSetAttribute(kernel,
                           cudaFuncAttributeMaxDynamicSharedMemorySize,
                           static_cast<int>(bytes));
  if (error != cudaSuccess) {
    return error;
  }
  kernel<<<Blocks(op.batch, 1), Threads(op.size / 8), bytes, stream>>>(op, in, out);
  return cudaGetLastError();
}

}  // namespace

template <typename T>
cudaError_t HadamardWorkspace(int64_t batch, int64_t n, int64_t* entries) {
  const int64_t size = HadamardSize(n);
  size_t bytes = 0;
  const cudaError_t error = RowBytes<T>(size, &bytes);
  *entries = bytes > 0 ? 0 : batch * size;
  return error;
}

template <typename T>
cudaError_t LaunchHadamardMeasure(cudaStream_t stream,
                                  const T* x,
                                  const int8_t* signs,
                                  const int32_t* rows,
                                  int64_t batch,
                                  int64_t n,
                                  int64_t m,
                                  T* workspace,
                                  T* y) {
  if (batch == 0 || m == 0) {
    return cudaSuccess;
  }
  const Operator op = MakeOperator(signs, rows, batch, n, m);
  size_t bytes = 0;
  cudaError_t error = RowBytes<T>(op.size, &bytes);
  if (error != cudaSuccess) {
    return error;
  }
  if (bytes > 0) {
    return LaunchInShared(stream, MeasureInShared<T>, bytes, op, x, y);
  }
  LoadSigned<T><<<Blocks(batch * op.size, 256), 256, 0, stream>>>(op, x, workspace);
  TransformGlobal(stream, op, workspace);
  GatherRows<T><<<Blocks(batch * m, 256), 256, 0, stream>>>(op, workspace, y);
  return cudaGetLastError();
}

template <typename T>
cudaError_t LaunchHadamardAdjoint(cudaStream_t stream,
                                  const T* y,
                                  const int8_t* signs,
                                  const int32_t* rows,
                                  int64_t batch,
                                  int64_t n,
                                  int64_t m,
                                  T* workspace,
                                  T* x) {
  if (batch == 0) {
    return cudaSuccess;
  }
  const Operator op = MakeOperator(signs, rows, batch, n, m);
  size_t bytes = 0;
  cudaError_t error = RowBytes<T>(op.size, &bytes);
  if (error != cudaSuccess) {
    return error;
  }
  if (bytes > 0) {
    return LaunchInShared(stream, AdjointInShared<T>, bytes, op, y, x);
  }
  error = cudaMemsetAsync(workspace, 0, batch * op.size * sizeof(T), stream);
  if (error != cudaSuccess) {
    return error;
  }
  if (m > 0) {
    ScatterRows<T><<<Blocks(batch * m, 256), 256, 0, stream>>>(op, y, workspace);
  }
  TransformGlobal(stream, op, workspace);
  StoreSigned<T><<<Blocks(batch * n, 256), 256, 0, stream>>>(op, workspace, x);
  return cudaGetLastError();
}

#define GENCS_INSTANTIATE(T)                                                   \
  template cudaError_t HadamardWorkspace<T>(int64_t, int64_t, int64_t*);       \
  template cudaError_t LaunchHadamardMeasure<T>(                               \
      cudaStream_t, const T*, const int8_t*, const int32_t*, int64_t, int64_t, \
      int64_t, T*, T*);                                                        \
  template cudaError_t LaunchHadamardAdjoint<T>(                               \
      cudaStream_t, const T*, const int8_t*, const int32_t*, int64_t, int64_t, \
      int64_t, T*, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
