// Kernels of Gencs>LevenbergMarquardtStep and Gencs>NormalEquations.
#include "cc/kernels/lane_steps.h"

#include "cc/core/levenberg_marquardt.h"
#include "cc/core/normal_equations.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/levenberg_marquardt.h"
#include "cc/cuda/normal_equations.h"
#endif

namespace gencs {
namespace {

template <typename T>
struct LevenbergMarquardt {
  static constexpr int kState = 10;
  static constexpr LaneInput kInputs[] = {
      {"z", LaneShape::kMatrix},
      {"value", LaneShape::kVector},
      {"gradient", LaneShape::kMatrix},
      {"normal", LaneShape::kSquare},
      {"damping", LaneShape::kVector},
      {"growth", LaneShape::kVector},
      {"trial", LaneShape::kMatrix},
      {"predicted", LaneShape::kVector},
      {"count", LaneShape::kVector},
      {"status", LaneShape::kVector},
      {"trial_value", LaneShape::kVector},
      {"trial_gradient", LaneShape::kMatrix},
      {"trial_normal", LaneShape::kSquare}};

  absl::Status Init(OpKernelConstruction* context) {
    return context->GetAttr("tolerance", &tolerance);
  }

  LevenbergMarquardtBuffers<T> Buffers(const LaneTensors<T>& t) const {
    return {t.size,        static_cast<T>(tolerance),
            t.Reals(0),    t.Reals(1),
            t.Reals(2),    t.Reals(3),
            t.Reals(4),    t.Reals(5),
            t.Reals(6),    t.Reals(7),
            t.Integers(8), t.Integers(9),
            t.Input(10),   t.Input(11),
            t.Input(12)};
  }

  absl::Status Run(OnCpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    if (tensors.lanes == 0) {
      return absl::OkStatus();  // then k may be beyond any memory
    }
    const LevenbergMarquardtBuffers<T> buffers = Buffers(tensors);
    const int64_t bytes =
        (LevenbergMarquardtWorkspace(tensors.size) * sizeof(double) / 64 + 1) * 64;
    return ParallelForWithWorkspace<double>(
        context, tensors.lanes, LevenbergMarquardtLaneCost(tensors.size), bytes,
        [&buffers](int64_t begin, int64_t end, double* workspace) {
          LevenbergMarquardtStep(begin, end, buffers, workspace);
        });
  }

#if GENCS_WITH_CUDA
  absl::Status Run(OnGpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    if (tensors.lanes == 0) {
      return absl::OkStatus();
    }
    Tensor workspace;
    TF_RETURN_IF_ERROR(AllocateOnDevice<double>(
        context, {cuda::LevenbergMarquardtDeviceWorkspace(tensors.lanes, tensors.size)},
        &workspace));
    return CudaStatus(
        "Levenberg-Marquardt step",
        cuda::LaunchLevenbergMarquardtStep(context->eigen_gpu_device().stream(),
                                           tensors.lanes, Buffers(tensors),
                                           workspace.flat<double>().data()));
  }
#endif

  float tolerance = 0.0f;
};

template <typename T>
absl::Status RunNormalEquations(OnCpu,
                                OpKernelContext* context,
                                int64_t lanes,
                                const NormalEquationsCall<T>& call) {
  Threads(context)->ParallelFor(
      lanes * NormalEquationsPieces(call.size),
      NormalEquationsCost(call.size, call.residuals),
      [&call](int64_t begin, int64_t end) { NormalEquations(begin, end, call); });
  return absl::OkStatus();
}

#if GENCS_WITH_CUDA
template <typename T>
absl::Status RunNormalEquations(OnGpu,
                                OpKernelContext* context,
                                int64_t lanes,
                                const NormalEquationsCall<T>& call) {
  return CudaStatus("normal equations",
                    cuda::LaunchNormalEquations(context->eigen_gpu_device().stream(),
                                                lanes, call));
}
#endif

template <typename T, typename Device>
class NormalEquationsOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor& jacobian = context->input(0);
    const Tensor& residual = context->input(1);
    OP_REQUIRES_OK(context, CheckRank("`jacobian`", jacobian, 3));
    const int64_t lanes = jacobian.dim_size(0);
    const int64_t size = jacobian.dim_size(1);
    const int64_t residuals = jacobian.dim_size(2);
    TensorShape expected;
    OP_REQUIRES_OK(context,
                   TensorShape::BuildTensorShape({lanes, residuals}, &expected));
    OP_REQUIRES(context, residual.shape() == expected,
                Invalid("`residual` must have shape ", expected.DebugString(),
                        " to match `jacobian`. Received: ",
                        residual.shape().DebugString()));
    NormalEquationsCall<T> call{size,
                                residuals,
                                jacobian.flat<T>().data(),
                                residual.flat<T>().data(),
                                nullptr,
                                nullptr};
    OP_REQUIRES_OK(context,
                   AllocateOutput(context, 0, {lanes, size, size}, &call.normal));
    OP_REQUIRES_OK(context, AllocateOutput(context, 1, {lanes, size}, &call.gradient));
    if (lanes > 0 && size > 0) {
      OP_REQUIRES_OK(context, RunNormalEquations(Device(), context, lanes, call));
    }
  }
};

template <typename T>
using LevenbergMarquardtCpu = LaneStepOp<T, LevenbergMarquardt, OnCpu>;

GENCS_REGISTER(Name("Gencs>LevenbergMarquardtStep").Device(tensorflow::DEVICE_CPU),
               LevenbergMarquardtCpu);
GENCS_REGISTER(Name("Gencs>NormalEquations").Device(tensorflow::DEVICE_CPU),
               NormalEquationsOp,
               OnCpu);

#if GENCS_WITH_CUDA
template <typename T>
using LevenbergMarquardtGpu = LaneStepOp<T, LevenbergMarquardt, OnGpu>;

GENCS_REGISTER(Name("Gencs>LevenbergMarquardtStep").Device(tensorflow::DEVICE_GPU),
               LevenbergMarquardtGpu);
GENCS_REGISTER(Name("Gencs>NormalEquations").Device(tensorflow::DEVICE_GPU),
               NormalEquationsOp,
               OnGpu);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
