// One block computes a tile of 32 x 32 inner products, each thread 2 x 2 of them. The
// residual stands as row k below the rows of J; only tiles that reach the lower
// triangle are computed, and every entry by one thread in one order.
#include <algorithm>

#include "cc/cuda/normal_equations.h"

namespace gencs {
namespace cuda {
namespace {

constexpr int kTile = 32;
constexpr int kThreads = 16;  // in each direction
constexpr int64_t kMaxBlocks = int64_t{1} << 20;

template <typename T>
__global__ void ComputeTiles(NormalEquationsCall<T> call, int64_t lanes) {
  __shared__ T rows[kTile][kTile + 1];  // one more: no two rows share a bank
  __shared__ T columns[kTile][kTile + 1];
  const int64_t k = call.size;
  const int64_t m = call.residuals;
  const int64_t side = (k + 1 + kTile - 1) / kTile;
  const int64_t tiles = side * (side + 1) / 2;
  const int thread = threadIdx.y * kThreads + threadIdx.x;
  for (int64_t job = blockIdx.x; job < lanes * tiles; job += gridDim.x) {
    const int64_t lane = job / tiles;
    int64_t tile_row = 0;
    int64_t tile_column = job % tiles;
    while (tile_column > tile_row) {  // the tiles of the triangle, row by row
      ++tile_row;
      tile_column -= tile_row;
    }
    const T* jacobian = call.jacobian + lane * k * m;
    const T* residual = call.residual + lane * m;
    const auto entry = [&](int64_t row, int64_t at) {
      if (row > k || at >= m) {
        return T(0);
      }
      return row < k ? jacobian[row * m + at] : residual[at];
    };
    T sums[2][2] = {};
    for (int64_t at = 0; at < m; at += kTile) {
      __syncthreads();
      for (int i = thread; i < kTile * kTile; i += kThreads * kThreads) {
        const int row = i / kTile;
        const int offset = i % kTile;
        rows[row][offset] = entry(tile_row * kTile + row, at + offset);
        columns[row][offset] = entry(tile_column * kTile + row, at + offset);
      }
      __syncthreads();
      for (int offset = 0; offset < kTile; ++offset) {
        for (int a = 0; a < 2; ++a) {
          for (int b = 0; b < 2; ++b) {
            sums[a][b] += rows[threadIdx.y + a * kThreads][offset] *
                          columns[threadIdx.x + b * kThreads][offset];
          }
        }
      }
    }
    for (int a = 0; a < 2; ++a) {
      for (int b = 0; b < 2; ++b) {
        const int64_t row = tile_row * kTile + threadIdx.y + a * kThreads;
        const int64_t column = tile_column * kTile + threadIdx.x + b * kThreads;
        if (row < k && column <= row) {
          call.normal[(lane * k + row) * k + column] = sums[a][b];
          call.normal[(lane * k + column) * k + row] = sums[a][b];
        } else if (row == k && column < k) {
          call.gradient[lane * k + column] = sums[a][b];
        }
      }
    }
  }
}

}  // namespace

template <typename T>
cudaError_t LaunchNormalEquations(cudaStream_t stream,
                                  int64_t lanes,
                                  const NormalEquationsCall<T>& call) {
  if (lanes == 0 || call.size == 0) {
    return cudaSuccess;
  }
  const int64_t side = (call.size + 1 + kTile - 1) / kTile;
  const int64_t blocks = std::min(lanes * (side * (side + 1) / 2), kMaxBlocks);
  ComputeTiles<T><<<static_cast<unsigned>(blocks), dim3(kThreads, kThreads), 0, stream>>>(
      call, lanes);
  return cudaGetLastError();
}

#define GENCS_INSTANTIATE(T)                                                  \
  template cudaError_t LaunchNormalEquations<T>(cudaStream_t, int64_t,        \
                                                const NormalEquationsCall<T>&);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
