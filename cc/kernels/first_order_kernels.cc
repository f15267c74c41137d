// Kernels of Gencs>AdamStep and Gencs>MomentumStep.
#include "cc/kernels/lane_steps.h"

#include "cc/core/first_order.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/first_order.h"
#endif

namespace gencs {
namespace {

template <typename T>
struct Adam {
  static constexpr int kState = 7, kOutputs = 7;
  static constexpr LaneInput kInputs[] = {
      {"z", LaneShape::kMatrix},          {"mean", LaneShape::kMatrix},
      {"square", LaneShape::kMatrix},     {"best_z", LaneShape::kMatrix},
      {"best_value", LaneShape::kVector}, {"count", LaneShape::kVector},
      {"status", LaneShape::kVector},     {"value", LaneShape::kVector},
      {"gradient", LaneShape::kMatrix},   {"rate", LaneShape::kVector},
      {"beta_1", LaneShape::kScalar},     {"beta_2", LaneShape::kScalar},
      {"epsilon", LaneShape::kScalar}};

  absl::Status Init(OpKernelConstruction*) { return absl::OkStatus(); }

  static AdamBuffers<T> Buffers(const LaneTensors<T>& t) {
    return {t.size,        t.Reals(0),    t.Reals(1),  t.Reals(2),  t.Reals(3),
            t.Reals(4),    t.Integers(5), t.Integers(6), t.Input(7), t.Input(8),
            t.Input(9),    t.Input(10),   t.Input(11), t.Input(12)};
  }

  absl::Status Run(OnCpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    const AdamBuffers<T> buffers = Buffers(tensors);
    Threads(context)->ParallelFor(
        tensors.lanes, FirstOrderLaneCost(tensors.size),
        [&buffers](int64_t begin, int64_t end) { AdamStep(begin, end, buffers); });
    return absl::OkStatus();
  }

#if GENCS_WITH_CUDA
  absl::Status Run(OnGpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    return CudaStatus("Adam step",
                      cuda::LaunchAdamStep(context->eigen_gpu_device().stream(),
                                           tensors.lanes, Buffers(tensors)));
  }
#endif
};

template <typename T>
struct Momentum {
  static constexpr int kState = 6, kOutputs = 6;
  static constexpr LaneInput kInputs[] = {
      {"z", LaneShape::kMatrix},          {"velocity", LaneShape::kMatrix},
      {"best_z", LaneShape::kMatrix},     {"best_value", LaneShape::kVector},
      {"count", LaneShape::kVector},      {"status", LaneShape::kVector},
      {"value", LaneShape::kVector},      {"gradient", LaneShape::kMatrix},
      {"rate", LaneShape::kVector},       {"momentum", LaneShape::kScalar}};

  absl::Status Init(OpKernelConstruction* context) {
    return context->GetAttr("nesterov", &nesterov);
  }

  MomentumBuffers<T> Buffers(const LaneTensors<T>& t) const {
    return {t.size,     nesterov,      t.Reals(0),    t.Reals(1), t.Reals(2),
            t.Reals(3), t.Integers(4), t.Integers(5), t.Input(6), t.Input(7),
            t.Input(8), t.Input(9)};
  }

  absl::Status Run(OnCpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    const MomentumBuffers<T> buffers = Buffers(tensors);
    Threads(context)->ParallelFor(
        tensors.lanes, FirstOrderLaneCost(tensors.size),
        [&buffers](int64_t begin, int64_t end) { MomentumStep(begin, end, buffers); });
    return absl::OkStatus();
  }

#if GENCS_WITH_CUDA
  absl::Status Run(OnGpu, OpKernelContext* context, const LaneTensors<T>& tensors) {
    return CudaStatus("momentum step",
                      cuda::LaunchMomentumStep(context->eigen_gpu_device().stream(),
                                               tensors.lanes, Buffers(tensors)));
  }
#endif

  bool nesterov = false;
};

template <typename T>
using AdamCpu = LaneStepOp<T, Adam, OnCpu>;
template <typename T>
using MomentumCpu = LaneStepOp<T, Momentum, OnCpu>;

GENCS_REGISTER(Name("Gencs>AdamStep").Device(tensorflow::DEVICE_CPU), AdamCpu);
GENCS_REGISTER(Name("Gencs>MomentumStep").Device(tensorflow::DEVICE_CPU), MomentumCpu);

#if GENCS_WITH_CUDA
template <typename T>
using AdamGpu = LaneStepOp<T, Adam, OnGpu>;
template <typename T>
using MomentumGpu = LaneStepOp<T, Momentum, OnGpu>;

GENCS_REGISTER(Name("Gencs>AdamStep").Device(tensorflow::DEVICE_GPU), AdamGpu);
GENCS_REGISTER(Name("Gencs>MomentumStep").Device(tensorflow::DEVICE_GPU), MomentumGpu);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
