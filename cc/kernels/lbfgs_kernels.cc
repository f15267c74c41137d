// Kernels of Gencs>LbfgsStep.
#if GENCS_WITH_CUDA
#define EIGEN_USE_GPU
#endif

#include <cstring>

#include "absl/strings/str_cat.h"
#include "cc/core/lbfgs.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/register_types.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/lbfgs.h"
#endif

namespace gencs {
namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;

constexpr int kStateTensors = 9;  // z ... status are inputs and outputs 0 to 8
constexpr const char* kNames[] = {"z",           "value",         "gradient",
                                  "direction",   "step_size",     "s_history",
                                  "y_history",   "count",         "status",
                                  "trial_value", "trial_gradient"};

// Checks, then updates the state in place where its buffers may be reused and
// in a copy where they may not; Copy and Run do the work on a device.
template <typename T>
class LbfgsStepOp : public OpKernel {
 public:
  explicit LbfgsStepOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("tolerance", &tolerance_));
    OP_REQUIRES_OK(context, context->GetAttr("armijo", &armijo_));
  }

  void Compute(OpKernelContext* context) override {
    const TensorShape& ring = context->input(5).shape();
    OP_REQUIRES(context, ring.dims() == 3,
                absl::InvalidArgumentError(absl::StrCat(
                    "`s_history` must have rank 3. Received shape: ",
                    ring.DebugString())));
    const int64_t lanes = ring.dim_size(0);
    const int64_t history = ring.dim_size(1);
    const int64_t size = ring.dim_size(2);
    OP_REQUIRES(context, history <= kLbfgsMaxHistory,
                absl::InvalidArgumentError(absl::StrCat(
                    "`s_history` must hold at most ", kLbfgsMaxHistory,
                    " pairs. Received: ", history)));
    // Without history, the shape of the ring may promise more than there can be.
    TensorShape matrix;
    OP_REQUIRES_OK(context,
                   TensorShape::BuildTensorShape({lanes, size}, &matrix));
    const TensorShape vector({lanes});
    const TensorShape* expected[] = {&matrix, &vector, &matrix, &matrix,
                                     &vector, &ring,   &ring,   &vector,
                                     &vector, &vector, &matrix};
    for (int i = 0; i < context->num_inputs(); ++i) {
      OP_REQUIRES(
          context, context->input(i).shape() == *expected[i],
          absl::InvalidArgumentError(absl::StrCat(
              "`", kNames[i], "` must have shape ", expected[i]->DebugString(),
              " to match `s_history`. Received: ",
              context->input(i).shape().DebugString())));
    }
    Tensor* state[kStateTensors];
    for (int i = 0; i < kStateTensors; ++i) {
      int forwarded = -1;
      OP_REQUIRES_OK(context, context->forward_input_or_allocate_output(
                                  {i}, i, *expected[i], &state[i], &forwarded));
      if (forwarded < 0) {
        OP_REQUIRES_OK(context, Copy(context, context->input(i), state[i]));
      }
    }
    Tensor* trial = nullptr;
    OP_REQUIRES_OK(context,
                   context->allocate_output(kStateTensors, matrix, &trial));
    const auto numbers = [&state](int i) {
      return state[i]->template flat<T>().data();
    };
    const LbfgsBuffers<T> buffers{size,
                                  history,
                                  static_cast<T>(tolerance_),
                                  static_cast<T>(armijo_),
                                  numbers(0),
                                  numbers(1),
                                  numbers(2),
                                  numbers(3),
                                  numbers(4),
                                  numbers(5),
                                  numbers(6),
                                  state[7]->template flat<int64_t>().data(),
                                  state[8]->template flat<int64_t>().data(),
                                  context->input(9).template flat<T>().data(),
                                  context->input(10).template flat<T>().data(),
                                  trial->template flat<T>().data()};
    Run(context, lanes, buffers);
  }

 private:
  virtual absl::Status Copy(OpKernelContext* context,
                            const Tensor& from,
                            Tensor* to) = 0;
  virtual void Run(OpKernelContext* context,
                   int64_t lanes,
                   const LbfgsBuffers<T>& buffers) = 0;

  float tolerance_;
  float armijo_;
};

template <typename T>
class LbfgsStepCpuOp : public LbfgsStepOp<T> {
 public:
  using LbfgsStepOp<T>::LbfgsStepOp;

 private:
  absl::Status Copy(OpKernelContext*, const Tensor& from, Tensor* to) override {
    const auto bytes = from.tensor_data();
    if (!bytes.empty()) {
      std::memcpy(const_cast<char*>(to->tensor_data().data()), bytes.data(),
                  bytes.size());
    }
    return absl::OkStatus();
  }

  void Run(OpKernelContext* context,
           int64_t lanes,
           const LbfgsBuffers<T>& buffers) override {
    context->device()->tensorflow_cpu_worker_threads()->workers->ParallelFor(
        lanes, LbfgsLaneCost(buffers.size, buffers.history),
        [&buffers](int64_t begin, int64_t end) {
          LbfgsStep(begin, end, buffers);
        });
  }
};

#define GENCS_REGISTER_CPU(T)                                 \
  REGISTER_KERNEL_BUILDER(Name("Gencs>LbfgsStep")             \
                              .Device(tensorflow::DEVICE_CPU) \
                              .TypeConstraint<T>("T"),        \
                          LbfgsStepCpuOp<T>);
GENCS_REGISTER_CPU(float)
GENCS_REGISTER_CPU(double)
#undef GENCS_REGISTER_CPU

#if GENCS_WITH_CUDA
template <typename T>
class LbfgsStepGpuOp : public LbfgsStepOp<T> {
 public:
  using LbfgsStepOp<T>::LbfgsStepOp;

 private:
  static absl::Status ToStatus(cudaError_t error) {
    if (error == cudaSuccess) {
      return absl::OkStatus();
    }
    return absl::InternalError(
        absl::StrCat("L-BFGS step on CUDA: ", cudaGetErrorString(error)));
  }

  absl::Status Copy(OpKernelContext* context,
                    const Tensor& from,
                    Tensor* to) override {
    const auto bytes = from.tensor_data();
    if (bytes.empty()) {
      return absl::OkStatus();
    }
    return ToStatus(cudaMemcpyAsync(
        const_cast<char*>(to->tensor_data().data()), bytes.data(), bytes.size(),
        cudaMemcpyDeviceToDevice, context->eigen_gpu_device().stream()));
  }

  void Run(OpKernelContext* context,
           int64_t lanes,
           const LbfgsBuffers<T>& buffers) override {
    OP_REQUIRES_OK(context,
                   ToStatus(cuda::LaunchLbfgsStep(
                       context->eigen_gpu_device().stream(), lanes, buffers)));
  }
};

#define GENCS_REGISTER_GPU(T)                                 \
  REGISTER_KERNEL_BUILDER(Name("Gencs>LbfgsStep")             \
                              .Device(tensorflow::DEVICE_GPU) \
                              .TypeConstraint<T>("T"),        \
                          LbfgsStepGpuOp<T>);
GENCS_REGISTER_GPU(float)
GENCS_REGISTER_GPU(double)
#undef GENCS_REGISTER_GPU
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
