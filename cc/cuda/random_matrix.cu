// Products with tiles of A that are made in shared memory; see products.cuh.
#include <cmath>

#include "cc/cuda/products.cuh"
#include "cc/cuda/random_matrix.h"
#include "cc/cuda/random_matrix_device.cuh"

namespace gencs {
namespace cuda {
namespace {

constexpr int kGroupBlocks = 16;
static_assert(kDepth == 64, "a tile has the columns of a Gaussian group");

// The matrix of a product: A when measuring, its transpose for the adjoint.
template <bool kMeasure, typename T>
struct RandomTiles {
  RandomMatrix matrix;
  T scale;

  __device__ __forceinline__ void Fill(int64_t output,
                                       int64_t input,
                                       int64_t,
                                       T* tile) const {
    using S = Shape<T>;
    __shared__ uint32_t words[kDepth * S::kOutputs / 32];
    constexpr int kRows = kMeasure ? S::kOutputs : kDepth;
    constexpr int kColumns = kMeasure ? kDepth : S::kOutputs;
    const int64_t row0 = kMeasure ? output : input;
    const int64_t column0 = kMeasure ? input : output;
    const auto at = [](int row, int column) {
      return kMeasure ? column * S::kStride + row : row * S::kStride + column;
    };
    if (matrix.distribution == RandomDistribution::kGaussian) {
      for (int t = threadIdx.x; t < kRows * kGroupBlocks; t += kThreads) {
        // Neighbouring threads write neighbours of the tile.
        const int row = kMeasure ? t % kRows : t / kGroupBlocks;
        const int lane = kMeasure ? t / kRows : t % kGroupBlocks;
        const PhiloxBlock block =
            Philox(matrix.key, matrix.stream, static_cast<uint32_t>(row0 + row),
                   static_cast<uint32_t>(column0 / 64 * kGroupBlocks + lane));
#pragma unroll
        for (int pair = 0; pair < 2; ++pair) {
          // A tile of 32 columns is one half of a group: one of the pairs.
          const int column = 2 * pair * kGroupBlocks - static_cast<int>(column0 % 64);
          if (0 <= column && column < kColumns) {
            BoxMuller(block.words[2 * pair], block.words[2 * pair + 1], scale,
                      &tile[at(row, column + lane)],
                      &tile[at(row, column + kGroupBlocks + lane)]);
          }
        }
      }
      return;
    }
    constexpr int kWords = kColumns / 32;
    for (int t = threadIdx.x; t < kRows * kWords; t += kThreads) {
      const int64_t column = column0 + t % kWords * 32;
      const PhiloxBlock block =
          Philox(matrix.key, matrix.stream, static_cast<uint32_t>(row0 + t / kWords),
                 static_cast<uint32_t>(column / 128));
      words[t] = block.Word(static_cast<int>(column % 128 / 32));
    }
    __syncthreads();
    for (int t = threadIdx.x; t < kRows * kColumns; t += kThreads) {
      const int row = kMeasure ? t % kRows : t / kColumns;
      const int column = kMeasure ? t / kRows : t % kColumns;
      const bool negative = words[row * kWords + column / 32] >> (column % 32) & 1;
      tile[at(row, column)] = negative ? -scale : scale;
    }
  }
};

template <typename T>
__global__ void FillGaussian(RandomMatrix matrix, T scale, T* a) {
  const int64_t blocks = (matrix.columns + 63) / 64 * kGroupBlocks;
  for (int64_t t = GlobalThread(); t < matrix.rows * blocks; t += GlobalThreads()) {
    const int64_t row = t / blocks, index = t % blocks;
    const PhiloxBlock block =
        Philox(matrix.key, matrix.stream, static_cast<uint32_t>(row),
               static_cast<uint32_t>(index));
    T entries[4];
    BoxMuller(block.words[0], block.words[1], scale, &entries[0], &entries[1]);
    BoxMuller(block.words[2], block.words[3], scale, &entries[2], &entries[3]);
    const int64_t first = index / kGroupBlocks * 64 + index % kGroupBlocks;
#pragma unroll
    for (int entry = 0; entry < 4; ++entry) {
      const int64_t column = first + entry * kGroupBlocks;
      if (column < matrix.columns) {
        a[row * matrix.columns + column] = entries[entry];
      }
    }
  }
}

// Every thread makes a block for one sign: still cheaper than to write it.
template <typename T>
__global__ void FillRademacher(RandomMatrix matrix, T scale, T* a) {
  const int64_t entries = matrix.rows * matrix.columns;
  for (int64_t t = GlobalThread(); t < entries; t += GlobalThreads()) {
    const int64_t row = t / matrix.columns, column = t % matrix.columns;
    const PhiloxBlock block =
        Philox(matrix.key, matrix.stream, static_cast<uint32_t>(row),
               static_cast<uint32_t>(column / 128));
    const uint32_t bits = block.Word(static_cast<int>(column % 128 / 32));
    a[t] = bits >> (column % 32) & 1 ? -scale : scale;
  }
}

template <typename T>
T Scale(const RandomMatrix& matrix) {
  const int64_t m = std::max<int64_t>(matrix.rows, 1);
  return static_cast<T>(1.0 / std::sqrt(static_cast<double>(m)));
}

template <bool kMeasure, typename T>
Product<T, RandomTiles<kMeasure, T>> PlanRandom(const RandomMatrix& matrix,
                                                int64_t batch) {
  const RandomTiles<kMeasure, T> tiles = {matrix, Scale<T>(matrix)};
  return Plan<T>(tiles, batch, kMeasure ? matrix.rows : matrix.columns,
                 kMeasure ? matrix.columns : matrix.rows);
}

}  // namespace

template <typename T>
int64_t RandomMatrixMeasureWorkspace(const RandomMatrix& matrix, int64_t batch) {
  return Workspace(PlanRandom<true, T>(matrix, batch));
}

template <typename T>
int64_t RandomMatrixAdjointWorkspace(const RandomMatrix& matrix, int64_t batch) {
  return Workspace(PlanRandom<false, T>(matrix, batch));
}

template <typename T>
cudaError_t LaunchRandomMatrixMeasure(cudaStream_t stream,
                                      const RandomMatrix& matrix,
                                      const T* x,
                                      int64_t batch,
                                      T* workspace,
                                      T* y) {
  return LaunchProduct<T>(stream, PlanRandom<true, T>(matrix, batch), x, nullptr,
                          workspace, y);
}

template <typename T>
cudaError_t LaunchRandomMatrixAdjoint(cudaStream_t stream,
                                      const RandomMatrix& matrix,
                                      const T* y,
                                      int64_t batch,
                                      T* workspace,
                                      T* x) {
  return LaunchProduct<T>(stream, PlanRandom<false, T>(matrix, batch), y, nullptr,
                          workspace, x);
}

template <typename T>
cudaError_t LaunchRandomMatrixFill(cudaStream_t stream,
                                   const RandomMatrix& matrix,
                                   T* a) {
  const int64_t entries = matrix.rows * matrix.columns;
  if (entries == 0) {
    return cudaSuccess;
  }
  const T scale = Scale<T>(matrix);
  if (matrix.distribution == RandomDistribution::kGaussian) {
    FillGaussian<T>
        <<<Blocks(Ceiling(entries, 4 * 256)), 256, 0, stream>>>(matrix, scale, a);
  } else {
    FillRademacher<T>
        <<<Blocks(Ceiling(entries, 256)), 256, 0, stream>>>(matrix, scale, a);
  }
  return cudaGetLastError();
}

#define GENCS_INSTANTIATE(T)                                                           \
  template int64_t RandomMatrixMeasureWorkspace<T>(const RandomMatrix&, int64_t);      \
  template int64_t RandomMatrixAdjointWorkspace<T>(const RandomMatrix&, int64_t);      \
  template cudaError_t LaunchRandomMatrixMeasure<T>(cudaStream_t, const RandomMatrix&, \
                                                    const T*, int64_t, T*, T*);        \
  template cudaError_t LaunchRandomMatrixAdjoint<T>(cudaStream_t, const RandomMatrix&, \
                                                    const T*, int64_t, T*, T*);        \
  template cudaError_t LaunchRandomMatrixFill<T>(cudaStream_t, const RandomMatrix&, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
