// numpy arrays as the core takes them, with the checks that the core leaves
// out.
#ifndef GENCS_BINDINGS_ARRAYS_H_
#define GENCS_BINDINGS_ARRAYS_H_

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "cc/core/hadamard.h"
#include "cc/core/lbfgs.h"

namespace gencs {

template <typename T>
using Array = pybind11::array_t<T, pybind11::array::c_style>;

// Scratch of so many bytes, a multiple of 64, aligned to 64.
template <typename T>
std::unique_ptr<T, decltype(&std::free)> Scratch(int64_t bytes) {
  std::unique_ptr<T, decltype(&std::free)> memory(
      static_cast<T*>(std::aligned_alloc(64, bytes)), &std::free);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

[[noreturn]] inline void Refuse(const std::string& name,
                                const std::string& rule,
                                const std::string& received) {
  throw pybind11::value_error("`" + name + "` must " + rule +
                              ". Received: " + received);
}

[[noreturn]] inline void Refuse(const std::string& name,
                                const std::string& rule,
                                int64_t received) {
  Refuse(name, rule, std::to_string(received));
}

inline void CheckRank(const std::string& name,
                      const pybind11::array& array,
                      int64_t rank) {
  if (array.ndim() != rank) {
    Refuse(name, "have rank " + std::to_string(rank), array.ndim());
  }
}

inline void CheckShape(const std::string& name,
                       const pybind11::array& array,
                       std::initializer_list<int64_t> shape) {
  const bool same = array.ndim() == static_cast<int64_t>(shape.size()) &&
                    std::equal(shape.begin(), shape.end(), array.shape());
  if (same) {
    return;
  }
  std::string expected;
  for (const int64_t dim : shape) {
    expected += std::to_string(dim) + ", ";
  }
  Refuse(name, "have shape (" + expected + ")",
         std::string(pybind11::str(pybind11::object(array.attr("shape")))));
}

struct HadamardShape {
  int64_t batch, n, m, size;
};

// Checks a call; either of x and y may be null.
template <typename T>
HadamardShape CheckHadamard(const Array<T>* x,
                            const Array<T>* y,
                            const Array<int8_t>& signs,
                            const Array<int32_t>& rows) {
  CheckShape("signs", signs, {signs.size()});
  CheckShape("rows", rows, {rows.size()});
  if (signs.size() < 1 || signs.size() > kHadamardMaxLength) {
    Refuse("signs", "not be empty or longer than " + std::to_string(kHadamardMaxLength),
           signs.size());
  }
  const char* name = x != nullptr ? "x" : "y";
  const Array<T>& first = x != nullptr ? *x : *y;
  CheckRank(name, first, 2);
  const HadamardShape shape{first.shape(0), signs.size(), rows.size(),
                            HadamardSize(signs.size())};
  if (x != nullptr) {
    CheckShape("x", *x, {shape.batch, shape.n});
  }
  if (y != nullptr) {
    CheckShape("y", *y, {shape.batch, shape.m});
  }
  for (int64_t i = 0; i < shape.m; ++i) {
    if (rows.data()[i] < 0 || rows.data()[i] >= shape.size) {
      Refuse("rows", "lie in [0, " + std::to_string(shape.size) + ")", rows.data()[i]);
    }
  }
  return shape;
}

// Defines `prefix`hadamard_measure, _adjoint and _residual; Run(batch, call) does
// the work.
template <typename T, typename Run>
void DefineHadamard(pybind11::module_& module,
                    const std::string& prefix,
                    const Run& run) {
  using pybind11::arg;
  using Signs = const Array<int8_t>&;
  using Rows = const Array<int32_t>&;
  const auto call_of = [](HadamardTask task, Signs signs, Rows rows) {
    HadamardCall<T> call{};
    call.task = task;
    call.signs = signs.data();
    call.rows = rows.data();
    call.n = signs.size();
    call.m = rows.size();
    return call;
  };
  module.def((prefix + "hadamard_measure").c_str(),
             [=](const Array<T>& x, Signs signs, Rows rows) {
               const int64_t batch = CheckHadamard<T>(&x, nullptr, signs, rows).batch;
               HadamardCall<T> call = call_of(HadamardTask::kMeasure, signs, rows);
               Array<T> measured({batch, call.m});
               call.x = x.data();
               call.measured = measured.mutable_data();
               run(batch, call);
               return measured;
             },
             arg("x").noconvert(), arg("signs").noconvert(), arg("rows").noconvert(),
             "y (batch, m) from x (batch, n), signs int8 (n,), rows int32 (m,).");
  module.def((prefix + "hadamard_adjoint").c_str(),
             [=](const Array<T>& y, Signs signs, Rows rows) {
               const int64_t batch = CheckHadamard<T>(nullptr, &y, signs, rows).batch;
               HadamardCall<T> call = call_of(HadamardTask::kAdjoint, signs, rows);
               Array<T> back({batch, call.n});
               call.y = y.data();
               call.back = back.mutable_data();
               run(batch, call);
               return back;
             },
             arg("y").noconvert(), arg("signs").noconvert(), arg("rows").noconvert(),
             "The transpose of hadamard_measure.");
  module.def((prefix + "hadamard_residual").c_str(),
             [=](const Array<T>& x, const Array<T>& y, Signs signs, Rows rows) {
               const int64_t batch = CheckHadamard<T>(&x, &y, signs, rows).batch;
               HadamardCall<T> call = call_of(HadamardTask::kResidual, signs, rows);
               Array<T> measured({batch, call.m}), back({batch, call.n});
               call.x = x.data();
               call.y = y.data();
               call.measured = measured.mutable_data();
               call.back = back.mutable_data();
               run(batch, call);
               return pybind11::make_tuple(measured, back);
             },
             arg("x").noconvert(), arg("y").noconvert(), arg("signs").noconvert(),
             arg("rows").noconvert(), "A x - y and the transpose of A applied to it.");
}

// The nine state tensors of an L-BFGS step.
template <typename T>
struct LbfgsArrays {
  Array<T> z, value, gradient, direction, step_size, s_history, y_history;
  Array<int64_t> count, status;

  int64_t lanes() const { return s_history.shape(0); }
  int64_t history() const { return s_history.shape(1); }
  int64_t size() const { return s_history.shape(2); }

  void Check(const Array<T>& trial_value, const Array<T>& trial_gradient) const {
    if (s_history.ndim() != 3 || s_history.shape(1) > kLbfgsMaxHistory) {
      throw pybind11::value_error("`s_history` must have rank 3 and hold at most " +
                                  std::to_string(kLbfgsMaxHistory) + " pairs.");
    }
    const int64_t n = lanes(), k = size();
    CheckShape("z", z, {n, k});
    CheckShape("value", value, {n});
    CheckShape("gradient", gradient, {n, k});
    CheckShape("direction", direction, {n, k});
    CheckShape("step_size", step_size, {n});
    CheckShape("y_history", y_history, {n, history(), k});
    CheckShape("count", count, {n});
    CheckShape("status", status, {n});
    CheckShape("trial_value", trial_value, {n});
    CheckShape("trial_gradient", trial_gradient, {n, k});
  }

  LbfgsArrays Copy() const {
    const auto copy = [](const auto& array) {
      using A = std::decay_t<decltype(array)>;
      return A(array.request());  // array_t(buffer_info) copies
    };
    return {copy(z),         copy(value),     copy(gradient),
            copy(direction), copy(step_size), copy(s_history),
            copy(y_history), copy(count),     copy(status)};
  }

  LbfgsBuffers<T> Buffers(const Array<T>& trial_value,
                          const Array<T>& trial_gradient,
                          double tolerance,
                          double armijo,
                          Array<T>* trial) {
    return {size(),
            history(),
            static_cast<T>(tolerance),
            static_cast<T>(armijo),
            z.mutable_data(),
            value.mutable_data(),
            gradient.mutable_data(),
            direction.mutable_data(),
            step_size.mutable_data(),
            s_history.mutable_data(),
            y_history.mutable_data(),
            count.mutable_data(),
            status.mutable_data(),
            trial_value.data(),
            trial_gradient.data(),
            trial->mutable_data()};
  }

  pybind11::tuple Tuple(const Array<T>& trial) const {
    return pybind11::make_tuple(z, value, gradient, direction, step_size, s_history,
                                y_history, count, status, trial);
  }
};

// Defines `name(z, ..., status, trial_value, trial_gradient, tolerance,
// armijo)`.
template <typename T>
void DefineLbfgs(pybind11::module_& module,
                 const char* name,
                 pybind11::tuple (*step)(const LbfgsArrays<T>&,
                                         const Array<T>&,
                                         const Array<T>&,
                                         double,
                                         double)) {
  using pybind11::arg;
  module.def(
      name,
      [step](Array<T> z, Array<T> value, Array<T> gradient, Array<T> direction,
             Array<T> step_size, Array<T> s_history, Array<T> y_history,
             Array<int64_t> count, Array<int64_t> status, Array<T> trial_value,
             Array<T> trial_gradient, double tolerance, double armijo) {
        const LbfgsArrays<T> state{z,         value,     gradient, direction, step_size,
                                   s_history, y_history, count,    status};
        state.Check(trial_value, trial_gradient);
        return step(state, trial_value, trial_gradient, tolerance, armijo);
      },
      arg("z").noconvert(), arg("value").noconvert(), arg("gradient").noconvert(),
      arg("direction").noconvert(), arg("step_size").noconvert(),
      arg("s_history").noconvert(), arg("y_history").noconvert(),
      arg("count").noconvert(), arg("status").noconvert(),
      arg("trial_value").noconvert(), arg("trial_gradient").noconvert(),
      arg("tolerance"), arg("armijo") = 1e-4,
      "One step of every lane: the nine state arrays, updated, and the next "
      "trial.");
}

}  // namespace gencs

#endif  // GENCS_BINDINGS_ARRAYS_H_
