// Two products with tiles of a stored matrix; see products.cuh. A is read twice: a
// block of rows that both products could share does not fit a multiprocessor.
#include <algorithm>

#include "cc/cuda/dense.h"
#include "cc/cuda/products.cuh"

namespace gencs {
namespace cuda {
namespace {

// The matrix of a product: A when measuring, its transpose for the adjoint.
template <bool kMeasure, typename T>
struct StoredTiles {
  const T* a;
  int64_t m, n;

  __device__ __forceinline__ void Fill(int64_t output,
                                       int64_t input,
                                       int64_t end,
                                       T* tile) const {
    using S = Shape<T>;
    if (kMeasure) {
      LoadTile(a, m, n, output, input, end, tile);
      return;
    }
    for (int t = threadIdx.x; t < kDepth * S::kOutputs; t += kThreads) {
      const int i = t / S::kOutputs, o = t % S::kOutputs;
      const bool inside = input + i < end && output + o < n;
      tile[i * S::kStride + o] = inside ? a[(input + i) * n + output + o] : T(0);
    }
  }
};

template <bool kMeasure, typename T>
Product<T, StoredTiles<kMeasure, T>> PlanDense(const DenseCall<T>& call) {
  const StoredTiles<kMeasure, T> tiles = {call.a, call.m, call.n};
  return Plan<T>(tiles, call.batch, kMeasure ? call.m : call.n,
                 kMeasure ? call.n : call.m);
}

}  // namespace

template <typename T>
int64_t DenseResidualWorkspace(const DenseCall<T>& call) {
  // One after the other, so that both can use the same.
  return std::max(Workspace(PlanDense<true>(call)), Workspace(PlanDense<false>(call)));
}

template <typename T>
cudaError_t LaunchDenseResidual(cudaStream_t stream,
                                const DenseCall<T>& call,
                                T* workspace) {
  const cudaError_t error = LaunchProduct<T>(stream, PlanDense<true>(call), call.x,
                                             call.y, workspace, call.residual);
  if (error != cudaSuccess) {
    return error;
  }
  return LaunchProduct<T>(stream, PlanDense<false>(call), call.residual, nullptr,
                          workspace, call.back);
}

#define GENCS_INSTANTIATE(T)                                                   \
  template int64_t DenseResidualWorkspace<T>(const DenseCall<T>&);             \
  template cudaError_t LaunchDenseResidual<T>(cudaStream_t, const DenseCall<T>&, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace cuda
}  // namespace gencs
