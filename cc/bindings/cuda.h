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
  explicit DeviceArray(const Array<T>& array)
      : DeviceArray(array.data(), array.size()) {}
  DeviceArray(const T* from, int64_t entries) : DeviceArray(entries) {
    if (entries_ == 0) {
      return;
    }
    CudaCheck(cudaMemcpy(data_, from, entries_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  T* get() { return data_; }

  void CopyTo(Array<T>* array) const { CopyTo(array->mutable_data()); }
  void CopyTo(T* to) const {
    if (entries_ == 0) {
      return;
    }
    CudaCheck(cudaMemcpy(to, data_, entries_ * sizeof(T), cudaMemcpyDeviceToHost));
  }

 private:
  T* data_ = nullptr;
  int64_t entries_;
};

// Runs a call whose pointers are host pointers.
template <typename T>
void CudaHadamard(int64_t batch, const HadamardCall<T>& call) {
  const bool reads_x = call.task != HadamardTask::kAdjoint;
  const bool reads_y = call.task != HadamardTask::kMeasure;
  const int64_t signals = batch * call.n, measurements = batch * call.m;
  DeviceArray<T> x(call.x, reads_x ? signals : 0);
  DeviceArray<T> y(call.y, reads_y ? measurements : 0);
  DeviceArray<T> measured(reads_x ? measurements : 0);
  DeviceArray<T> back(reads_y ? signals : 0);
  DeviceArray<int8_t> signs(call.signs, call.n);
  DeviceArray<int32_t> rows(call.rows, call.m);
  int64_t entries = 0;
  CudaCheck(cuda::HadamardWorkspace<T>(batch, call.n, &entries));
  DeviceArray<T> workspace(entries);
  const HadamardCall<T> on_device{call.task, signs.get(),    rows.get(),
                                  call.n,    call.m,         x.get(),
                                  y.get(),   measured.get(), back.get()};
  CudaCheck(cuda::LaunchHadamard(nullptr, batch, on_device, workspace.get()));
  measured.CopyTo(call.measured);
  back.CopyTo(call.back);
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
      s_history(state.s_history), y_history(state.y_history), values(trial_value),
      gradients(trial_gradient), next(trial.size());
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
  DefineHadamard<T>(module, "cuda_", &CudaHadamard<T>);
  DefineLbfgs<T>(module, "cuda_lbfgs_step", &CudaStep<T>);
}

}  // namespace gencs

#endif  // GENCS_BINDINGS_CUDA_H_
