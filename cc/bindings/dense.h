// The bindings of the dense residual: numpy in, numpy out.
#ifndef GENCS_BINDINGS_DENSE_H_
#define GENCS_BINDINGS_DENSE_H_

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "cc/bindings/arrays.h"
#include "cc/core/dense.h"

#if GENCS_WITH_CUDA
#include "cc/bindings/cuda.h"
#include "cc/cuda/dense.h"
#endif

namespace gencs {

// All parts in this thread, cut as for `threads` of them.
template <typename T>
void RunDense(const DenseCall<T>& call, int64_t threads) {
  const DenseGrid grid =
      DenseGridOf(call.m, call.n, call.batch, sizeof(T), threads);
  std::vector<T> sums((grid.rows - 1) * call.batch * call.n);
  const auto workspace = Scratch<T>(kDenseWorkspaceBytes);
  DenseParts(0, grid.parts(), call, grid, workspace.get(), sums.data());
  if (grid.rows > 1) {
    DenseAdd(0, call.batch * call.n, call, grid, sums.data());
  }
}

#if GENCS_WITH_CUDA
template <typename T>
void CudaDense(const DenseCall<T>& call, int64_t) {
  DeviceArray<T> a(call.a, call.m * call.n), x(call.x, call.batch * call.n),
      y(call.y, call.batch * call.m), residual(call.batch * call.m),
      back(call.batch * call.n);
  DenseCall<T> on_device = call;
  on_device.a = a.get();
  on_device.x = x.get();
  on_device.y = y.get();
  on_device.residual = residual.get();
  on_device.back = back.get();
  DeviceArray<T> workspace(cuda::DenseResidualWorkspace(on_device));
  CudaCheck(cuda::LaunchDenseResidual(nullptr, on_device, workspace.get()));
  residual.CopyTo(call.residual);
  back.CopyTo(call.back);
}
#endif

// Defines `prefix`dense_residual; run(call, threads) does the work.
template <typename T, typename Run>
void DefineDenseOn(pybind11::module_& module, const std::string& prefix, Run* run) {
  using pybind11::arg;
  module.def(
      (prefix + "dense_residual").c_str(),
      [run](const Array<T>& matrix, const Array<T>& x, const Array<T>& y,
            int64_t threads) {
        CheckRank("matrix", matrix, 2);
        CheckRank("x", x, 2);
        const int64_t m = matrix.shape(0), n = matrix.shape(1), batch = x.shape(0);
        CheckShape("x", x, {batch, n});
        CheckShape("y", y, {batch, m});
        if (threads < 1) {
          Refuse("threads", "be at least 1", threads);
        }
        Array<T> residual({batch, m}), back({batch, n});
        run(DenseCall<T>{m, n, batch, matrix.data(), x.data(), y.data(),
                         residual.mutable_data(), back.mutable_data()},
            threads);
        return pybind11::make_tuple(residual, back);
      },
      arg("matrix").noconvert(), arg("x").noconvert(), arg("y").noconvert(),
      arg("threads") = 1,
      "A x - y (batch, m) and the transpose of A applied to it (batch, n), cut into "
      "parts as for so many threads.");
}

template <typename T>
void DefineDense(pybind11::module_& module) {
  DefineDenseOn<T>(module, "", &RunDense<T>);
#if GENCS_WITH_CUDA
  DefineDenseOn<T>(module, "cuda_", &CudaDense<T>);
#endif
}

}  // namespace gencs

#endif  // GENCS_BINDINGS_DENSE_H_
