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

// What every kernel needs to know about a call. `subtract` is y where the task is
// the residual, else null; `spread` is what the adjoint applies to.
template <typename T>
struct Job {
  HadamardCall<T> call;
  int64_t batch, size, block;
  T scale;
  const T* subtract;
  const T* spread;
};

// Entry i of row b of D x, padded.
template <typename T>
__device__ __forceinline__ T Signed(const Job<T>& job, int64_t b, int64_t i) {
  return i < job.call.n
             ? job.call.x[b * job.call.n + i] * static_cast<T>(job.call.signs[i])
             : T(0);
}

// Measurement i of row b, of a transformed value or of 0 where rows[i] is invalid.
template <typename T>
__device__ __forceinline__ T
Measured(const Job<T>& job, int64_t b, int64_t i, T transformed) {
  const T less = job.subtract == nullptr ? T(0) : job.subtract[b * job.call.m + i];
  return transformed * job.scale - less;
}

template <typename T>
__device__ __forceinline__ bool IsValid(const Job<T>& job, int64_t row) {
  return 0 <= row && row < job.size;
}

// One block does one row, which stays in shared memory from the first to the last
// phase of the task. A block reads back only measurements that it wrote itself.
template <typename T>
__global__ void __launch_bounds__(kMaxThreads) RunInShared(Job<T> job) {
  extern __shared__ __align__(16) unsigned char memory[];
  T* v = reinterpret_cast<T*>(memory);
  const HadamardCall<T>& call = job.call;
  for (int64_t b = blockIdx.x; b < job.batch; b += gridDim.x) {
    if (call.task != HadamardTask::kAdjoint) {
      for (int64_t i = threadIdx.x; i < job.size; i += blockDim.x) {
        v[Padded(i)] = Signed(job, b, i);
      }
      __syncthreads();
      TransformShared(v, job.block, job.size);
      for (int64_t i = threadIdx.x; i < call.m; i += blockDim.x) {
        const int64_t row = call.rows[i];
        call.measured[b * call.m + i] =
            Measured(job, b, i, IsValid(job, row) ? v[Padded(row)] : T(0));
      }
      __syncthreads();
    }
    if (call.task != HadamardTask::kMeasure) {
      for (int64_t i = threadIdx.x; i < job.size; i += blockDim.x) {
        v[Padded(i)] = T(0);
      }
      __syncthreads();
      for (int64_t i = threadIdx.x; i < call.m; i += blockDim.x) {
        const int64_t row = call.rows[i];
        if (IsValid(job, row)) {
          Add(&v[Padded(row)], job.spread[b * call.m + i] * job.scale);
        }
      }
      __syncthreads();
      TransformShared(v, job.block, job.size);
      for (int64_t i = threadIdx.x; i < call.n; i += blockDim.x) {
        call.back[b * call.n + i] = v[Padded(i)] * static_cast<T>(call.signs[i]);
      }
      __syncthreads();
    }
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
__global__ void LoadSigned(Job<T> job, T* workspace) {
  for (int64_t t = GlobalThread(); t < job.batch * job.size; t += GlobalThreads()) {
    workspace[t] = Signed(job, t / job.size, t % job.size);
  }
}

// back <- signs * workspace.
template <typename T>
__global__ void StoreSigned(Job<T> job, const T* __restrict__ workspace) {
  const int64_t n = job.call.n;
  for (int64_t t = GlobalThread(); t < job.batch * n; t += GlobalThreads()) {
    const int64_t b = t / n, i = t % n;
    job.call.back[t] = workspace[b * job.size + i] * static_cast<T>(job.call.signs[i]);
  }
}

// measured <- the selected rows of workspace.
template <typename T>
__global__ void GatherRows(Job<T> job, const T* __restrict__ workspace) {
  const int64_t m = job.call.m;
  for (int64_t t = GlobalThread(); t < job.batch * m; t += GlobalThreads()) {
    const int64_t b = t / m, row = job.call.rows[t % m];
    job.call.measured[t] = Measured(
        job, b, t % m, IsValid(job, row) ? workspace[b * job.size + row] : T(0));
  }
}

// Adds what the adjoint applies to, to the selected rows of workspace.
template <typename T>
__global__ void ScatterRows(Job<T> job, T* workspace) {
  const int64_t m = job.call.m;
  for (int64_t t = GlobalThread(); t < job.batch * m; t += GlobalThreads()) {
    const int64_t b = t / m, row = job.call.rows[t % m];
    if (IsValid(job, row)) {
      Add(&workspace[b * job.size + row], job.spread[t] * job.scale);
    }
  }
}

// Transforms every tile of `tile` neighbours of v[0:entries].
template <typename T>
__global__ void __launch_bounds__(kMaxThreads)
    TransformTiles(T* v, int64_t tile, int64_t entries) {
  extern __shared__ __align__(16) unsigned char memory[];
  T* shared = reinterpret_cast<T*>(memory);
  for (int64_t start = blockIdx.x * tile; start < entries; start += gridDim.x * tile) {
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
  return static_cast<unsigned>(std::max<int64_t>(1, std::min(blocks, kMaxBlocks)));
}

// Shared memory of a whole row, or 0 where a block cannot have that much.
template <typename T>
cudaError_t RowBytes(int64_t size, size_t* bytes) {
  int device = 0, limit = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error != cudaSuccess) {
    return error;
  }
  error =
      cudaDeviceGetAttribute(&limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  if (error != cudaSuccess) {
    return error;
  }
  *bytes = Padded(size) * sizeof(T);
  if (*bytes > static_cast<size_t>(limit)) {
    *bytes = 0;
  }
  return cudaSuccess;
}

template <typename T>
Job<T> MakeJob(int64_t batch, const HadamardCall<T>& call) {
  const int64_t size = HadamardSize(call.n);
  const int64_t block = size % 3 == 0 ? size / 12 : size;
  const double m = static_cast<double>(std::max<int64_t>(call.m, 1));
  const bool residual = call.task == HadamardTask::kResidual;
  return {call,
          batch,
          size,
          block,
          static_cast<T>(1.0 / std::sqrt(m)),
          residual ? call.y : nullptr,
          residual ? call.measured : call.y};
}

// workspace <- H workspace for the whole batch, through global memory.
template <typename T>
void TransformGlobal(cudaStream_t stream, const Job<T>& job, T* workspace) {
  const int64_t entries = job.batch * job.size;
  const int64_t tile = std::min(kTile, job.block);
  TransformTiles<T>
      <<<Blocks(entries, tile), Threads(tile / 8), Padded(tile) * sizeof(T), stream>>>(
          workspace, tile, entries);
  // Rows are multiples of every stride * R, so the batch is one long array
  // here.
  int64_t stride = tile;
  while (stride < job.block) {
    const int64_t left = job.block / stride;
    if (left >= 8) {
      MixGlobal<8, T>
          <<<Blocks(entries / 8, 256), 256, 0, stream>>>(workspace, stride, entries);
      stride *= 8;
    } else if (left == 4) {
      MixGlobal<4, T>
          <<<Blocks(entries / 4, 256), 256, 0, stream>>>(workspace, stride, entries);
      stride *= 4;
    } else {
      MixGlobal<2, T>
          <<<Blocks(entries / 2, 256), 256, 0, stream>>>(workspace, stride, entries);
      stride *= 2;
    }
  }
  if (job.block != job.size) {
    MixGlobal<12, T>
        <<<Blocks(entries / 12, 256), 256, 0, stream>>>(workspace, job.block, entries);
  }
}

// The phases of the task one after another, each for the whole batch.
template <typename T>
cudaError_t RunInGlobal(cudaStream_t stream, const Job<T>& job, T* workspace) {
  const HadamardCall<T>& call = job.call;
  const int64_t entries = job.batch * job.size;
  const unsigned measurement_blocks = Blocks(job.batch * call.m, 256);
  if (call.task != HadamardTask::kAdjoint) {
    LoadSigned<T><<<Blocks(entries, 256), 256, 0, stream>>>(job, workspace);
    TransformGlobal(stream, job, workspace);
    GatherRows<T><<<measurement_blocks, 256, 0, stream>>>(job, workspace);
  }
  if (call.task != HadamardTask::kMeasure) {
    const cudaError_t error =
        cudaMemsetAsync(workspace, 0, entries * sizeof(T), stream);
    if (error != cudaSuccess) {
      return error;
    }
    ScatterRows<T><<<measurement_blocks, 256, 0, stream>>>(job, workspace);
    TransformGlobal(stream, job, workspace);
    StoreSigned<T><<<Blocks(job.batch * call.n, 256), 256, 0, stream>>>(job, workspace);
  }
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
cudaError_t LaunchHadamard(cudaStream_t stream,
                           int64_t batch,
                           const HadamardCall<T>& call,
                           T* workspace) {
  if (batch == 0 || (call.m == 0 && call.task == HadamardTask::kMeasure)) {
    return cudaSuccess;
  }
  const Job<T> job = MakeJob(batch, call);
  size_t bytes = 0;
  cudaError_t error = RowBytes<T>(job.size, &bytes);
  if (error != cudaSuccess) {
    return error;
  }
  if (bytes == 0) {
    return RunInGlobal(stream, job, workspace);
  }
  error =
      cudaFuncSetAttribute(RunInShared<T>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                           static_cast<int>(bytes));
  if (error != cudaSuccess) {
    return error;
  }
  RunInShared<T><<<Blocks(batch, 1), Threads(job.size / 8), bytes, stream>>>(job);
  return cudaGetLastError();
}

#define GENCS_INSTANTIATE(T)                                             \
  template cudaError_t HadamardWorkspace<T>(int64_t, int64_t, int64_t*); \
  template cudaError_t LaunchHadamard<T>(cudaStream_t, int64_t,          \
                                         const HadamardCall<T>&, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
