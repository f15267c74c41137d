// Kernels of Gencs>LbfgsStep.
#include "cc/kernels/lane_steps.h"

#include "cc/core/lbfgs.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/lbfgs.h"
#endif

namespace gencs {
namespace {

template <typename T>
struct Lbfgs {
  static constexpr int kState = 9, kOutputs = 10;
  static constexpr LaneInput kInputs[] = {
      {"z", LaneShape::kMatrix},           {"value", LaneShape::kVector},
      {"gradient", LaneShape::kMatrix},    {"direction", LaneShape::kMatrix},
      {"step_size", LaneShape::kVector},   {"s_history", LaneShape::kRing},
      {"y_history", LaneShape::kRing},     {"count", LaneShape::kVector},
      {"status", LaneShape::kVector},      {"trial_value", LaneShape::kVector},
      {"trial_gradient", LaneShape::kMatrix}};

  absl::Status Init(OpKernelConstruction* context) {
    TF_RETURN_IF_ERROR(context->GetAttr("tolerance", &tolerance));
    return context->GetAttr("armijo", &armijo);
  }

  LbfgsBuffers<T> Buffers(const LaneTensors<T>& t) const {
    return {t.size,     t.history,     static_cast<T>(tolerance), static_cast<T>(armijo),
            t.Reals(0), t.Reals(1),    t.Reals(2),                t.Reals(3),
            t.Reals(4), t.Reals(5),    t.Reals(6),                t.Integers(7),
            t.Integers(8), t.Input(9), t.Input(10),               t.Reals(9)};
  }

  static absl::Status CheckHistory(int64_t history) {
    return history <= kLbfgsMaxHistory
               ? absl::OkStatus()
               : Invalid("`s_history` must hold at most ", kLbfgsMaxHistory,
                         " pairs. Received: ", history);
  }

  absl::Status Run(OnCpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    TF_RETURN_IF_ERROR(CheckHistory(tensors.history));
    const LbfgsBuffers<T> buffers = Buffers(tensors);
    Threads(context)->ParallelFor(
        tensors.lanes, LbfgsLaneCost(buffers.size, buffers.history),
        [&buffers](int64_t begin, int64_t end) { LbfgsStep(begin, end, buffers); });
    return absl::OkStatus();
  }

#if GENCS_WITH_CUDA
  absl::Status Run(OnGpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    TF_RETURN_IF_ERROR(CheckHistory(tensors.history));
    return CudaStatus("L-BFGS step",
                      cuda::LaunchLbfgsStep(context->eigen_gpu_device().stream(),
                                            tensors.lanes, Buffers(tensors)));
  }
#endif

  float tolerance;
  float armijo;
};

template <typename T>
using LbfgsCpu = LaneStepOp<T, Lbfgs, OnCpu>;

GENCS_REGISTER(Name("Gencs>LbfgsStep").Device(tensorflow::DEVICE_CPU), LbfgsCpu);

#if GENCS_WITH_CUDA
template <typename T>
using LbfgsGpu = LaneStepOp<T, Lbfgs, OnGpu>;

GENCS_REGISTER(Name("Gencs>LbfgsStep").Device(tensorflow::DEVICE_GPU), LbfgsGpu);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
