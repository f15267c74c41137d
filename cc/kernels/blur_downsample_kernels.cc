// Kernels of Gencs>BlurDownsample and Gencs>BlurDownsampleAdjoint.
#include <algorithm>
#include <string>

#include "cc/core/blur_downsample.h"
#include "cc/kernels/support.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/blur_downsample.h"
#endif

namespace gencs {
namespace {

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
  return Invalid(kernel, " must reach at most ", BlurMaxReach(axis),
                 " pixels outside an axis of ", axis.size, " pixels. Received: length ",
                 axis.taps, " with factor ", axis.factor, ", which reaches ", reach);
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
    OP_REQUIRES(
        context, 1 <= factor_ && factor_ <= kBlurMaxFactor,
        Invalid("`factor` must lie in [1, ", kBlurMaxFactor, "]. Received: ", factor_));
    if (direction == Direction::kAdjoint) {
      OP_REQUIRES_OK(context, context->GetAttr("height", &height_));
      OP_REQUIRES_OK(context, context->GetAttr("width", &width_));
      OP_REQUIRES(context, height_ >= 0 && width_ >= 0,
                  Invalid("`height` and `width` must be at least 0. Received: ",
                          height_, " and ", width_));
    }
  }

  void Compute(OpKernelContext* context) override {
    constexpr bool kMeasure = direction == Direction::kMeasure;
    const char* name = kMeasure ? "`images`" : "`y`";
    const Tensor& input = context->input(0);
    OP_REQUIRES_OK(context, CheckRank(name, input, 4));
    for (const int i : {1, 2}) {
      const Tensor& kernel = context->input(i);
      OP_REQUIRES(
          context,
          TensorShapeUtils::IsVector(kernel.shape()) && kernel.NumElements() > 0,
          Invalid(i == 1 ? "`kernel_y`" : "`kernel_x`",
                  " must have rank 1 and at least 1 entry. Received shape: ",
                  kernel.shape().DebugString()));
    }
    const Tensor& kernel_y = context->input(1);
    const Tensor& kernel_x = context->input(2);
    const int64_t batch = input.dim_size(0), channels = input.dim_size(3);
    const BlurAxis y = MakeBlurAxis(kMeasure ? input.dim_size(1) : height_, factor_,
                                    kernel_y.NumElements(), border_);
    const BlurAxis x = MakeBlurAxis(kMeasure ? input.dim_size(2) : width_, factor_,
                                    kernel_x.NumElements(), border_);
    OP_REQUIRES(
        context, kMeasure || (input.dim_size(1) == y.out && input.dim_size(2) == x.out),
        Invalid("`y` must have shape (batch, ", y.out, ", ", x.out,
                ", channels) to match `height`, `width` and `factor`. Received: ",
                input.shape().DebugString()));
    OP_REQUIRES_OK(context, CheckReach("`kernel_y`", y));
    OP_REQUIRES_OK(context, CheckReach("`kernel_x`", x));
    const int64_t height = kMeasure ? y.out : y.size;
    const int64_t width = kMeasure ? x.out : x.size;
    T* output = nullptr;
    OP_REQUIRES_OK(
        context, AllocateOutput(context, 0, {batch, height, width, channels}, &output));
    if (batch == 0 || height == 0 || width == 0 || channels == 0) {
      return;
    }
    Run(context, Call<T>{input.flat<T>().data(), kernel_y.flat<T>().data(),
                         kernel_x.flat<T>().data(), y, x, batch, channels, output});
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
    const BlurDownsamplePlan plan = MakeBlurDownsamplePlan<T>(
        call.y, call.x, call.channels, call.batch, Threads(context)->NumThreads());
    const int64_t rows = call.batch * call.y.out;
    const int64_t panels = (rows + kBlurPanelRows - 1) / kBlurPanelRows;
    const auto work = [&](int64_t begin, int64_t end, void* workspace) {
      if (kMeasure) {
        BlurDownsample(begin * kBlurPanelRows, std::min(end * kBlurPanelRows, rows),
                       call.input, call.kernel_y, call.kernel_x, plan, workspace,
                       call.output);
      } else {
        BlurDownsampleAdjoint(begin, end, call.input, call.kernel_y, call.kernel_x,
                              plan, workspace, call.output);
      }
    };
    OP_REQUIRES_OK(context, ParallelForWithWorkspace<void>(
                                context, kMeasure ? panels : call.batch * plan.blocks,
                                kMeasure ? kBlurPanelRows * BlurRowCost(plan)
                                         : BlurBlockCost(plan),
                                plan.bytes, work));
  }
};

GENCS_REGISTER(Name("Gencs>BlurDownsample").Device(tensorflow::DEVICE_CPU),
               BlurDownsampleCpuOp,
               Direction::kMeasure);
GENCS_REGISTER(Name("Gencs>BlurDownsampleAdjoint").Device(tensorflow::DEVICE_CPU),
               BlurDownsampleCpuOp,
               Direction::kAdjoint);

#if GENCS_WITH_CUDA
template <typename T, Direction direction>
class BlurDownsampleGpuOp : public BlurDownsampleOp<T, direction> {
 public:
  using BlurDownsampleOp<T, direction>::BlurDownsampleOp;

 private:
  void Run(OpKernelContext* context, const Call<T>& call) override {
    const cudaStream_t stream = context->eigen_gpu_device().stream();
    Tensor workspace;
    OP_REQUIRES_OK(
        context,
        AllocateOnDevice<T>(
            context, {call.batch, call.y.out, call.x.size, call.channels}, &workspace));
    const auto launch = direction == Direction::kMeasure
                            ? cuda::LaunchBlurDownsample<T>
                            : cuda::LaunchBlurDownsampleAdjoint<T>;
    OP_REQUIRES_OK(context,
                   CudaStatus("Blur and downsampling",
                              launch(stream, call.input, call.kernel_y, call.kernel_x,
                                     call.y, call.x, call.batch, call.channels,
                                     workspace.flat<T>().data(), call.output)));
  }
};

GENCS_REGISTER(Name("Gencs>BlurDownsample").Device(tensorflow::DEVICE_GPU),
               BlurDownsampleGpuOp,
               Direction::kMeasure);
GENCS_REGISTER(Name("Gencs>BlurDownsampleAdjoint").Device(tensorflow::DEVICE_GPU),
               BlurDownsampleGpuOp,
               Direction::kAdjoint);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
