// A block makes tiles of A in shared memory and multiplies each with a tile of the
// input, in registers. Where there are few outputs, several blocks share the sum of
// one, each over its own part of the inputs; a second kernel adds their sums in a
// fixed order.
#include <algorithm>
#include <cmath>

#include "cc/cuda/random_matrix.h"
#include "cc/cuda/random_matrix_device.cuh"

namespace gencs {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int64_t kMaxBlocks = int64_t{1} << 20;
constexpr int64_t kEnoughBlocks = 512;
constexpr int64_t kWorkspaceBytes = int64_t{6} << 20;
constexpr int kDepth = 64;  // inputs of a tile, which is a group of Gaussian columns
constexpr int kGroupBlocks = 16;

// 16 bytes, which a thread reads at once.
template <typename T>
struct alignas(16) Pack {
  static constexpr int kSize = 16 / sizeof(T);
  T values[kSize];
};

// A block has 8 x 16 threads; each sums 2 packs of outputs for a pack of the batch.
template <typename T>
struct Shape {
  static constexpr int kPack = Pack<T>::kSize;
  static constexpr int kOutputs = 8 * 2 * kPack;  // 64 floats, 32 doubles
  static constexpr int kBatch = 16 * kPack;       // likewise
  static constexpr int kStride = kOutputs + kPack;
  static_assert(kBatch == kOutputs, "kStride serves both tiles");
};

// One product: outputs[b, o] = sum over i < depth of A(o, i) inputs[b, i], where A(o,
// i) is A[o, i] when measuring and A[i, o] for the adjoint.
template <typename T>
struct Product {
  RandomMatrix matrix;
  T scale;
  int64_t batch, outputs, depth;
  int64_t output_tiles, batch_tiles, parts, part_depth;
  const T* in;
  T* out;  // [parts, batch, outputs]
};

// Tile of A with inputs along its rows: tile[i * kStride + o].
template <bool kMeasure, typename T>
__device__ __forceinline__ void FillTile(
    const Product<T>& p, int64_t output, int64_t input, uint32_t* words, T* tile) {
  using S = Shape<T>;
  constexpr int kRows = kMeasure ? S::kOutputs : kDepth;
  constexpr int kColumns = kMeasure ? kDepth : S::kOutputs;
  const int64_t row0 = kMeasure ? output : input;
  const int64_t column0 = kMeasure ? input : output;
  const auto at = [](int row, int column) {
    return kMeasure ? column * S::kStride + row : row * S::kStride + column;
  };
  if (p.matrix.distribution == RandomDistribution::kGaussian) {
    for (int t = threadIdx.x; t < kRows * kGroupBlocks; t += kThreads) {
      // Neighbouring threads write neighbours of the tile.
      const int row = kMeasure ? t % kRows : t / kGroupBlocks;
      const int lane = kMeasure ? t / kRows : t % kGroupBlocks;
      const PhiloxBlock block =
          Philox(p.matrix.key, p.matrix.stream, static_cast<uint32_t>(row0 + row),
                 static_cast<uint32_t>(column0 / 64 * kGroupBlocks + lane));
#pragma unroll
      for (int pair = 0; pair < 2; ++pair) {
        // A tile of 32 columns is one half of a group: one of the pairs.
        const int column = 2 * pair * kGroupBlocks - static_cast<int>(column0 % 64);
        if (0 <= column && column < kColumns) {
          BoxMuller(block.words[2 * pair], block.words[2 * pair + 1], p.scale,
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
        Philox(p.matrix.key, p.matrix.stream, static_cast<uint32_t>(row0 + t / kWords),
               static_cast<uint32_t>(column / 128));
    words[t] = block.Word(static_cast<int>(column % 128 / 32));
  }
  __syncthreads();
  for (int t = threadIdx.x; t < kRows * kColumns; t += kThreads) {
    const int row = kMeasure ? t % kRows : t / kColumns;
    const int column = kMeasure ? t / kRows : t % kColumns;
    const bool negative = words[row * kWords + column / 32] >> (column % 32) & 1;
    tile[at(row, column)] = negative ? -p.scale : p.scale;
  }
}

// tile[i * kStride + b] <- the inputs, with zeros past the end of a row.
template <typename T>
__device__ __forceinline__ void LoadTile(
    const Product<T>& p, int64_t b0, int64_t input, int64_t end, T* tile) {
  using S = Shape<T>;
  // A warp reads 8 neighbours of 4 rows: whole sectors, and no two writes to a bank.
  for (int t = threadIdx.x; t < kDepth * S::kBatch; t += kThreads) {
    const int i = t % 8 + t / (8 * S::kBatch) * 8;
    const int b = t / 8 % S::kBatch;
    const bool inside = b0 + b < p.batch && input + i < end;
    tile[i * S::kStride + b] = inside ? p.in[(b0 + b) * p.depth + input + i] : T(0);
  }
}

template <bool kMeasure, typename T>
__global__ void __launch_bounds__(kThreads) Multiply(Product<T> p) {
  using S = Shape<T>;
  constexpr int kPack = S::kPack;
  __shared__ __align__(16) T matrix_tile[kDepth * S::kStride];
  __shared__ __align__(16) T input_tile[kDepth * S::kStride];
  __shared__ uint32_t words[kDepth * S::kOutputs / 32];
  const int tx = threadIdx.x % 8, ty = threadIdx.x / 8;
  const int64_t blocks = p.output_tiles * p.batch_tiles * p.parts;
  for (int64_t block = blockIdx.x; block < blocks; block += gridDim.x) {
    const int64_t o0 = block % p.output_tiles * S::kOutputs;
    const int64_t b0 = block / p.output_tiles % p.batch_tiles * S::kBatch;
    const int64_t part = block / (p.output_tiles * p.batch_tiles);
    const int64_t begin = part * p.part_depth;
    const int64_t end = min(begin + p.part_depth, p.depth);
    T sums[2][kPack][kPack] = {};
    for (int64_t input = begin; input < end; input += kDepth) {
      FillTile<kMeasure>(p, o0, input, words, matrix_tile);
      LoadTile(p, b0, input, end, input_tile);
      __syncthreads();
#pragma unroll 8
      for (int i = 0; i < kDepth; ++i) {
        const T* row = matrix_tile + i * S::kStride + tx * kPack;
        const auto a0 = *reinterpret_cast<const Pack<T>*>(row);
        const auto a1 = *reinterpret_cast<const Pack<T>*>(row + S::kOutputs / 2);
        const auto v =
            *reinterpret_cast<const Pack<T>*>(input_tile + i * S::kStride + ty * kPack);
#pragma unroll
        for (int b = 0; b < kPack; ++b) {
#pragma unroll
          for (int o = 0; o < kPack; ++o) {
            sums[0][b][o] += a0.values[o] * v.values[b];
            sums[1][b][o] += a1.values[o] * v.values[b];
          }
        }
      }
      __syncthreads();
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int b = 0; b < kPack; ++b) {
#pragma unroll
        for (int o = 0; o < kPack; ++o) {
          const int64_t row = b0 + ty * kPack + b;
          const int64_t output = o0 + half * (S::kOutputs / 2) + tx * kPack + o;
          if (row < p.batch && output < p.outputs) {
            p.out[(part * p.batch + row) * p.outputs + output] = sums[half][b][o];
          }
        }
      }
    }
  }
}

__device__ __forceinline__ int64_t GlobalThread() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ int64_t GlobalThreads() {
  return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

// out <- the sum of the parts.
template <typename T>
__global__ void AddParts(const T* __restrict__ parts,
                         int64_t count,
                         int64_t entries,
                         T* out) {
  for (int64_t t = GlobalThread(); t < entries; t += GlobalThreads()) {
    T sum = parts[t];
    for (int64_t part = 1; part < count; ++part) {
      sum += parts[part * entries + t];
    }
    out[t] = sum;
  }
}

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

int64_t Ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

unsigned Blocks(int64_t blocks) {
  return static_cast<unsigned>(std::max<int64_t>(1, std::min(blocks, kMaxBlocks)));
}

// The cut of a product into tiles and parts; it depends on sizes alone, so that
// results do too.
template <typename T>
Product<T> Plan(const RandomMatrix& matrix, int64_t batch, bool measure) {
  Product<T> p{};
  p.matrix = matrix;
  p.scale = Scale<T>(matrix);
  p.batch = batch;
  p.outputs = measure ? matrix.rows : matrix.columns;
  p.depth = measure ? matrix.columns : matrix.rows;
  p.output_tiles = Ceiling(p.outputs, Shape<T>::kOutputs);
  p.batch_tiles = Ceiling(batch, Shape<T>::kBatch);
  const int64_t tiles = std::max<int64_t>(1, Ceiling(p.depth, kDepth));
  const int64_t blocks = std::max<int64_t>(1, p.output_tiles * p.batch_tiles);
  const int64_t entries = std::max<int64_t>(1, batch * p.outputs);
  const int64_t affordable =
      kWorkspaceBytes / static_cast<int64_t>(sizeof(T)) / entries;
  const int64_t wanted = std::min({tiles, kEnoughBlocks / blocks, affordable});
  p.part_depth = Ceiling(tiles, std::max<int64_t>(1, wanted)) * kDepth;
  p.parts = std::max<int64_t>(1, Ceiling(p.depth, p.part_depth));
  return p;
}

template <typename T>
int64_t Workspace(const Product<T>& p) {
  return p.parts > 1 ? p.parts * p.batch * p.outputs : 0;
}

template <bool kMeasure, typename T>
cudaError_t Launch(cudaStream_t stream,
                   const RandomMatrix& matrix,
                   const T* in,
                   int64_t batch,
                   T* workspace,
                   T* out) {
  Product<T> p = Plan<T>(matrix, batch, kMeasure);
  const int64_t entries = p.batch * p.outputs;
  if (entries == 0) {
    return cudaSuccess;
  }
  p.in = in;
  p.out = p.parts > 1 ? workspace : out;
  Multiply<kMeasure, T>
      <<<Blocks(p.output_tiles * p.batch_tiles * p.parts), kThreads, 0, stream>>>(p);
  if (p.parts > 1) {
    AddParts<T><<<Blocks(Ceiling(entries, 256)), 256, 0, stream>>>(workspace, p.parts,
                                                                   entries, out);
  }
  return cudaGetLastError();
}

}  // namespace

template <typename T>
int64_t RandomMatrixMeasureWorkspace(const RandomMatrix& matrix, int64_t batch) {
  return Workspace(Plan<T>(matrix, batch, true));
}

template <typename T>
int64_t RandomMatrixAdjointWorkspace(const RandomMatrix& matrix, int64_t batch) {
  return Workspace(Plan<T>(matrix, batch, false));
}

template <typename T>
cudaError_t LaunchRandomMatrixMeasure(cudaStream_t stream,
                                      const RandomMatrix& matrix,
                                      const T* x,
                                      int64_t batch,
                                      T* workspace,
                                      T* y) {
  return Launch<true>(stream, matrix, x, batch, workspace, y);
}

template <typename T>
cudaError_t LaunchRandomMatrixAdjoint(cudaStream_t stream,
                                      const RandomMatrix& matrix,
                                      const T* y,
                                      int64_t batch,
                                      T* workspace,
                                      T* x) {
  return Launch<false>(stream, matrix, y, batch, workspace, x);
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
