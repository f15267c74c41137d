// The bindings of the random matrices: numpy in, numpy out.
#ifndef GENCS_BINDINGS_RANDOM_MATRIX_H_
#define GENCS_BINDINGS_RANDOM_MATRIX_H_

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>

#include "cc/bindings/arrays.h"
#include "cc/core/random_matrix.h"

#if GENCS_WITH_CUDA
#include "cc/bindings/cuda.h"
#include "cc/cuda/random_matrix.h"
#endif

namespace gencs {

inline RandomMatrix MakeRandomMatrix(const Array<int64_t>& seed,
                                     int64_t rows,
                                     int64_t columns,
                                     const std::string& distribution) {
  CheckShape("seed", seed, {2});
  if (distribution != "gaussian" && distribution != "rademacher") {
    Refuse("distribution", "be 'gaussian' or 'rademacher'", distribution);
  }
  for (const int64_t size : {rows, columns}) {
    if (size < 0 || size > kRandomMaxSize) {
      throw pybind11::value_error("Sizes must lie in [0, " +
                                  std::to_string(kRandomMaxSize) +
                                  "]. Received: " + std::to_string(size));
    }
  }
  return {distribution == "gaussian" ? RandomDistribution::kGaussian
                                     : RandomDistribution::kRademacher,
          static_cast<uint64_t>(seed.data()[0]), static_cast<uint64_t>(seed.data()[1]),
          rows, columns};
}

// Where the three functions run.
struct RandomOnCpu {
  static constexpr const char* kPrefix = "";

  template <typename T>
  static void Multiply(const RandomMatrix& matrix,
                       const Array<T>& in,
                       bool measure,
                       Array<T>* out) {
    const auto workspace = Scratch<T>(kRandomWorkspaceBytes);
    const int64_t batch = in.shape(0);
    if (measure) {
      RandomMatrixMeasure(0, matrix.rows, matrix, in.data(), batch, workspace.get(),
                          out->mutable_data());
    } else {
      RandomMatrixAdjoint(0, matrix.columns, matrix, in.data(), batch, workspace.get(),
                          out->mutable_data());
    }
  }

  template <typename T>
  static void Fill(const RandomMatrix& matrix, Array<T>* a) {
    const auto workspace = Scratch<T>(kRandomWorkspaceBytes);
    RandomMatrixFill(0, matrix.rows, 0, matrix.columns, matrix, workspace.get(),
                     a->mutable_data());
  }
};

#if GENCS_WITH_CUDA
struct RandomOnCuda {
  static constexpr const char* kPrefix = "cuda_";

  template <typename T>
  static void Multiply(const RandomMatrix& matrix,
                       const Array<T>& in,
                       bool measure,
                       Array<T>* out) {
    const int64_t batch = in.shape(0);
    DeviceArray<T> from(in), to(out->size());
    DeviceArray<T> workspace(
        measure ? cuda::RandomMatrixMeasureWorkspace<T>(matrix, batch)
                : cuda::RandomMatrixAdjointWorkspace<T>(matrix, batch));
    const auto launch = measure ? cuda::LaunchRandomMatrixMeasure<T>
                                : cuda::LaunchRandomMatrixAdjoint<T>;
    CudaCheck(launch(nullptr, matrix, from.get(), batch, workspace.get(), to.get()));
    to.CopyTo(out);
  }

  template <typename T>
  static void Fill(const RandomMatrix& matrix, Array<T>* a) {
    DeviceArray<T> to(a->size());
    CudaCheck(cuda::LaunchRandomMatrixFill(nullptr, matrix, to.get()));
    to.CopyTo(a);
  }
};
#endif

template <typename T, typename Device>
Array<T> RandomProduct(const Array<T>& in,
                       const Array<int64_t>& seed,
                       int64_t size,
                       const std::string& distribution,
                       bool measure) {
  CheckRank(measure ? "x" : "y", in, 2);
  const RandomMatrix matrix = MakeRandomMatrix(
      seed, measure ? size : in.shape(1), measure ? in.shape(1) : size, distribution);
  Array<T> out({in.shape(0), size});
  Device::Multiply(matrix, in, measure, &out);
  return out;
}

// Defines `random_matrix_measure(x, seed, measurements, distribution)` and its
// adjoint, for arrays of T.
template <typename T, typename Device>
void DefineRandomProducts(pybind11::module_& module) {
  using pybind11::arg;
  const std::string name = std::string(Device::kPrefix) + "random_matrix_";
  module.def((name + "measure").c_str(),
             [](const Array<T>& x, const Array<int64_t>& seed, int64_t measurements,
                const std::string& distribution) {
               return RandomProduct<T, Device>(x, seed, measurements, distribution,
                                               true);
             },
             arg("x").noconvert(), arg("seed"), arg("measurements"),
             arg("distribution") = "gaussian", "y (batch, m) from x (batch, n).");
  module.def(
      (name + "adjoint").c_str(),
      [](const Array<T>& y, const Array<int64_t>& seed, int64_t signal_size,
         const std::string& distribution) {
        return RandomProduct<T, Device>(y, seed, signal_size, distribution, false);
      },
      arg("y").noconvert(), arg("seed"), arg("signal_size"),
      arg("distribution") = "gaussian", "The transpose of random_matrix_measure.");
}

template <typename T, typename Device>
pybind11::array RandomFilled(const RandomMatrix& matrix) {
  Array<T> a({matrix.rows, matrix.columns});
  Device::Fill(matrix, &a);
  return a;
}

// Defines `random_matrix(seed, rows, columns, distribution, double)`.
template <typename Device>
void DefineRandomMatrix(pybind11::module_& module) {
  using pybind11::arg;
  module.def((std::string(Device::kPrefix) + "random_matrix").c_str(),
             [](const Array<int64_t>& seed, int64_t rows, int64_t columns,
                const std::string& distribution, bool double_precision) {
               const RandomMatrix matrix =
                   MakeRandomMatrix(seed, rows, columns, distribution);
               return double_precision ? RandomFilled<double, Device>(matrix)
                                       : RandomFilled<float, Device>(matrix);
             },
             arg("seed"), arg("rows"), arg("columns"), arg("distribution") = "gaussian",
             arg("double_precision") = false, "The matrix of random_matrix_measure.");
  DefineRandomProducts<float, Device>(module);
  DefineRandomProducts<double, Device>(module);
}

inline void DefineRandomMatrices(pybind11::module_& module) {
  module.def(
      "random_words",
      [](uint64_t key, uint64_t stream, uint32_t row, uint32_t block, int64_t blocks) {
        if (blocks < 0) {
          Refuse("blocks", "not be negative", blocks);
        }
        Array<uint32_t> words({blocks, int64_t{4}});
        RandomWords(key, stream, row, block, blocks, words.mutable_data());
        return words;
      },
      pybind11::arg("key"), pybind11::arg("stream"), pybind11::arg("row"),
      pybind11::arg("block"), pybind11::arg("blocks"),
      "Words (blocks, 4) of the Philox counters (block, row, stream) and following.");
  DefineRandomMatrix<RandomOnCpu>(module);
#if GENCS_WITH_CUDA
  DefineRandomMatrix<RandomOnCuda>(module);
#endif
}

}  // namespace gencs

#endif  // GENCS_BINDINGS_RANDOM_MATRIX_H_
