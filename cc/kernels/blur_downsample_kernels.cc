// Kernels of Gencs>BlurDownsample and Gencs>BlurDownsampleAdjoint.
#if GENCS_WITH_CUDA
#define EIGEN_USE_GPU
#endif

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cc/core/blur_downsample.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/register_types.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/blur_downsample.h"
#endif

namespace gencs {
namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::TensorShapeUtils;

enum class Direction { kMeasure, kAdjoint };

// The inputs of one call, after the checks; nothing in it is empty.
template <typename T>
struct Call {
  const T* input;
  const T* kernel_y;
  const T* kernel_x;
  BlurAxis y, x;
  int64_t batch, channels;
  T* output;
};

absl::Status CheckReach(const char* kernel, const BlurAxis& axis) {
  const int64_t reach = std::max(axis.before, axis.after);
  if (axis.size == 0 || reach <= BlurMaxReach(axis)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      kernel, " must reach at most ", BlurMaxReach(axis),
      " pixels outside an axis of ", axis.size, " pixels. Received: length ", axis.taps,
      " with factor ", axis.factor, ", which reaches ", reach));
}

// Checks and allocates; Run does the work on a device.
template <typename T, Direction direction>
class BlurDownsampleOp : public OpKernel {
 public:
  explicit BlurDownsampleOp(OpKernelConstruction* context) : OpKernel(context) {
    std::string border;
    OP_REQUIRES_OK(context, context->GetAttr("border", &border));
    border_ = border == "reflect" ? BlurBorder::kReflect : BlurBorder::kCircular;
    OP_REQUIRES_OK(context, context->GetAttr("factor", &factor_));
    OP_REQUIRES(context, 1 <= factor_ && factor_ <= kBlurMaxFactor,
                absl::InvalidArgumentError(absl::StrCat("`factor` must lie in [1, ",
                                                        kBlurMaxFactor,
                                                        "]. Received: ", factor_)));
    if (direction == Direction::kAdjoint) {
      OP_REQUIRES_OK(context, context->GetAttr("height", &height_));
      OP_REQUIRES_OK(context, context->GetAttr("width", &width_));
      OP_REQUIRES(context, height_ >= 0 && width_ >= 0,
                  absl::InvalidArgumentError(absl::StrCat(
                      "`height` and `width` must be at least 0. Received: ", height_,
                      " and ", width_)));
    }
  }

  void Compute(OpKernelContext* context) override {
    constexpr bool kMeasure = direction == Direction::kMeasure;
    const char* name = kMeasure ? "`images`" : "`y`";
    const Tensor& input = context->input(0);
    OP_REQUIRES(context, input.dims() == 4,
                absl::InvalidArgumentError(
                    absl::StrCat(name, " must have rank 4. Received shape: ",
                                 input.shape().DebugString())));
    for (const int i : {1, 2}) {
      const Tensor& kernel = context->input(i);
      OP_REQUIRES(
          context,
          TensorShapeUtils::IsVector(kernel.shape()) && kernel.NumElements() > 0,
          absl::InvalidArgumentError(absl::StrCat(
              i == 1 ? "`kernel_y`" : "`kernel_x`",
              " must have rank 1 and at least 1 entry. Received shape: ",
              kernel.shape().DebugString())));
    }
    const Tensor& kernel_y = context->input(1);
    const Tensor& kernel_x = context->input(2);
    const int64_t batch = input.dim_size(0), channels = input.dim_size(3);
    const BlurAxis y = MakeBlurAxis(kMeasure ? input.dim_size(1) : height_, factor_,
                                    kernel_y.NumElements(), border_);
    const BlurAxis x = MakeBlurAxis(kMeasure ? input.dim_size(2) : width_, factor_,
                                    kernel_x.NumElements(), border_);
    OP_REQUIRES(
        context,
        kMeasure || (input.dim_size(1) == y.out && input.dim_size(2) == x.out),
        absl::InvalidArgumentError(absl::StrCat(
            "`y` must have shape (batch, ", y.out, ", ", x.out,
            ", channels) to match `height`, `width` and `factor`. Received: ",
            input.shape().DebugString())));
    OP_REQUIRES_OK(context, CheckReach("`kernel_y`", y));
    OP_REQUIRES_OK(context, CheckReach("`kernel_x`", x));
    TensorShape shape;
    OP_REQUIRES_OK(context, TensorShape::BuildTensorShape(
                                {batch, kMeasure ? y.out : height_,
                                 kMeasure ? x.out : width_, channels},
                                &shape));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    if (output->NumElements() == 0) {
      return;
    }
    Run(context,
        Call<T>{input.flat<T>().data(), kernel_y.flat<T>().data(),
                kernel_x.flat<T>().data(), y, x, batch, channels,
                output->flat<T>().data()});
  }

 private:
  virtual void Run(OpKernelContext* context, const Call<T>& call) = 0;

  BlurBorder border_ = BlurBorder::kCircular;
  int64_t factor_ = 1, height_ = 0, width_ = 0;
};

template <typename T, Direction direction>
class BlurDownsampleCpuOp : public BlurDownsampleOp<T, direction> {
 public:
  using BlurDownsampleOp<T, direction>::BlurDownsampleOp;

 private:
  void Run(OpKernelContext* context, const Call<T>& call) override {
    constexpr bool kMeasure = direction == Direction::kMeasure;
    const auto& threads = *context->device()->tensorflow_cpu_worker_threads();
    const BlurDownsamplePlan plan = MakeBlurDownsamplePlan<T>(
        call.y, call.x, call.channels, call.batch, threads.num_threads);
    const int64_t rows = call.batch * call.y.out;
    const int64_t panels = (rows + kBlurPanelRows - 1) / kBlurPanelRows;
    std::atomic<bool> out_of_memory{false};
    threads.workers->ParallelFor(
        kMeasure ? panels : call.batch * plan.blocks,
        kMeasure ? kBlurPanelRows * BlurRowCost(plan) : BlurBlockCost(plan),
        [&](int64_t begin, int64_t end) {
          const std::unique_ptr<void, decltype(&std::free)> workspace(
              std::aligned_alloc(64, plan.bytes), &std::free);
          if (workspace == nullptr) {
            out_of_memory = true;  // workers cannot report; see below
            return;
          }
          if (kMeasure) {
            BlurDownsample(begin * kBlurPanelRows, std::min(end * kBlurPanelRows, rows),
                           call.input, call.kernel_y, call.kernel_x, plan,
                           workspace.get(), call.output);
          } else {
            BlurDownsampleAdjoint(begin, end, call.input, call.kernel_y, call.kernel_x,
                                  plan, workspace.get(), call.output);
          }
        });
    OP_REQUIRES(context, !out_of_memory,
                absl::ResourceExhaustedError(absl::StrCat(
                    "No memory for a workspace of ", plan.bytes, " bytes")));
  }
};

#define GENCS_REGISTER_CPU(T)                                           \
  REGISTER_KERNEL_BUILDER(Name("Gencs>BlurDownsample")                  \
                              .Device(tensorflow::DEVICE_CPU)           \
                              .TypeConstraint<T>("T"),                  \
                          BlurDownsampleCpuOp<T, Direction::kMeasure>); \
  REGISTER_KERNEL_BUILDER(Name("Gencs>BlurDownsampleAdjoint")           \
                              .Device(tensorflow::DEVICE_CPU)           \
                              .TypeConstraint<T>("T"),                  \
                          BlurDownsampleCpuOp<T, Direction::kAdjoint>);
GENCS_REGISTER_CPU(float)
GENCS_REGISTER_CPU(double)
#undef GENCS_REGISTER_CPU

#if GENCS_WITH_CUDA
template <typename T, Direction direction>
class BlurDownsampleGpuOp : public BlurDownsampleOp<T, direction> {
 public:
  using BlurDownsampleOp<T, direction>::BlurDownsampleOp;

 private:
  void Run(OpKernelContext* context, const Call<T>& call) override {
    const cudaStream_t stream = context->eigen_gpu_device().stream();
    TensorShape shape;
    OP_REQUIRES_OK(context,
                   TensorShape::BuildTensorShape(
                       {call.batch, call.y.out, call.x.size, call.channels}, &shape));
    Tensor workspace;
    OP_REQUIRES_OK(context,
                   context->allocate_temp(tensorflow::DataTypeToEnum<T>::value, shape,
                                          &workspace));
    const auto launch = direction == Direction::kMeasure
                            ? cuda::LaunchBlurDownsample<T>
                            : cuda::LaunchBlurDownsampleAdjoint<T>;
    const cudaError_t error =
        launch(stream, call.input, call.kernel_y, call.kernel_x, call.y, call.x,
               call.batch, call.channels, workspace.flat<T>().data(), call.output);
    OP_REQUIRES(context, error == cudaSuccess,
                absl::InternalError(absl::StrCat("Blur and downsampling on CUDA: ",
                                                 cudaGetErrorString(error))));
  }
};

#define GENCS_REGISTER_GPU(T)                                           \
  REGISTER_KERNEL_BUILDER(Name("Gencs>BlurDownsample")                  \
                              .Device(tensorflow::DEVICE_GPU)           \
                              .TypeConstraint<T>("T"),                  \
                          BlurDownsampleGpuOp<T, Direction::kMeasure>); \
  REGISTER_KERNEL_BUILDER(Name("Gencs>BlurDownsampleAdjoint")           \
                              .Device(tensorflow::DEVICE_GPU)           \
                              .TypeConstraint<T>("T"),                  \
                          BlurDownsampleGpuOp<T, Direction::kAdjoint>);
GENCS_REGISTER_GPU(float)
GENCS_REGISTER_GPU(double)
#undef GENCS_REGISTER_GPU
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
