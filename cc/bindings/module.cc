// The core without TensorFlow, for tests and benchmarks: numpy in, numpy out.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "cc/bindings/arrays.h"
#include "cc/bindings/images.h"
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
Array<T> Measure(const Array<T>& x,
                 const Array<int8_t>& signs,
                 const Array<int32_t>& rows) {
  const HadamardShape shape = CheckHadamard("x", x, signs, rows, true);
  const auto workspace = HadamardScratch<T>(shape.n);
  Array<T> y({shape.batch, shape.m});
  HadamardMeasure(0, shape.batch, x.data(), signs.data(), rows.data(), shape.n,
                  shape.m, workspace.get(), y.mutable_data());
  return y;
}

template <typename T>
Array<T> Adjoint(const Array<T>& y,
                 const Array<int8_t>& signs,
                 const Array<int32_t>& rows) {
  const HadamardShape shape = CheckHadamard("y", y, signs, rows, false);
  const auto workspace = HadamardScratch<T>(shape.n);
  Array<T> x({shape.batch, shape.n});
  HadamardAdjoint(0, shape.batch, y.data(), signs.data(), rows.data(), shape.n,
                  shape.m, workspace.get(), x.mutable_data());
  return x;
}

template <typename T>
py::tuple Step(const LbfgsArrays<T>& inputs,
               const Array<T>& trial_value,
               const Array<T>& trial_gradient,
               double tolerance,
               double armijo) {
  LbfgsArrays<T> state = inputs.Copy();
  Array<T> trial({state.lanes(), state.size()});
  LbfgsStep(
      0, state.lanes(),
      state.Buffers(trial_value, trial_gradient, tolerance, armijo, &trial));
  return state.Tuple(trial);
}

template <typename T>
void Define(py::module_& module) {
  module.def(
      "hadamard_measure", &Measure<T>, py::arg("x").noconvert(),
      py::arg("signs").noconvert(), py::arg("rows").noconvert(),
      "y (batch, m) from x (batch, n), signs int8 (n,), rows int32 (m,).");
  module.def("hadamard_adjoint", &Adjoint<T>, py::arg("y").noconvert(),
             py::arg("signs").noconvert(), py::arg("rows").noconvert(),
             "The transpose of hadamard_measure.");
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
      throw pybind11::value_error("`n` must lie in [1, " +
                                  std::to_string(gencs::kHadamardMaxLength) +
                                  "]. Received: " + std::to_string(n));
    }
    return gencs::HadamardSize(n);
  });
  gencs::Define<float>(module);
  gencs::Define<double>(module);
}
