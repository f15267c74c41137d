// Products of a matrix, which need not be stored, with a batch of rows. A block takes
// a tile of the matrix and a tile of the batch into shared memory and multiplies them
// in registers. Where there are few outputs, several blocks share the sum of one, each
// over its own part of the inputs; a second kernel adds their sums in a fixed order.
#ifndef GENCS_CUDA_PRODUCTS_CUH_
#define GENCS_CUDA_PRODUCTS_CUH_

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

namespace gencs {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int64_t kMaxBlocks = int64_t{1} << 20;
constexpr int64_t kEnoughBlocks = 512;
constexpr int64_t kWorkspaceBytes = int64_t{6} << 20;
constexpr int kDepth = 64;  // inputs of a tile

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

// One product: outputs[b, o] = sum over i < depth of A(o, i) inputs[b, i].
// tiles.Fill(output, input, end, tile) writes tile[i * kStride + o] <- A(output + o,
// input + i) with all threads of a block; where there is no such entry, or input + i
// is not below `end`, something finite.
template <typename T, typename Tiles>
struct Product {
  Tiles tiles;
  int64_t batch, outputs, depth;
  int64_t output_tiles, batch_tiles, parts, part_depth;
  const T* in;
  const T* less;  // [batch, outputs], taken off the sums; or null
  T* out;         // [parts, batch, outputs]
};

// tile[i * kStride + r] <- rows[r0 + r, column + i], with zeros past the end of a row.
template <typename T>
__device__ __forceinline__ void LoadTile(const T* __restrict__ rows,
                                         int64_t count,
                                         int64_t length,
                                         int64_t r0,
                                         int64_t column,
                                         int64_t end,
                                         T* tile) {
  using S = Shape<T>;
  // A warp reads 8 neighbours of 4 rows: whole sectors, and no two writes to a bank.
  for (int t = threadIdx.x; t < kDepth * S::kBatch; t += kThreads) {
    const int i = t % 8 + t / (8 * S::kBatch) * 8;
    const int r = t / 8 % S::kBatch;
    const bool inside = r0 + r < count && column + i < end;
    tile[i * S::kStride + r] = inside ? rows[(r0 + r) * length + column + i] : T(0);
  }
}

template <typename T, typename Tiles>
__global__ void __launch_bounds__(kThreads) Multiply(Product<T, Tiles> p) {
  using S = Shape<T>;
  constexpr int kPack = S::kPack;
  __shared__ __align__(16) T matrix_tile[kDepth * S::kStride];
  __shared__ __align__(16) T input_tile[kDepth * S::kStride];
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
      p.tiles.Fill(o0, input, end, matrix_tile);
      LoadTile(p.in, p.batch, p.depth, b0, input, end, input_tile);
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
            const int64_t entry = row * p.outputs + output;
            const T less = p.less != nullptr ? p.less[entry] : T(0);
            p.out[part * p.batch * p.outputs + entry] = sums[half][b][o] - less;
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

// out <- the sum of the parts, less `less`.
template <typename T>
__global__ void AddParts(const T* __restrict__ parts,
                         int64_t count,
                         int64_t entries,
                         const T* less,
                         T* out) {
  for (int64_t t = GlobalThread(); t < entries; t += GlobalThreads()) {
    T sum = parts[t];
    for (int64_t part = 1; part < count; ++part) {
      sum += parts[part * entries + t];
    }
    out[t] = less != nullptr ? sum - less[t] : sum;
  }
}

inline int64_t Ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

inline unsigned Blocks(int64_t blocks) {
  return static_cast<unsigned>(std::max<int64_t>(1, std::min(blocks, kMaxBlocks)));
}

// The cut of a product into tiles and parts; it depends on sizes alone, so that
// results do too.
template <typename T, typename Tiles>
Product<T, Tiles> Plan(const Tiles& tiles,
                       int64_t batch,
                       int64_t outputs,
                       int64_t depth) {
  Product<T, Tiles> p{};
  p.tiles = tiles;
  p.batch = batch;
  p.outputs = outputs;
  p.depth = depth;
  p.output_tiles = Ceiling(p.outputs, Shape<T>::kOutputs);
  p.batch_tiles = Ceiling(batch, Shape<T>::kBatch);
  const int64_t depth_tiles = std::max<int64_t>(1, Ceiling(p.depth, kDepth));
  const int64_t blocks = std::max<int64_t>(1, p.output_tiles * p.batch_tiles);
  const int64_t entries = std::max<int64_t>(1, batch * p.outputs);
  const int64_t affordable =
      kWorkspaceBytes / static_cast<int64_t>(sizeof(T)) / entries;
  const int64_t wanted = std::min({depth_tiles, kEnoughBlocks / blocks, affordable});
  p.part_depth = Ceiling(depth_tiles, std::max<int64_t>(1, wanted)) * kDepth;
  p.parts = std::max<int64_t>(1, Ceiling(p.depth, p.part_depth));
  return p;
}

// How many entries of T the product needs as workspace, at most 6 MiB.
template <typename T, typename Tiles>
int64_t Workspace(const Product<T, Tiles>& p) {
  return p.parts > 1 ? p.parts * p.batch * p.outputs : 0;
}

// outputs <- the product with `in`, less `less` unless that is null.
template <typename T, typename Tiles>
cudaError_t LaunchProduct(cudaStream_t stream,
                          Product<T, Tiles> p,
                          const T* in,
                          const T* less,
                          T* workspace,
                          T* out) {
  const int64_t entries = p.batch * p.outputs;
  if (entries == 0) {
    return cudaSuccess;
  }
  const bool share = p.parts > 1;
  p.in = in;
  p.less = share ? nullptr : less;
  p.out = share ? workspace : out;
  Multiply<T, Tiles>
      <<<Blocks(p.output_tiles * p.batch_tiles * p.parts), kThreads, 0, stream>>>(p);
  if (share) {
    AddParts<T><<<Blocks(Ceiling(entries, 256)), 256, 0, stream>>>(workspace, p.parts,
                                                                   entries, less, out);
  }
  return cudaGetLastError();
}

}  // namespace
}  // namespace cuda
}  // namespace gencs

#endif  // GENCS_CUDA_PRODUCTS_CUH_
