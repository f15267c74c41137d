// The CUDA side of the bindings: copies in, launches, waits, copies out.
#ifndef GENCS_BINDINGS_CUDA_H_
#define GENCS_BINDINGS_CUDA_H_

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

#include "cc/bindings/arrays.h"
#include "cc/cuda/hadamard.h"
#include "cc/cuda/lbfgs.h"

namespace gencs {

inline void CudaCheck(cudaError_t error) {
  if (error == cudaSuccess) {
    return;
  }
  throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

// Device memory with the contents of a numpy array.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(int64_t entries) : entries_(entries) {
    void* memory = nullptr;
    if (entries > 0) {
      CudaCheck(cudaMalloc(&memory, entries * sizeof(T)));
    }
    data_ = static_cast<T*>(memory);
  }
  explicit DeviceArray(const Array<T>& array) : DeviceArray(array.size()) {
    if (entries_ == 0) {
      return;
    }
    CudaCheck(cudaMemcpy(data_, array.data(), entries_ * sizeof(T),
                         cudaMemcpyHostToDevice));
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  T* get() { return data_; }

  void CopyTo(Array<T>* array) const {
    if (entries_ == 0) {
      return;
    }
    CudaCheck(cudaMemcpy(array->mutable_data(), data_, entries_ * sizeof(T),
                         cudaMemcpyDeviceToHost));
  }

 private:
  T* data_ = nullptr;
  int64_t entries_;
};

template <typename T>
Array<T> CudaHadamard(const Array<T>& input,
                      const Array<int8_t>& signs,
                      const Array<int32_t>& rows,
                      bool measure) {
  const HadamardShape shape =
      CheckHadamard(measure ? "x" : "y", input, signs, rows, measure);
  Array<T> output({shape.batch, measure ? shape.m : shape.n});
  DeviceArray<T> from(input), to(output.size());
  DeviceArray<int8_t> device_signs(signs);
  DeviceArray<int32_t> device_rows(rows);
  int64_t entries = 0;
  CudaCheck(cuda::HadamardWorkspace<T>(shape.batch, shape.n, &entries));
  DeviceArray<T> workspace(entries);
  const auto launch =
      measure ? cuda::LaunchHadamardMeasure<T> : cuda::LaunchHadamardAdjoint<T>;
  CudaCheck(launch(nullptr, from.get(), device_signs.get(), device_rows.get(),
                   shape.batch, shape.n, shape.m, workspace.get(), to.get()));
  to.CopyTo(&output);
  return output;
}

template <typename T>
Array<T> CudaMeasure(const Array<T>& x,
                     const Array<int8_t>& signs,
                     const Array<int32_t>& rows) {
  return CudaHadamard(x, signs, rows, true);
}

template <typename T>
Array<T> CudaAdjoint(const Array<T>& y,
                     const Array<int8_t>& signs,
                     const Array<int32_t>& rows) {
  return CudaHadamard(y, signs, rows, false);
}

template <typename T>
pybind11::tuple CudaStep(const LbfgsArrays<T>& inputs,
                         const Array<T>& trial_value,
                         const Array<T>& trial_gradient,
                         double tolerance,
                         double armijo) {
  LbfgsArrays<T> state = inputs.Copy();
  Array<T> trial({state.lanes(), state.size()});
  DeviceArray<T> z(state.z), value(state.value), gradient(state.gradient),
      direction(state.direction), step_size(state.step_size),
      s_history(state.s_history), y_history(state.y_history),
      values(trial_value), gradients(trial_gradient), next(trial.size());
  DeviceArray<int64_t> count(state.count), status(state.status);
  const LbfgsBuffers<T> buffers{state.size(),
                                state.history(),
                                static_cast<T>(tolerance),
                                static_cast<T>(armijo),
                                z.get(),
                                value.get(),
                                gradient.get(),
                                direction.get(),
                                step_size.get(),
                                s_history.get(),
                                y_history.get(),
                                count.get(),
                                status.get(),
                                values.get(),
                                gradients.get(),
                                next.get()};
  CudaCheck(cuda::LaunchLbfgsStep(nullptr, state.lanes(), buffers));
  z.CopyTo(&state.z);
  value.CopyTo(&state.value);
  gradient.CopyTo(&state.gradient);
  direction.CopyTo(&state.direction);
  step_size.CopyTo(&state.step_size);
  s_history.CopyTo(&state.s_history);
  y_history.CopyTo(&state.y_history);
  count.CopyTo(&state.count);
  status.CopyTo(&state.status);
  next.CopyTo(&trial);
  return state.Tuple(trial);
}

template <typename T>
void DefineCuda(pybind11::module_& module) {
  using pybind11::arg;
  module.def("cuda_hadamard_measure", &CudaMeasure<T>, arg("x").noconvert(),
             arg("signs").noconvert(), arg("rows").noconvert());
  module.def("cuda_hadamard_adjoint", &CudaAdjoint<T>, arg("y").noconvert(),
             arg("signs").noconvert(), arg("rows").noconvert());
  DefineLbfgs<T>(module, "cuda_lbfgs_step", &CudaStep<T>);
}

}  // namespace gencs

#endif  // GENCS_BINDINGS_CUDA_H_
