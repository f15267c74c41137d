// Kernels of Gencs>LbfgsStep.
#include <cstring>

#include "cc/core/lbfgs.h"
#include "cc/kernels/support.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/lbfgs.h"
#endif

namespace gencs {
namespace {

constexpr int kStateTensors = 9;  // z ... status are inputs and outputs 0 to 8
constexpr const char* kNames[] = {
    "z",         "value", "gradient", "direction",   "step_size",     "s_history",
    "y_history", "count", "status",   "trial_value", "trial_gradient"};

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
    OP_REQUIRES_OK(context, CheckRank("`s_history`", context->input(5), 3));
    const int64_t lanes = ring.dim_size(0);
    const int64_t history = ring.dim_size(1);
    const int64_t size = ring.dim_size(2);
    OP_REQUIRES(context, history <= kLbfgsMaxHistory,
                Invalid("`s_history` must hold at most ", kLbfgsMaxHistory,
                        " pairs. Received: ", history));
    // Without history, the shape of the ring may promise more than there can be.
    TensorShape matrix;
    OP_REQUIRES_OK(context, TensorShape::BuildTensorShape({lanes, size}, &matrix));
    const TensorShape vector({lanes});
    const TensorShape* expected[] = {&matrix, &vector, &matrix, &matrix, &vector, &ring,
                                     &ring,   &vector, &vector, &vector, &matrix};
    for (int i = 0; i < context->num_inputs(); ++i) {
      OP_REQUIRES(
          context, context->input(i).shape() == *expected[i],
          Invalid("`", kNames[i], "` must have shape ", expected[i]->DebugString(),
                  " to match `s_history`. Received: ",
                  context->input(i).shape().DebugString()));
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
    OP_REQUIRES_OK(context, context->allocate_output(kStateTensors, matrix, &trial));
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
    Threads(context)->ParallelFor(
        lanes, LbfgsLaneCost(buffers.size, buffers.history),
        [&buffers](int64_t begin, int64_t end) { LbfgsStep(begin, end, buffers); });
  }
};

GENCS_REGISTER(Name("Gencs>LbfgsStep").Device(tensorflow::DEVICE_CPU), LbfgsStepCpuOp);

#if GENCS_WITH_CUDA
template <typename T>
class LbfgsStepGpuOp : public LbfgsStepOp<T> {
 public:
  using LbfgsStepOp<T>::LbfgsStepOp;

 private:
  absl::Status Copy(OpKernelContext* context, const Tensor& from, Tensor* to) override {
    const auto bytes = from.tensor_data();
    if (bytes.empty()) {
      return absl::OkStatus();
    }
    return CudaStatus(
        "L-BFGS step",
        cudaMemcpyAsync(const_cast<char*>(to->tensor_data().data()), bytes.data(),
                        bytes.size(), cudaMemcpyDeviceToDevice,
                        context->eigen_gpu_device().stream()));
  }

  void Run(OpKernelContext* context,
           int64_t lanes,
           const LbfgsBuffers<T>& buffers) override {
    OP_REQUIRES_OK(
        context, CudaStatus("L-BFGS step",
                            cuda::LaunchLbfgsStep(context->eigen_gpu_device().stream(),
                                                  lanes, buffers)));
  }
};

GENCS_REGISTER(Name("Gencs>LbfgsStep").Device(tensorflow::DEVICE_GPU), LbfgsStepGpuOp);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
