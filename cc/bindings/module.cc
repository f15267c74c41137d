// The core without TensorFlow, for tests and benchmarks: numpy in, numpy out.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>

#include "cc/bindings/arrays.h"
#include "cc/bindings/dense.h"
#include "cc/bindings/images.h"
#include "cc/bindings/random_matrix.h"
#include "cc/core/hadamard.h"
#include "cc/core/isa.h"
#include "cc/core/lbfgs.h"

#if GENCS_WITH_CUDA
#include "cc/bindings/cuda.h"
#endif

namespace gencs {
namespace {

namespace py = pybind11;

template <typename T>
py::tuple Step(const LbfgsArrays<T>& inputs,
               const Array<T>& trial_value,
               const Array<T>& trial_gradient,
               double tolerance,
               double armijo) {
  LbfgsArrays<T> state = inputs.Copy();
  Array<T> trial({state.lanes(), state.size()});
  LbfgsStep(0, state.lanes(),
            state.Buffers(trial_value, trial_gradient, tolerance, armijo, &trial));
  return state.Tuple(trial);
}

template <typename T>
void Define(py::module_& module) {
  DefineHadamard<T>(module, "", [](int64_t batch, const HadamardCall<T>& call) {
    const auto workspace = Scratch<T>(HadamardWorkspaceBytes<T>(call.n));
    HadamardRows(0, batch, call, workspace.get());
  });
  DefineDense<T>(module);
  DefineLbfgs<T>(module, "lbfgs_step", &Step<T>);
  DefineImages<T>(module);
#if GENCS_WITH_CUDA
  DefineCuda<T>(module);
#endif
}

}  // namespace
}  // namespace gencs

PYBIND11_MODULE(_gencs_core, module) {
  module.doc() = "The numeric core of tf_gencs, without TensorFlow.";
  module.def("isa", &gencs::IsaName,
             "The instruction set in use: portable, avx2 or avx512.");
  module.def("hadamard_size", [](int64_t n) {
    if (n < 1 || n > gencs::kHadamardMaxLength) {
      gencs::Refuse("n",
                    "lie in [1, " + std::to_string(gencs::kHadamardMaxLength) + "]", n);
    }
    return gencs::HadamardSize(n);
  });
  gencs::Define<float>(module);
  gencs::Define<double>(module);
  gencs::DefineRandomMatrices(module);
}
